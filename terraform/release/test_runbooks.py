#!/usr/bin/env python3
"""Runs the commands of docs/how-to in a shell without other programs, and gives each AWS command to the real CLI.

The CLI parses the command and builds its request, which is not sent. Needs Python 3 and awscli; skipped without it.
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import awscli.clidriver
    from botocore.exceptions import EndpointConnectionError
    from botocore.httpsession import URLLib3Session
except ImportError:
    awscli = None

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.md"))
MIN_COMMANDS = 30
ONLY_IN_CLI_2 = {("logs", "tail")}
# Programs do not exist in this shell. Each prints a value, so that variables are not empty.
PRELUDE = "command_not_found_handle() { echo value-of-a-program; }\n"


def blocks(page):
    return re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(page):
    """Arguments of each AWS command of a page, as the shell passes them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = folder / "calls"
        calls.touch()
        (folder / "bin").mkdir()
        stub = folder / "bin" / "aws"
        stub.write_text(
            f"#!{sys.executable}\nimport json, sys\nopen({str(calls)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\nprint('value-of-a-program')\n",
            encoding="utf-8",
        )
        stub.chmod(0o755)
        (folder / "private.txt").write_text("key", encoding="utf-8")
        for block in blocks(page):
            if "aws " in block:
                subprocess.run(
                    ["/bin/bash", "-c", f"{PRELUDE}{block}\nwait"],
                    cwd=folder, env={"PATH": str(folder / "bin"), "AWS_REGION": "ap-northeast-2"},
                    capture_output=True, timeout=120, check=False,
                )  # fmt: skip
        # Parameters of the form file://... are read by the CLI.
        return [[a.replace("file://private.txt", "key") for a in json.loads(line)] for line in calls.read_text(encoding="utf-8").splitlines()]


def refuse(_session, request):
    raise EndpointConnectionError(endpoint_url=request.url)


@unittest.skipUnless(awscli, "needs awscli")
class Runbooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.environment = os.environ.copy()
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": "ap-northeast-2", "AWS_MAX_ATTEMPTS": "1",
        }  # fmt: skip
        cls.send = URLLib3Session.send
        URLLib3Session.send = refuse
        cls.driver = awscli.clidriver.create_clidriver()

    @classmethod
    def tearDownClass(cls):
        URLLib3Session.send = cls.send
        os.environ.clear()
        os.environ |= cls.environment

    def answer(self, arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            try:
                self.driver.main(arguments)
            except SystemExit:
                pass
        return output.getvalue()

    def test_cli_accepts_every_command(self):
        checked = set()
        for page in PAGES:
            for arguments in commands(page):
                if tuple(arguments) not in checked and tuple(arguments[:2]) not in ONLY_IN_CLI_2:
                    checked.add(tuple(arguments))
                    with self.subTest(page=page.name, command=" ".join(arguments)):
                        self.assertIn("Could not connect", self.answer(arguments))
        self.assertGreater(len(checked), MIN_COMMANDS)

    def test_cli_rejects_an_unknown_option(self):
        self.assertNotIn("Could not connect", self.answer(["rds", "modify-db-cluster", "--db-cluster-identifier", "a", "--new-name", "b"]))


if __name__ == "__main__":
    unittest.main()
