#!/usr/bin/env python3
"""Runs of scripts/migrate.sh with stubs of aws, docker, curl and shutdown: test_migrate.py [-v] [TEST]"""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "migrate.sh"

STUBS = {
    "aws": """
        echo "aws $*" >>calls
        case "$*" in
          *get-secret-value*)
            [ -z "$(cat read-error)" ] || { cat read-error >&2; exit 254; }
            [ -s account ] || { echo 'An error occurred (ResourceNotFoundException): no value' >&2; exit 254; } ;;
          *get-random-password*) echo generated ;;
          *put-secret-value*) cat >account ;;
        esac""",
    "curl": "echo i-0123",
    "docker": 'echo "docker $*" >>calls; exit "$(cat docker-status)"',
    "shutdown": 'echo "shutdown $*" >>calls',
    "ticketing-prepare": """
        echo prepare >>calls
        [ ! -e unprepared ] || exit 1
        mkdir -p run; echo INSTANCE_ID=i-0123 >run/instance; : >run/secrets.env""",
}


class MigrateTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.write("docker-status", "0")
        self.write("read-error", "")
        self.write("instance.env", "REGION=ap-northeast-2\nREGISTRY=registry\nIMAGE=registry/ingress-api:1.0.0\nLOG_GROUP=/ticketing/migration\nACCOUNT_SECRET=arn:account\n")
        for name, text in STUBS.items():
            self.write(name, "#!/bin/bash\n" + text + "\n").chmod(0o755)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def run_script(self):
        done = subprocess.run(
            ["bash", SCRIPT],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder}:{os.environ['PATH']}",
                "TICKETING_ETC": str(self.folder), "TICKETING_RUN": str(self.folder / "run"), "TICKETING_RETRY_SECONDS": "0",
            },
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        calls = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        self.assertEqual(calls[-1], "shutdown -P now")
        result = calls[-2].rpartition("Value=")[2]
        self.assertEqual(done.returncode, 0 if result == "succeeded" else 1, done.stderr)
        return result, calls

    def test_first_run_generates_the_account(self):
        result, calls = self.run_script()
        self.assertEqual(result, "succeeded")
        self.assertEqual((self.folder / "account").read_text(encoding="utf-8"), '{"username":"ticketing_app","password":"generated"}')
        self.assertFalse([call for call in calls if "generated" in call], "no password in the arguments")
        self.assertLess(calls.index("prepare"), next(number for number, call in enumerate(calls) if call.startswith("docker run")))

    def test_existing_account_is_kept(self):
        self.write("account", "in use")
        self.assertEqual(self.run_script()[0], "succeeded")
        self.assertEqual((self.folder / "account").read_text(encoding="utf-8"), "in use")

    def test_unreadable_account_is_not_replaced(self):
        self.write("account", "in use")
        self.write("read-error", "An error occurred (AccessDeniedException)")
        result, calls = self.run_script()
        self.assertEqual(result, "failed")
        self.assertFalse([call for call in calls if "put-secret-value" in call or call.startswith("docker")])
        self.assertEqual((self.folder / "account").read_text(encoding="utf-8"), "in use")

    def test_failed_container_is_reported(self):
        self.write("docker-status", "1")
        self.assertEqual(self.run_script()[0], "failed")

    def test_missing_image_is_reported(self):
        self.write("unprepared", "")
        result, calls = self.run_script()
        self.assertEqual(result, "failed")
        self.assertFalse([call for call in calls if call.startswith("docker")])


if __name__ == "__main__":
    unittest.main()
