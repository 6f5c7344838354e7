"""Refusals as AWS words them: status, `__type`, message, headers, checksum. Botocore takes them for real ones."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import uuid4
from zlib import crc32

from devstack.relay import Answer
from tests.nemesis.faults import Fault

_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_TOO_FAST = (
    "The level of configured provisioned throughput for the table was exceeded. "
    "Consider increasing your provisioning level with the UpdateTable API."
)
_REFUSALS = {
    Fault.THROUGHPUT: (f"{_DYNAMODB}ProvisionedThroughputExceededException", _TOO_FAST),
    Fault.THROTTLING: ("com.amazon.coral.availability#ThrottlingException", "Rate exceeded"),
    Fault.REQUEST_LIMIT: (
        f"{_DYNAMODB}RequestLimitExceeded",
        "Throughput exceeds the current throughput limit for your account.",
    ),
    Fault.LIMIT: (f"{_DYNAMODB}LimitExceededException", "Rate exceeded for shard."),
    Fault.INTERNAL: (f"{_DYNAMODB}InternalServerError", "Internal server error"),
    Fault.CONFLICT: (f"{_DYNAMODB}TransactionConflictException", "Transaction is ongoing for the item"),
}


def refusal(fault: Fault) -> Answer:
    """The answer for a fault of `REFUSALS`."""
    kind, message = _REFUSALS[fault]
    status = HTTPStatus.INTERNAL_SERVER_ERROR if fault is Fault.INTERNAL else HTTPStatus.BAD_REQUEST
    return answer(status, {"__type": kind, "message": message})


def cancelled(actions: int, place: int) -> Answer:
    """A transaction of so many actions is cancelled, because of the one at this place."""
    reasons: list[Mapping[str, Any]] = [{"Code": "None"}] * actions
    reasons[place] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    kind = f"{_DYNAMODB}TransactionCanceledException"
    return answer(HTTPStatus.BAD_REQUEST, {"__type": kind, "Message": message, "CancellationReasons": reasons})


def empty_page() -> Answer:
    """A Query that finds nothing."""
    return answer(HTTPStatus.OK, {"Count": 0, "Items": [], "ScannedCount": 0})


def answer(status: int, values: Mapping[str, Any]) -> Answer:
    """What AWS would send around these values."""
    body = json.dumps(values).encode()
    headers = [
        ("Server", "Server"),
        ("Content-Type", "application/x-amz-json-1.0"),
        ("x-amzn-RequestId", uuid4().hex.upper()),
        ("x-amz-crc32", str(crc32(body))),
    ]
    if status != HTTPStatus.OK:
        headers.append(("x-amzn-errortype", values["__type"]))
    return Answer(status, body, headers)
