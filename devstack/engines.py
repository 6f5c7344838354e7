"""The engines there are, by the names that users type."""

from collections.abc import Mapping
from enum import StrEnum

from devstack.dynamodb_local import DynamoDBLocal
from devstack.ministack import MiniStack
from devstack.program import Program


class EngineName(StrEnum):
    """What `--engine` takes."""

    MINISTACK = "ministack"
    DYNAMODB_LOCAL = "dynamodb-local"


PROGRAMS: Mapping[EngineName, Program] = {
    EngineName.MINISTACK: MiniStack(),
    EngineName.DYNAMODB_LOCAL: DynamoDBLocal(),
}
