#!/usr/bin/env python3
"""Releases the version that the last apply wrote to the launch templates, or rolls it back.

    release.py deploy     migrates the database, then refreshes one group after another and blocks until each has finished
    release.py migrate    only migrates the database and sets the password of the services' account
    release.py rollback   returns every group of the last release to its earlier version
    release.py status     shows version, earlier version and last refresh of each group

Options: --bake SECONDS (after the last new instance, default 300), --poll SECONDS (15), --timeout SECONDS (7200, for
each group). `deploy --without-migration` refreshes only. Needs Python 3, Terraform with access to the state, and AWS CLI 2.

Exit status: 0 completed, 1 a refresh did not succeed, 2 refused without any change. A deploy that was interrupted
is continued by the same command: a refresh runs in AWS, not in this process.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

TERRAFORM = Path(__file__).resolve().parent.parent
ACTIVE = {"Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress"}
PREVIOUS = "ticketing:previous-version"
TARGET = "ticketing:target-version"
# New instances are ready ahead of the removal of old ones.
PREFERENCES = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150, "SkipMatching": True}
MAX_FAILED_READS = 5
RESULT = "ticketing:result"
MIGRATION_TIMEOUT = 2400  # seconds; the instance ends itself after 1,800


class Refused(Exception):
    """The release must not start. Nothing has changed."""


class Failed(Exception):
    """A refresh did not succeed, or its result is unknown."""


class CallFailed(Exception):
    """A call of the AWS CLI failed."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CallFailed(f"{' '.join(command[:3])}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def aws(region, *arguments):
    """Answer of one call of the AWS API in a region."""
    return run("aws", *arguments, "--region", region, "--output", "json")


