"""The second judge, on documents of a few words."""

from typing import Any

import pytest

from tests.deploy.policy import ENCLOSING, LEADING_KEYS, Request, Statement, rights, statements, used

TABLE = "arn:aws:dynamodb:us-east-1:1:table/a"
INSIDE: dict[str, Any] = {"ForAnyValue:StringEquals": {ENCLOSING: "TransactWriteItems"}}
KEYS: dict[str, Any] = {"ForAllValues:StringLike": {LEADING_KEYS: ["GRP#*", "ROS#*"]}}


def statement(resource: str = TABLE, **conditions: Any) -> Statement:
    """One that allows PutItem."""
    action = {"Action": "dynamodb:PutItem", "Resource": resource, "Condition": conditions}
    [found] = statements([{"Statement": [{"Sid": "Put", "Effect": "Allow", **action}]}])
    return found


def put(*keys: str, enclosing: str = "") -> Request:
    """A request to put."""
    return Request("dynamodb:PutItem", TABLE, keys, enclosing)


def test_an_action_and_a_resource_are_named() -> None:
    """No other action, no longer ARN; a star stands for the rest of one."""
    assert statement().allows(put("x"))
    assert not statement().allows(Request("dynamodb:GetItem", TABLE))
    assert not statement().allows(Request("dynamodb:PutItem", f"{TABLE}/index/i"))
    assert statement(f"{TABLE}*").allows(Request("dynamodb:PutItem", f"{TABLE}/index/i"))


def test_a_transaction_is_demanded() -> None:
    """Of the kind that is named."""
    assert statement(**INSIDE).allows(put("x", enclosing="TransactWriteItems"))
    assert not statement(**INSIDE).allows(put("x"))


def test_all_keys_must_be_of_a_kind() -> None:
    """One that is of none is too many."""
    assert statement(**KEYS).allows(put("GRP#u", "ROS#g"))
    assert not statement(**KEYS).allows(put("GRP#u", "MSG#g"))
    assert not statement(**INSIDE, **KEYS).allows(put("GRP#u"))


def test_what_is_not_understood_is_not_judged() -> None:
    """A condition that nobody here knows ends the test that meets it."""
    with pytest.raises(AssertionError, match="aws:SourceIp"):
        statement(IpAddress={"aws:SourceIp": "10.0.0.0/8"}).allows(put("x"))


def test_a_right_is_used_by_what_needed_it() -> None:
    """By statement, action and kind of key; one is left."""
    policy = [statement(**KEYS)]
    assert rights(policy) - used(policy, [put("GRP#u"), put("MSG#g")]) == {("Put", "dynamodb:PutItem", "ROS#*")}
