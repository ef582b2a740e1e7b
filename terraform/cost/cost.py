#!/usr/bin/env python3
"""Writes docs/explanation/cost.md: the monthly bill of this configuration, line by line.

Prices are in prices.csv. Quantities follow from the defaults in variables.tf, usage from MONTH. Needs Python 3 only.

    cost.py           writes docs/explanation/cost.md
    cost.py --check   fails if docs/explanation/cost.md is out of date, or the bill is above the limit
"""

import csv
import difflib
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
TERRAFORM = HERE.parent
PAGE = TERRAFORM.parent / "docs" / "explanation" / "cost.md"

HOURS = 730  # in a month
LIMIT = 400  # dollars a month
PRICES = {row["item"]: row for row in csv.DictReader((HERE / "prices.csv").open(encoding="utf-8"))}

# Usage of a month. Free allowances are left out, so a real bill is lower.
MONTH = {
    "on-sales": 4,
    "bookings in each on-sale": 100_000,
    "extra instances of each service while pre-warmed": 4,
    "hours of pre-warming for each on-sale": 0.75,
    "load balancer capacity units, on average": 0.25,
    "load balancer capacity units in an hour of on-sale": 4,
    "minutes of full load in each on-sale": 15,
    "GB through a NAT gateway": 10,
    "GB to clients": 20,
    "GB between zones": 20,
    "GB of data in the database": 5,
    "database I/Os for each booking": 10,
    "GB of logs": 4,
    "GB of images": 2,
    "GB of posters": 0.2,
    "reads of stored posters": 10_000,
}


# Discount of a one-year commitment without prepayment, from memory: a savings plan for instances, reserved database and cache nodes.
COMMITMENT = {"ec2": 0.28, "aurora.db": 0.30, "cache": 0.30}


@dataclass(frozen=True)
class Design:
    """Resources that run all month."""

    instances: tuple  # (number, type) of each type, over the three services
    detailed_monitoring: bool
    nat_gateways: int
    endpoints: int  # interface endpoints, in two zones each
    database: str
    database_instances: int
    cache: str
    cache_nodes: int = 2
    disk_gb: int = 8


def variable(name):
    """The default of a variable of this configuration, as text."""
    text = (TERRAFORM / "variables.tf").read_text(encoding="utf-8")
    block = re.search(rf'^variable "{name}" {{\n(.*?)^}}\n', text, re.M | re.S)
    if not block:
        sys.exit(f"cost.py: variables.tf has no variable {name}")
    return block.group(1)


def default(name):
    return re.search(r"^  default\s*=\s*(.+)$", variable(name), re.M).group(1)


def configured():
    services = [variable(name) for name in ("ingress_api", "booking_worker", "notifier")]
    types = {}
    for text in services:
        kind = re.search(r'instance_type = optional\(string, "(.+?)"\)', text).group(1)
        types[kind] = types.get(kind, 0) + int(re.search(r"min\s+= optional\(number, (\d+)\)", text).group(1))
    return Design(
        instances=tuple((number, kind) for kind, number in types.items()),
        detailed_monitoring=False,
        nat_gateways=len(re.findall(r'"', default("nat_gateway_zones"))) // 2,
        endpoints=len(re.findall(r'"', default("interface_endpoints"))) // 2,
        database=default("database_instance_class").strip('"'),
        database_instances=1 + int(default("database_readers")),
        cache="valkey." + default("cache_node_type").strip('"').removeprefix("cache."),
    )


REFERENCE = Design(
    instances=((6, "t3.medium"),),
    detailed_monitoring=True,
    nat_gateways=2,
    endpoints=0,
    database="db.t4g.medium",
    database_instances=2,
    cache="redis.t4g.micro",
)


