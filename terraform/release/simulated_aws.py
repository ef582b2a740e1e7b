"""Simulated AWS CLI for the rehearsals: auto scaling groups, images, alarms and the migration task in a file.

A refresh advances by one phase with each read: Pending, InProgress, Baking, Successful. As in AWS, the group gets the
desired version when the refresh succeeds, and a failed refresh with AutoRollback returns the instances to the
group's version.
"""

import json
import sys
from pathlib import Path

STATE = Path(__file__).with_name("state.json")
PHASES = ["Pending", "InProgress", "Baking", "Successful"]
ROLLBACK_PHASES = ["RollbackInProgress", "RollbackSuccessful"]
ACTIVE = {"Pending", "InProgress", "Baking", "RollbackInProgress"}


def fail(code, message):
    sys.exit(f"An error occurred ({code}): {message}")


def options_of(arguments):
    options = {}
    name = None
    for argument in arguments:
        if argument.startswith("--"):
            name = argument[2:]
            options[name] = []
        else:
            options[name].append(argument)
    return options


def advance(state, group, refresh):
    if refresh["Status"] not in ACTIVE:
        return
    version = refresh["DesiredConfiguration"]["LaunchTemplate"]["Version"]
    preferences = refresh["Preferences"]
    if refresh["Status"] in ROLLBACK_PHASES:
        refresh["Status"] = "RollbackSuccessful"
        group["instances"] = [group["version"]] * len(group["instances"])
        return
    alarm = next((name for name in preferences.get("AlarmSpecification", {}).get("Alarms", []) if name in state["alarms"]), None)
    unready = version in state["unready_versions"] and refresh["Status"] == "InProgress"
    if version in state["alarming_versions"] and refresh["Status"] == "Baking":
        alarm = preferences["AlarmSpecification"]["Alarms"][0] if "AlarmSpecification" in preferences else None
    if alarm or unready:
        refresh["StatusReason"] = f"alarm {alarm}" if alarm else "an instance is not ready"
        refresh["Status"] = "RollbackInProgress" if preferences.get("AutoRollback") else "Failed"
        return
    following = PHASES[PHASES.index(refresh["Status"]) + 1]
    if following == "Baking":
        group["instances"] = [version] * len(group["instances"])
    if following == "Successful":
        group["version"] = version
    refresh["Status"] = following
    refresh["PercentageComplete"] = {"Pending": 0, "InProgress": 50}.get(following, 100)


def answer(state, call, options):
    if call == "ecr describe-images":
        tag = options["image-ids"][0].removeprefix("imageTag=")
        if tag not in state["images"].get(options["repository-name"][0], []):
            fail("ImageNotFoundException", tag)
        return {"imageDetails": [{"imageDigest": f"sha256:{tag}"}]}
    if call == "cloudwatch describe-alarms":
        return {"MetricAlarms": [{"AlarmName": name} for name in options["alarm-names"] if name in state["alarms"]]}
    if call == "autoscaling describe-auto-scaling-groups":
        group = state["groups"].get(options["auto-scaling-group-names"][0])
        if not group:
            return {"AutoScalingGroups": []}
        tags = [{"Key": key, "Value": value} for key, value in group["tags"].items()]
        return {"AutoScalingGroups": [{"LaunchTemplate": {"Version": group["version"]}, "Tags": tags}]}
    if call == "autoscaling create-or-update-tags":
        for tag in json.loads(options["tags"][0]):
            state["groups"][tag["ResourceId"]]["tags"][tag["Key"]] = tag["Value"]
        return {}
    if call == "ec2 run-instances":
        if options["subnet-id"][0] in state["full_subnets"]:
            fail("InsufficientInstanceCapacity", options["subnet-id"][0])
        state["migrations"].append({"template": options["launch-template"][0], "reads": 0})
        return {"Instances": [{"InstanceId": f"i-{len(state['migrations'])}"}]}
    if call == "ec2 describe-instances":
        if state["failing_migration_reads"] > 0:
            state["failing_migration_reads"] -= 1
            fail("RequestLimitExceeded", "Request limit exceeded.")
        migration = state["migrations"][int(options["instance-ids"][0].removeprefix("i-")) - 1]
        migration["reads"] += 1
        ended = migration["reads"] > 2
        tags = [{"Key": "ticketing:result", "Value": state["migration_result"]}] if ended and state["migration_result"] else []
        return {"Reservations": [{"Instances": [{"State": {"Name": "terminated" if ended else "running"}, "Tags": tags}]}]}
    group = state["groups"][options["auto-scaling-group-name"][0]]
    refreshes = group["refreshes"]
    if call == "autoscaling describe-instance-refreshes":
        if state["failing_reads"] > 0 and any(refresh["Status"] in ACTIVE for refresh in refreshes):
            state["failing_reads"] -= 1
            fail("Throttling", "Rate exceeded")
        if refreshes:
            advance(state, group, refreshes[0])
        return {"InstanceRefreshes": refreshes[:1]}
    active = [refresh for refresh in refreshes if refresh["Status"] in ACTIVE]
    if call == "autoscaling start-instance-refresh":
        if active:
            fail("InstanceRefreshInProgress", "An Instance Refresh is already in progress")
        preferences = json.loads(options["preferences"][0])
        desired = json.loads(options["desired-configuration"][0])
        refreshes.insert(0, {"Status": "Pending", "PercentageComplete": 0, "DesiredConfiguration": desired, "Preferences": preferences})
        return {"InstanceRefreshId": str(len(refreshes))}
    if call == "autoscaling rollback-instance-refresh":
        if not active:
            fail("ActiveInstanceRefreshNotFound", "No in progress Instance Refresh found")
        active[0]["Status"] = "RollbackInProgress"
        return {"InstanceRefreshId": "1"}
    return fail("InvalidAction", call)


def main():
    state = json.loads(STATE.read_text(encoding="utf-8"))
    arguments = sys.argv[1:]
    state["calls"].append(arguments)
    try:
        result = answer(state, " ".join(arguments[:2]), options_of(arguments[2:]))
        print(json.dumps(result))
    finally:
        STATE.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main()
