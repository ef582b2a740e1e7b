"""Authentication and additional checks of the fuzzing.

A request that can end a session uses the token of another account.
"""

import itertools
import os

import schemathesis
from schemathesis import GenerationMode

ROLE_TOKEN = os.environ.get("TICKETING_FUZZ_TOKEN", "")
OTHER_TOKENS = itertools.cycle(os.environ.get("TICKETING_FUZZ_OTHER_TOKENS", "").split(","))


def has_integral_float(value):
    if isinstance(value, dict):
        return any(has_integral_float(child) for child in value.values())
    if isinstance(value, list):
        return any(has_integral_float(child) for child in value)
    return isinstance(value, float) and value.is_integer()


@schemathesis.hook
def filter_body(context, body):
    """The API refuses 1.0 for an integer on purpose. JSON Schema cannot express this rule."""
    return not has_integral_float(body)


@schemathesis.hook
def filter_case(context, case):
    """The accounts of the runs keep their roles."""
    return (case.path_parameters or {}).get("userId") not in ("admin", "buyer")


@schemathesis.check
def plain_booking_is_valid(context, response, case):
    """Only the rules of numbered seats, which no schema expresses, refuse a schema-valid booking."""
    if case.operation.definition.raw.get("operationId") != "bookSeats" or response.status_code != 400:
        return
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE or not isinstance(case.body, dict):
        return
    if case.body.get("seatType") and not case.body.get("seats") and not case.body.get("otherwise"):
        raise AssertionError("a valid booking without seat ids is refused")


def ends_sessions(method, path):
    own_account = path.startswith(("/api/v1/users/me", "/api/v1/auth/"))
    return own_account and method not in ("GET", "HEAD", "OPTIONS")


if ROLE_TOKEN:

    @schemathesis.auth(refresh_interval=None)
    class Bearer:
        def get(self, case, context):
            if ends_sessions(case.method.upper(), case.operation.path):
                return next(OTHER_TOKENS)
            return ROLE_TOKEN

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"
