#!/usr/bin/env python3
"""Rehearsals of release.py against simulated auto scaling groups: test_release.py [-v] [TEST]"""

import contextlib
import copy
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import release
import simulated_aws

HERE = Path(__file__).resolve().parent
SERVICES = ("booking-worker", "ingress-api", "notifier")  # in the order of a release


class Rehearsal(unittest.TestCase):
    def setUp(self):
        self.state = {
            "groups": {f"ticketing-{name}": {"version": "7", "tags": {}, "instances": ["7"] * 2, "refreshes": []} for name in SERVICES},
            "images": {f"ticketing/{name}": ["1.0.0", "1.1.0"] for name in SERVICES},
            "alarms": [], "unready_versions": [], "alarming_versions": [], "failing_reads": 0, "calls": [],
            "migrations": [], "migration_result": "succeeded", "full_subnets": [], "failing_migration_reads": 0,
        }  # fmt: skip
        self.applied("8")

    def applied(self, version, tag="1.1.0"):
        """State after an apply: the templates have a new version, the groups have not."""
        migration = {"launch_template": "lt-migration", "version": version, "subnets": ["subnet-a", "subnet-c"]}
        self.plan = {"region": "ap-northeast-2", "migration": migration, "services": [
            {"service": name, "group": f"ticketing-{name}", "launch_template": f"lt-{name}", "version": version,
             "repository": f"ticketing/{name}", "image_tag": tag, "alarms": [f"{name}-alarm"]}
            for name in SERVICES
        ]}  # fmt: skip

    def run_command(self, program, *arguments):
        if program == "terraform":
            if self.plan is None:
                raise release.CallFailed("no state")
            return self.plan
        self.state["calls"].append(list(arguments))
        try:
            return copy.deepcopy(simulated_aws.answer(self.state, " ".join(arguments[:2]), simulated_aws.options_of(arguments[2:])))
        except SystemExit as error:
            raise release.CallFailed(str(error)) from error

    def release(self, command, *options, status=0):
        output = io.StringIO()
        with (
            mock.patch.object(release, "run", self.run_command),
            mock.patch.object(sys, "argv", ["release.py", command, "--poll", "0", *options]),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(output),
        ):
            self.assertEqual(release.main(), status, output.getvalue())
        return output.getvalue()

    def change(self, **values):
        self.state |= values

    def versions(self):
        return [self.state["groups"][f"ticketing-{name}"]["version"] for name in SERVICES]

    def instances(self):
        return [self.state["groups"][f"ticketing-{name}"]["instances"] for name in SERVICES]

    def refreshes(self, name):
        return self.state["groups"][f"ticketing-{name}"]["refreshes"]

    def test_release_refreshes_workers_first(self):
        self.release("deploy")
        self.assertEqual(self.versions(), ["8", "8", "8"])
        started = [call[3] for call in self.state["calls"] if call[1] == "start-instance-refresh"]
        self.assertEqual(started, [f"ticketing-{name}" for name in SERVICES])
        preferences = self.refreshes("ingress-api")[0]["Preferences"]
        self.assertEqual(preferences["AlarmSpecification"], {"Alarms": ["ingress-api-alarm"]})
        self.assertEqual((preferences["AutoRollback"], preferences["BakeTime"], preferences["MinHealthyPercentage"]), (True, 300, 100))

    def actions(self):
        return [call[1] for call in self.state["calls"] if call[1] in ("run-instances", "start-instance-refresh", "create-or-update-tags")]

    def test_migration_ends_before_the_first_refresh(self):
        self.release("deploy")
        self.assertEqual(self.actions()[0], "run-instances")
        self.assertEqual(self.state["migrations"], [{"template": "LaunchTemplateId=lt-migration,Version=8", "reads": 3}])
        calls = [call[1] for call in self.state["calls"]]
        self.assertLess(len(calls) - calls[::-1].index("describe-instances") - 1, calls.index("start-instance-refresh"))

    def test_failed_migration_changes_no_group(self):
        for result in ("failed", None):
            self.change(migration_result=result)
            self.assertIn("migration failed", self.release("deploy", status=1))
        self.assertEqual(self.actions(), ["run-instances"] * 2)
        self.assertEqual(self.versions(), ["7", "7", "7"])

    def test_migration_uses_another_zone_without_capacity(self):
        self.change(full_subnets=["subnet-a"], failing_migration_reads=4)
        self.release("migrate")
        self.assertEqual(len(self.state["migrations"]), 1)
        self.change(full_subnets=["subnet-a", "subnet-c"])
        self.assertIn("InsufficientInstanceCapacity", self.release("deploy", status=2))
        self.assertEqual(self.versions(), ["7", "7", "7"])

    def test_unreadable_migration_fails_within_a_bound(self):
        self.change(failing_migration_reads=1000)
        self.assertIn("cannot read the migration", self.release("deploy", status=1))
        self.assertEqual(self.versions(), ["7", "7", "7"])

    def test_rollback_and_interrupted_deploy_do_not_migrate(self):
        self.start("booking-worker", "8")
        self.release("deploy")
        self.release("rollback")
        self.release("deploy", "--without-migration")
        self.assertEqual(self.state["migrations"], [])

    def test_second_deploy_changes_no_group(self):
        self.release("deploy")
        self.assertEqual(self.release("deploy").count("unchanged"), 3)
        self.assertEqual([len(self.refreshes(name)) for name in SERVICES], [1, 1, 1])

    def test_unready_version_returns_to_the_earlier(self):
        self.change(unready_versions=["8"])
        self.assertIn("RollbackSuccessful", self.release("deploy", status=1))
        self.assertEqual(self.versions(), ["7", "7", "7"])
        self.assertEqual(self.refreshes("ingress-api"), [])

    def test_alarm_while_baking_returns_to_the_earlier(self):
        self.change(alarming_versions=["8"])
        self.assertIn("reason=alarm booking-worker-alarm", self.release("deploy", status=1))
        self.assertEqual(self.instances(), [["7", "7"]] * 3)

    def test_missing_image_refuses_every_change(self):
        self.change(images=self.state["images"] | {"ticketing/notifier": ["1.0.0"]})
        self.assertIn("no image, service=notifier", self.release("deploy", status=2))
        self.assertEqual([group["tags"] for group in self.state["groups"].values()], [{}] * 3)
        self.assertEqual(self.refreshes("booking-worker"), [])

    def test_active_alarm_refuses_every_change(self):
        self.change(alarms=["notifier-alarm"])
        self.assertIn("alarms=notifier-alarm", self.release("deploy", status=2))
        self.assertEqual(self.refreshes("booking-worker"), [])

    def test_unknown_group_refuses_every_change(self):
        groups = self.state["groups"]
        del groups["ticketing-notifier"]
        self.change(groups=groups)
        self.assertIn("group does not exist", self.release("deploy", status=2))

    def test_refresh_of_another_version_refuses(self):
        self.start("ingress-api", "6")
        self.assertIn("another refresh is active", self.release("deploy", status=2))
        self.assertEqual(self.versions(), ["7", "7", "7"])

    def start(self, name, version):
        groups = self.state["groups"]
        groups[f"ticketing-{name}"]["refreshes"].insert(0, {
            "Status": "InProgress", "DesiredConfiguration": {"LaunchTemplate": {"Version": version}}, "Preferences": {"AutoRollback": True},
        })  # fmt: skip
        self.change(groups=groups)

    def test_interrupted_deploy_follows_its_refresh(self):
        self.start("booking-worker", "8")
        self.release("deploy")
        self.assertEqual(self.versions(), ["8", "8", "8"])
        self.assertEqual(len(self.refreshes("booking-worker")), 1)

    def test_failed_reads_are_retried(self):
        self.change(failing_reads=4)
        self.release("deploy")
        self.assertEqual(self.versions(), ["8", "8", "8"])

    def test_unreadable_refresh_fails_within_a_bound(self):
        self.change(failing_reads=1000)
        self.assertIn("cannot read the refresh", self.release("deploy", status=1))

    def test_endless_refresh_fails_at_the_timeout(self):
        self.assertIn("has not ended", self.release("deploy", "--timeout", "0", status=1))

    def test_rollback_returns_every_group_despite_alarms(self):
        self.release("deploy")
        self.change(alarms=[f"{name}-alarm" for name in SERVICES])
        self.release("rollback")
        self.assertEqual(self.versions(), ["7", "7", "7"])
        self.assertEqual(self.instances(), [["7", "7"]] * 3)
        started = [call[3] for call in self.state["calls"] if call[1] == "start-instance-refresh"]
        self.assertEqual(started[3:], [f"ticketing-{name}" for name in reversed(SERVICES)])

    def test_second_rollback_changes_no_group(self):
        self.release("deploy")
        self.release("rollback")
        self.assertEqual(self.release("rollback").count("unchanged"), 3)
        self.assertEqual(self.versions(), ["7", "7", "7"])

    def test_rollback_ends_an_active_refresh(self):
        self.release("deploy")
        self.applied("9")
        self.release("deploy", "--timeout", "0", status=1)
        self.release("rollback")
        self.assertEqual(self.versions(), ["8", "8", "8"])
        self.assertEqual(self.refreshes("booking-worker")[0]["Status"], "RollbackSuccessful")

    def test_rollback_skips_groups_without_the_failed_release(self):
        self.release("deploy")
        self.applied("9")
        groups = self.state["groups"]
        groups["ticketing-booking-worker"]["version"] = "9"  # the only group that got version 9
        groups["ticketing-booking-worker"]["tags"] = {"ticketing:previous-version": "8", "ticketing:target-version": "9"}
        for name in ("ingress-api", "notifier"):
            groups[f"ticketing-{name}"]["tags"] = {"ticketing:previous-version": "8", "ticketing:target-version": "9"}
        self.change(groups=groups)
        self.release("rollback")
        self.assertEqual(self.versions(), ["8", "8", "8"])

    def test_failed_release_records_every_group(self):
        self.release("deploy")
        self.applied("9")
        self.change(unready_versions=["9"])
        self.release("deploy", status=1)
        for group in self.state["groups"].values():
            self.assertEqual(group["tags"], {"ticketing:previous-version": "8", "ticketing:target-version": "9"})
        self.release("rollback")
        self.assertEqual(self.versions(), ["8", "8", "8"])

    def test_status_names_versions(self):
        self.release("deploy")
        self.assertIn("notifier: version=8 previous=7 newest=8 tag=1.1.0 refresh=Successful", self.release("status"))

    def test_unreadable_state_changes_no_group(self):
        self.plan = None
        self.assertIn("no state", self.release("deploy", status=1))
        self.assertEqual(self.state["calls"], [])

    def test_script_runs_as_a_process(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copy(HERE / "simulated_aws.py", folder)
            (folder / "state.json").write_text(json.dumps(self.state), encoding="utf-8")
            (folder / "plan.json").write_text(json.dumps(self.plan), encoding="utf-8")
            for program, script in (("aws", f'exec "{sys.executable}" "{folder}/simulated_aws.py" "$@"'), ("terraform", f'cat "{folder}/plan.json"')):
                (folder / program).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
                (folder / program).chmod(0o755)
            done = subprocess.run(
                [sys.executable, HERE / "release.py", "status"],
                env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("notifier: version=7", done.stdout)

    @unittest.skipUnless(shutil.which("aws"), "needs the AWS CLI")
    def test_real_cli_accepts_every_command(self):
        self.release("deploy")
        self.applied("9")
        self.release("deploy", "--timeout", "0", status=1)
        self.release("rollback")
        commands = {tuple(call[:2]): call for call in self.state["calls"]}
        self.assertEqual(len(commands), 9)
        for call in commands.values():
            done = subprocess.run(
                ["aws", *call, "--endpoint-url", "http://127.0.0.1:9"],
                env=os.environ | {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_MAX_ATTEMPTS": "1"},
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            # The parameters are valid; the call fails afterwards, at the closed port.
            self.assertIn("Could not connect", done.stderr, call)


if __name__ == "__main__":
    unittest.main()
