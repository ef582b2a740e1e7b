#!/usr/bin/env python3
"""Runs of scripts/secrets.sh with a stub of aws: test_secrets.py [-v] [TEST]"""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "secrets.sh"
STORED = {"redis": "S" * 64, "ticket-key": "K" * 64}
GENERATED = "G" * 64

STUB = f"""#!/bin/bash
case "$*" in
  *get-random-password*) echo {GENERATED} ;;
  *get-secret-value*)
    [ ! -s error ] || {{ cat error >&2; exit 254; }}
    for word; do case $word in ticketing/*) cat "${{word#ticketing/}}" 2>/dev/null && exit; esac; done
    echo 'An error occurred (ResourceNotFoundException): no value' >&2; exit 254 ;;
esac
"""


class SecretsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        stub = self.folder / "aws"
        stub.write_text(STUB, encoding="utf-8")
        stub.chmod(0o755)

    def store(self, values):
        for name, value in values.items():
            (self.folder / name).write_text(value, encoding="utf-8")

    def run_script(self, *arguments):
        """The exit code, and the variables that a shell has after eval."""
        done = subprocess.run(
            ["bash", "-c", 'out=$(bash "$@") || exit; eval "$out"; echo "$TF_VAR_cache_token $TF_VAR_ticket_key"', "-", SCRIPT, *arguments],
            cwd=self.folder, env={"PATH": f"{self.folder}:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.split()

    def test_first_apply_gets_generated_values(self):
        self.assertEqual(self.run_script(), (0, [GENERATED, GENERATED]))

    def test_later_applies_get_the_stored_values(self):
        self.store(STORED)
        self.assertEqual(self.run_script(), (0, [STORED["redis"], STORED["ticket-key"]]))

    def test_rotation_replaces_one_value(self):
        self.store(STORED)
        self.assertEqual(self.run_script("new", "cache_token"), (0, [GENERATED, STORED["ticket-key"]]))
        self.assertEqual(self.run_script("new", "ticket_key"), (0, [STORED["redis"], GENERATED]))

    def test_unreadable_secret_prints_no_value(self):
        self.store(STORED | {"error": "An error occurred (AccessDeniedException)"})
        self.assertEqual(self.run_script(), (1, []))

    def test_value_cannot_inject_commands(self):
        self.store(STORED | {"redis": "x;touch injected"})
        self.assertEqual(self.run_script(), (1, []))
        self.assertFalse((self.folder / "injected").exists())

    def test_unknown_name_is_refused(self):
        self.assertEqual(self.run_script("new", "password"), (2, []))


if __name__ == "__main__":
    unittest.main()