class Group:
    """One auto scaling group and its refreshes."""

    def __init__(self, region, service):
        self.region = region
        self.service = service["service"]
        self.name = service["group"]
        self.launch_template = service["launch_template"]
        self.wanted = str(service["version"])
        self.repository = service["repository"]
        self.image_tag = service["image_tag"]
        self.alarms = service["alarms"]
        self.digest = ""

    def read(self):
        """Version of the template, and tags."""
        groups = aws(self.region, "autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", self.name)["AutoScalingGroups"]
        if not groups:
            raise Refused(f"group does not exist, group={self.name}")
        tags = {tag["Key"]: tag["Value"] for tag in groups[0].get("Tags", [])}
        return str(groups[0]["LaunchTemplate"]["Version"]), tags

    def last_refresh(self):
        refreshes = aws(self.region, "autoscaling", "describe-instance-refreshes", "--auto-scaling-group-name", self.name, "--max-records", "1")["InstanceRefreshes"]
        return refreshes[0] if refreshes else None

    def active_refresh(self):
        refresh = self.last_refresh()
        return refresh if refresh and refresh["Status"] in ACTIVE else None

    def image_digest(self):
        try:
            images = aws(self.region, "ecr", "describe-images", "--repository-name", self.repository, "--image-ids", f"imageTag={self.image_tag}")
        except CallFailed as failure:
            raise Refused(f"no image, service={self.service} tag={self.image_tag}: {failure}") from failure
        return images["imageDetails"][0]["imageDigest"]

    def alarms_raised(self):
        alarms = aws(self.region, "cloudwatch", "describe-alarms", "--state-value", "ALARM", "--alarm-names", *self.alarms)
        return [alarm["AlarmName"] for alarm in alarms.get("MetricAlarms", [])]

    def record(self, previous, target):
        tags = [
            {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": key, "Value": value, "PropagateAtLaunch": False}
            for key, value in ((PREVIOUS, previous), (TARGET, target))
        ]
        aws(self.region, "autoscaling", "create-or-update-tags", "--tags", json.dumps(tags))

    def start(self, version, preferences):
        desired = {"LaunchTemplate": {"LaunchTemplateId": self.launch_template, "Version": version}}
        aws(
            self.region,
            "autoscaling", "start-instance-refresh", "--auto-scaling-group-name", self.name, "--strategy", "Rolling",
            "--desired-configuration", json.dumps(desired), "--preferences", json.dumps(preferences),
        )  # fmt: skip

    def roll_back_refresh(self):
        aws(self.region, "autoscaling", "rollback-instance-refresh", "--auto-scaling-group-name", self.name)

    def finish(self, poll, timeout):
        """Blocks until the last refresh has ended. Returns its status and reason."""
        deadline = time.monotonic() + timeout
        failed_reads = 0
        shown = None
        while True:
            try:
                refresh = self.last_refresh()
                failed_reads = 0
            except CallFailed as failure:
                failed_reads += 1
                if failed_reads == MAX_FAILED_READS:
                    raise Failed(f"cannot read the refresh, it continues, service={self.service}: {failure}") from failure
                refresh = None
            if refresh:
                status = refresh["Status"]
                state = f"{status} {refresh.get('PercentageComplete', 0)} %"
                if state != shown:
                    log(self.service, state, refresh.get("StatusReason", ""))
                    shown = state
                if status not in ACTIVE:
                    return status, refresh.get("StatusReason", "")
            if time.monotonic() > deadline:
                raise Failed(f"the refresh has not ended, it continues, service={self.service} timeout={timeout:g}s")
            time.sleep(poll)


class Migration:
    """Task on an instance that reports its result as a tag and ends."""

    def __init__(self, region, plan):
        self.region = region
        self.template = f"LaunchTemplateId={plan['launch_template']},Version={plan['version']}"
        self.subnets = plan["subnets"]

    def start(self):
        """A zone may have no capacity, so each subnet is tried."""
        failures = []
        for subnet in self.subnets:
            try:
                return aws(self.region, "ec2", "run-instances", "--launch-template", self.template, "--subnet-id", subnet, "--count", "1")["Instances"][0]["InstanceId"]
            except CallFailed as failure:
                failures.append(str(failure))
        raise Refused("the migration could not start: " + "; ".join(failures))

    def run(self, poll):
        instance = self.start()
        log("migration", f"started instance={instance}")
        deadline = time.monotonic() + MIGRATION_TIMEOUT
        failed_reads = 0
        while True:
            state, result = "unknown", None
            try:
                found = aws(self.region, "ec2", "describe-instances", "--instance-ids", instance)["Reservations"][0]["Instances"][0]
                state = found["State"]["Name"]
                result = next((tag["Value"] for tag in found.get("Tags", []) if tag["Key"] == RESULT), None)
                failed_reads = 0
            except CallFailed as failure:
                failed_reads += 1
                if failed_reads == MAX_FAILED_READS:
                    raise Failed(f"cannot read the migration, it continues, instance={instance}: {failure}") from failure
            if result == "succeeded":
                log("migration", "succeeded")
                return
            if result or state in ("shutting-down", "terminated"):
                raise Failed(f"migration failed, instance={instance} result={result or state}\nNo group has changed. Its log group ends with the reason.")
            if time.monotonic() > deadline:
                raise Failed(f"the migration has not ended, instance={instance} timeout={MIGRATION_TIMEOUT}s")
            time.sleep(poll)


def log(service, *words):
    print(f"{service}:", *[word for word in words if word], flush=True)


def wanted_version(refresh):
    return str(refresh.get("DesiredConfiguration", {}).get("LaunchTemplate", {}).get("Version", ""))


def migrate(_groups, options):
    options.migration.run(options.poll)


def deploy(groups, options):
    versions = {}
    for group in groups:
        group.digest = group.image_digest()
        versions[group.name], tags = group.read()
        active = group.active_refresh()
        if active and (active["Status"] in ("RollbackInProgress", "Cancelling") or wanted_version(active) != group.wanted):
            raise Refused(f"another refresh is active, service={group.service} status={active['Status']}")
        group.recorded = tags.get(TARGET) == group.wanted
        group.active = active
    changed = [group for group in groups if group.active or versions[group.name] != group.wanted]
    for group in changed:
        raised = [] if group.active else group.alarms_raised()
        if raised:
            raise Refused(f"alarms are active, service={group.service} alarms={','.join(raised)}")
    # Ahead of the refreshes, because new instances start only on a migrated schema. Migrations only add, so that the
    # earlier version works with it. An active refresh belongs to an earlier call, which has migrated.
    if not options.without_migration and not any(group.active for group in groups):
        options.migration.run(options.poll)
    # All groups are recorded ahead of the first refresh: a rollback must not return a group to a still earlier release.
    for group in groups:
        if not group.recorded:
            group.record(versions[group.name], group.wanted)
    for group in groups:
        if group not in changed:
            log(group.service, f"unchanged version={group.wanted} tag={group.image_tag}")
            continue
        if not group.active:
            log(group.service, f"refresh from={versions[group.name]} to={group.wanted} tag={group.image_tag} digest={group.digest}")
            group.start(group.wanted, PREFERENCES | {"AutoRollback": True, "BakeTime": options.bake, "AlarmSpecification": {"Alarms": group.alarms}})
        status, reason = group.finish(options.poll, options.timeout)
        if status != "Successful":
            raise Failed(f"release failed, service={group.service} status={status} reason={reason}\nEarlier groups have the new version. `release.py rollback` returns them.")


def rollback(groups, options):
    # The opposite order: workers understand the commands of the earlier ingress-api.
    failures = []
    for group in reversed(groups):
        version, tags = group.read()
        previous = tags.get(PREVIOUS, version)
        active = group.active_refresh()
        if active and active["Status"] != "RollbackInProgress" and wanted_version(active) == previous:
            log(group.service, f"returns already to={previous}")
        elif active:
            log(group.service, "roll back the active refresh")
            if active["Status"] != "RollbackInProgress":
                group.roll_back_refresh()
        elif previous == version:
            log(group.service, f"unchanged version={version}")
            continue
        else:
            log(group.service, f"refresh from={version} to={previous}")
            # Without alarms: they are active during the outage that the rollback ends.
            group.start(previous, PREFERENCES)
        try:
            status, reason = group.finish(options.poll, options.timeout)
        except Failed as failure:
            failures.append(str(failure))
            continue
        if status not in ("Successful", "RollbackSuccessful"):
            failures.append(f"rollback failed, service={group.service} status={status} reason={reason}")
            continue
        group.record(previous, previous)
    if failures:
        raise Failed("\n".join(failures))


def show(groups, _options):
    for group in groups:
        version, tags = group.read()
        refresh = group.last_refresh() or {}
        log(group.service, f"version={version} previous={tags.get(PREVIOUS, '-')} newest={group.wanted} tag={group.image_tag} refresh={refresh.get('Status', '-')}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("deploy", "migrate", "rollback", "status"))
    parser.add_argument("--without-migration", action="store_true")
    parser.add_argument("--bake", type=int, default=300)
    parser.add_argument("--poll", type=float, default=15)
    parser.add_argument("--timeout", type=float, default=7200)
    options = parser.parse_args()
    try:
        plan = run("terraform", f"-chdir={TERRAFORM}", "output", "-json", "release")
        groups = [Group(plan["region"], service) for service in plan["services"]]
        options.migration = Migration(plan["region"], plan["migration"])
        {"deploy": deploy, "migrate": migrate, "rollback": rollback, "status": show}[options.command](groups, options)
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        return 2
    except (Failed, CallFailed) as failure:
        print(f"failed: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: an active refresh continues. Run the same command to follow it.", file=sys.stderr)
        return 1
    print("completed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