def bill(design):
    """Lines of (name, item, quantity, derivation of the quantity)."""
    month = MONTH
    bookings = month["on-sales"] * month["bookings in each on-sale"]
    instances = sum(number for number, _ in design.instances)
    # Two instances of a service at all times, and the additional ones during an on-sale.
    extra = month["extra instances of each service while pre-warmed"]
    surplus = month["on-sales"] * 3 * (2 + extra) * 2 * 0.8 * month["minutes of full load in each on-sale"] / 60
    # A worker polls for 10 s at a time, and checks the dead letters every 10 s with two calls.
    polls = 2 * HOURS * 3600 / 10 * 3
    # Alarms of the reference design, of outages, of the queue, and of target tracking, by the metrics in them.
    alarms = 16 + 16 + 2 * 2 + 2 * 2
    # The agent of each instance sends its metrics once a minute.
    requests = instances * HOURS * 60 / 1000
    lines = [
        *((f"Instances `{kind}`", f"ec2.{kind}", number * HOURS, f"{number} x {HOURS} h") for number, kind in design.instances),
        *(
            (
                f"`{kind}` before on-sales",
                f"ec2.{kind}",
                month["on-sales"] * number / 2 * extra * month["hours of pre-warming for each on-sale"],
                f"{number // 2 * extra} more, 45 min, 4 times",
            )
            for number, kind in design.instances
        ),
        ("Surplus CPU credits", "ec2.surplus", surplus, "18 instances, 2 processors at 80 % above the baseline, 15 min, 4 times"),
        ("Disks of the instances", "ebs.gp3", instances * design.disk_gb, f"{instances} x {design.disk_gb} GB"),
        ("Load balancer", "alb", HOURS, f"{HOURS} h"),
        (
            "Load balancer capacity units",
            "alb.lcu",
            HOURS * month["load balancer capacity units, on average"]
            + month["on-sales"] * month["load balancer capacity units in an hour of on-sale"],
            f"{HOURS} h x 0.25, and 4 h x 4",
        ),
        ("NAT gateways", "nat", design.nat_gateways * HOURS, f"{design.nat_gateways} x {HOURS} h"),
        ("Data through NAT gateways", "nat.data", month["GB through a NAT gateway"], "logs, metrics, AWS calls; images use the free endpoint of S3"),
        ("Public addresses", "ipv4", (2 + design.nat_gateways) * HOURS, f"load balancer 2, NAT {design.nat_gateways}"),
        ("SQS endpoint", "endpoint", design.endpoints * 2 * HOURS, f"{design.endpoints} x 2 zones x {HOURS} h"),
        ("Data through the endpoint", "endpoint.data", 1 if design.endpoints else 0, "400,000 bookings, twice, 1 KB"),
        ("Database", f"aurora.{design.database}", design.database_instances * HOURS, f"writer and {design.database_instances - 1} reader x {HOURS} h"),
        ("Database storage", "aurora.storage", month["GB of data in the database"], ""),
        ("Database I/O", "aurora.io", bookings * month["database I/Os for each booking"] / 1e6, "400,000 bookings x 10, binary log included"),
        ("Database backups", "aurora.backup", 2 * month["GB of data in the database"], "7 days of changes, and a snapshot"),
        ("Cache", f"cache.{design.cache}", design.cache_nodes * HOURS, f"{design.cache_nodes} x {HOURS} h"),
        ("Queue", "sqs", (polls + bookings * 0.3) / 1e6, "2 workers that poll, and 3 calls for 10 bookings"),
        ("Alarms", "cloudwatch.alarm", alarms, "32 configured, 8 metrics in those of target tracking"),
        ("CPU and memory by the agent", "cloudwatch.metric", 3 if design.detailed_monitoring else 6, "1 or 2 for each service"),
        ("Detailed monitoring", "cloudwatch.metric", 7 * instances if design.detailed_monitoring else 0, f"7 metrics x {instances} instances"),
        ("Requests of the agents", "cloudwatch.request", requests, f"{instances} x {HOURS} h x 60"),
        ("Dashboard", "cloudwatch.dashboard", 1, ""),
        ("Logs", "cloudwatch.logs", month["GB of logs"], ""),
        ("Secrets", "secret", 5, "database owner and account, cache, signing key, ticket key"),
        ("DNS zone", "route53.zone", 1, ""),
        ("Images", "ecr", month["GB of images"], ""),
        ("Posters", "s3.storage", month["GB of posters"], "1,000 of 0.2 MB"),
        ("Reads of stored posters", "s3.get", month["reads of stored posters"] / 1e6, "an instance keeps read posters in memory"),
        ("Data to clients", "transfer.out", month["GB to clients"], ""),
        ("Data between zones", "transfer.zones", month["GB between zones"], "both directions"),
    ]
    return [line for line in lines if line[2]]


def price(item):
    return float(PRICES[item]["price"])


def total(design):
    return sum(round(price(item) * quantity, 2) for _, item, quantity, _ in bill(design))


