"""Fuzzes a running local system with schemathesis, driven by the OpenAPI document that the system serves.

Runs as administrator, staff, buyer and without a token, each for a fixed time and with a printed seed. Fails if a run
finds a difference between the document and the system, or if the token of a role is no longer valid after its run.

  fuzz.py URL DATABASE_PORT [SECONDS] [SEED]
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pymysql

FOLDER = pathlib.Path(__file__).parent
PASSWORD = "ticketing-demo"
# Shares of the time. The administrator has the most calls.
SHARES = {"admin": 0.4, "buyer": 0.25, "staff": 0.2, "anonymous": 0.15}
OTHER_ACCOUNTS = 3


def call(url, method="GET", body=None, token=None):
    request = urllib.request.Request(url, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def sign_in(url, email):
    body = {"email": email, "password": PASSWORD}
    return call(f"{url}/api/v1/auth/token", "POST", body)["accessToken"]


def sign_up(url, email):
    body = {"email": email, "password": PASSWORD, "name": "Fuzzer"}
    call(f"{url}/api/v1/users", "POST", body)


def grant_staff(port, email):
    with pymysql.connect(
        host="127.0.0.1", port=port, user="ticketing", password="ticketing", database="ticketing"
    ) as connection:
        with connection.cursor() as cursor:
            if cursor.execute("UPDATE users SET role = 'STAFF' WHERE email = %s", (email,)) != 1:
                raise RuntimeError(f"no account {email}")
        connection.commit()


def tokens(url, port):
    unique = time.time_ns()
    staff = f"staff-{unique}@ticketing.local"
    sign_up(url, staff)
    grant_staff(port, staff)
    others = []
    for number in range(OTHER_ACCOUNTS):
        email = f"other-{number}-{unique}@ticketing.local"
        sign_up(url, email)
        others.append(sign_in(url, email))
    roles = {
        "admin": sign_in(url, "admin@ticketing.local"),
        "buyer": sign_in(url, "buyer@ticketing.local"),
        "staff": sign_in(url, staff),
        "anonymous": None,
    }
    for role, token in roles.items():
        if token and call(f"{url}/api/v1/users/me", token=token)["role"].lower() != role:
            raise RuntimeError(f"the token of {role} has another role")
    return roles, others


def run(url, role, token, others, seconds, seed):
    print(f"fuzzing as {role} for {seconds} s, seed {seed}", flush=True)
    command = [
        str(pathlib.Path(sys.executable).parent / "st"),
        "--config-file",
        str(FOLDER / "schemathesis.toml"),
        "run",
        f"{url}/v3/api-docs",
        "--url",
        url,
        "--checks",
        "all",
        "--mode",
        "all",
        "--max-time",
        str(seconds),
        "--seed",
        str(seed),
        "--generation-database",
        "none",
        "--warnings",
        "off",
        "--no-color",
    ]
    environment = os.environ | {
        "TICKETING_FUZZ_TOKEN": token or "",
        "TICKETING_FUZZ_OTHER_TOKENS": ",".join(others),
    }
    result = subprocess.run(command, cwd=FOLDER, env=environment, timeout=seconds + 120)
    if token and call(f"{url}/api/v1/users/me", token=token)["role"].lower() != role:
        raise RuntimeError(f"the token of {role} lost its role")
    return result.returncode == 0


def main(url, port, seconds=200, seed=None):
    seed = int(seed) if seed else random.randrange(2**32)
    roles, others = tokens(url, int(port))
    failed = [
        role
        for role, token in roles.items()
        if not run(url, role, token, others, round(int(seconds) * SHARES[role]), seed)
    ]
    if failed:
        sys.exit(f"FAILED fuzzing as {', '.join(failed)}, seed {seed}")
    print(f"ok fuzzing, seed {seed}")


if __name__ == "__main__":
    main(*sys.argv[1:])