def committed(design):
    """The monthly bill with a one-year commitment for everything that runs all month."""
    saved = 0
    for what, item, quantity, _ in bill(design):
        discount = next((value for prefix, value in COMMITMENT.items() if item.startswith(prefix)), 0)
        if "before on-sales" not in what and item != "ec2.surplus":
            saved += price(item) * quantity * discount
    return total(design) - saved


def bill_table(design):
    rows = ["| | price | quantity | $ a month |", "|---|---|---|---:|"]
    for what, item, quantity, how in bill(design):
        unit = PRICES[item]["unit"]
        amount = f"{quantity:,.2f}".rstrip("0").rstrip(".")
        rows.append(f"| {what} | {PRICES[item]['price']} / {unit} | {amount}{f' ({how})' if how else ''} | {price(item) * quantity:.2f} |")
    rows.append(f"| **total** | | | **{total(design):.2f}** |")
    return "\n".join(rows)


def choices(design):
    """From the reference design to the configured one, one choice after another."""
    steps = [
        ("`t4g.small` instead of `t3.medium`", dict(instances=((6, "t4g.small"),)), "2 GB instead of 4, Graviton instead of x86. None. Less capacity of each instance, so the groups grow earlier."),
        ("`t4g.micro` for notifier", dict(instances=design.instances), "1 GB instead of 2. None: notifier has 249 MiB resident and 0.05 cores in the benchmarks, and at most 10,000 connections of 10 KB."),
        ("one NAT gateway instead of two", dict(nat_gateways=design.nat_gateways), "If 2a fails, instances in 2c continue, but none can start, and logs and metrics stop. notifier cannot read evicted tickets from ingress-api. Applying `nat_gateway_zones = [\"c\", \"a\"]` ends this."),
        ("an endpoint for SQS in both zones", dict(endpoints=design.endpoints), "Compensates the previous choice: bookings do not use the NAT gateway."),
        ("Valkey instead of Redis", dict(cache=design.cache), "None: the same protocol, replica and failover."),
        ("CPU measured by the CloudWatch agent", dict(detailed_monitoring=design.detailed_monitoring), "An instance without a running agent is missing in the average of its group."),
    ]
    rows = ["| choice | $ a month | then | effect on availability |", "|---|---:|---:|---|", f"| the reference design, three services | | {total(REFERENCE):.2f} | |"]
    now = REFERENCE
    for what, change, cost in steps:
        following = replace(now, **change)
        rows.append(f"| {what} | {total(following) - total(now):+.2f} | {total(following):.2f} | {cost} |")
        now = following
    if now != design:
        sys.exit(f"cost.py: the choices lead to {now}, not to {design}")
    return "\n".join(rows)


def price_table():
    rows = ["| item | price | unit | as of | source |", "|---|---:|---|---|---|"]
    rows += [f"| `{row['item']}` | {row['price']} | {row['unit']} | {row['date']} | {row['source']} |" for row in PRICES.values()]
    return "\n".join(rows)


def month_table():
    rows = ["| in a month | |", "|---|---:|"]
    rows += [f"| {name} | {value:,} |" for name, value in MONTH.items()]
    return "\n".join(rows)


def page():
    design = configured()
    both_nat = replace(design, nat_gateways=2)
    text = (HERE / "cost.md.in").read_text(encoding="utf-8")
    for name, value in {
        "TOTAL": f"{total(design):.2f}",
        "BRIEF_TOTAL": f"{total(REFERENCE):.2f}",
        "BOTH_NAT": f"{total(both_nat):.2f}",
        "COMMITTED": f"{committed(design):.0f}",
        "COMMITTED_BOTH_NAT": f"{committed(both_nat):.0f}",
        "LIMIT": str(LIMIT),
        "BILL": bill_table(design),
        "BRIEF_BILL": bill_table(REFERENCE),
        "CHOICES": choices(design),
        "MONTH": month_table(),
        "PRICES": price_table(),
    }.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def main():
    if total(configured()) > LIMIT:
        sys.exit(f"cost.py: {total(configured()):.2f} $ a month, above {LIMIT}")
    wanted = page()
    if sys.argv[1:] == ["--check"]:
        written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        difference = list(difflib.unified_diff(written.splitlines(), wanted.splitlines(), "docs/explanation/cost.md", "cost.py", lineterm=""))
        if difference:
            sys.exit("\n".join(difference) + "\ncost.py: docs/explanation/cost.md is out of date; run terraform/cost/cost.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
