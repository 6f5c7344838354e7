"""Every error of ours, in one tree; the branch says what a worker does about it.

AppError
├── Transient   wait, read again, try again: Unreachable, OutcomeUnknown, Throttled, Conflict, NotReady, WorkerBehind,
│               IteratorExpired, RecordsTrimmed, ShardMissing, ConditionFailed (.item), TransactionCancelled (.reasons)
├── Poison      set aside as a dead letter, go on: RecordUnreadable, RequestRefused, NeverSettled
└── Fatal       stop: Stopping, LeaseLost, EngineFailed
    ├── Misconfigured   exit 2, what to change: SettingInvalid, NoRegion, CredentialsMissing, CredentialsRejected,
    │                   AccessDenied, PortTaken, KclMissing, TableMissing, TableDiffers, StreamMissing, SchemaUnknown,
    │                   ConsumerTaken, UsersUnready, EngineMissing, EngineStopped, EngineBusy
    └── BadInput    exit 2, what was wrong: TextInvalid, HandleUnknown, GroupUnknown, MessageUnknown, CursorInvalid,
        MessageToOneself, NotAMember, NotTheSender, PairIsClosed, GroupTooLarge, LetterUnknown, TapeBroken, NotAllowed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def clause(said: object) -> str:
    """What somebody else said, without its full stop: a sentence of ours goes on behind it."""
    return str(said).rstrip(". ")


class AppError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class Transient(AppError):
    """It did not work this time; the same thing may work later."""


class Unreachable(Transient):
    """Nobody answers at the endpoint."""


class OutcomeUnknown(Transient):
    """The answer was lost: the call may or may not have been carried out."""


class Throttled(Transient):
    """DynamoDB asks us to be slower."""


class Conflict(Transient):
    """Another transaction holds one of the items."""


class NotReady(Transient):
    """The table is still being made or changed."""


class WorkerBehind(Transient):
    """No row shows the message yet: is a worker running?"""


class ConditionFailed(Transient):
    """The item is no longer as it was read."""

    def __init__(self, message: str | None = None, item: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.item = item


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one action of a transaction failed: AWS's code (`None` when it did not) and the item in its way."""

    code: str
    item: Mapping[str, Any] | None = field(default=None, repr=False)


class TransactionCancelled(Transient):
    """A transaction was cancelled; `reasons` has one entry an action, in their order."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        codes = ", ".join(reason.code for reason in reasons)
        super().__init__(f"The transaction was cancelled: {codes}.")
        self.reasons = tuple(reasons)


class IteratorExpired(Transient):
    """The shard iterator has expired."""


class RecordsTrimmed(Transient):
    """The stream no longer has the records that follow our position."""


class ShardMissing(Transient):
    """The stream does not know this shard any more."""


class Poison(AppError):
    """It will never work; it is set aside as a dead letter."""


class RecordUnreadable(Poison):
    """The stream record cannot be understood."""


class RequestRefused(Poison):
    """DynamoDB will never accept this request."""


class NeverSettled(Poison):
    """The row met a new obstacle in every round."""


class Fatal(AppError):
    """The process cannot go on."""


class Stopping(Fatal):
    """The process was asked to stop."""


class LeaseLost(Fatal):
    """Another process holds the lease now."""


class EngineFailed(Fatal):
    """The embedded engine did not come up, or ended."""


class Misconfigured(Fatal):
    """The configuration is wrong."""


class SettingInvalid(Misconfigured):
    """A setting has a value that cannot be used."""


class NoRegion(Misconfigured):
    """No AWS region is set: set AWS_REGION (for the embedded engine: eval "$(devstack env)")."""


class CredentialsMissing(Misconfigured):
    """No AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."""


class CredentialsRejected(Misconfigured):
    """AWS does not accept the credentials (expired, or of another account): renew them."""


class AccessDenied(Misconfigured):
    """The credentials do not allow this call."""


class TableMissing(Misconfigured):
    """The table does not exist here: a new one is made by `producer schema-load --enable-stream`."""


class TableDiffers(Misconfigured):
    """The table is not as this software needs it."""


class StreamMissing(Misconfigured):
    """The table has no stream: turn it on with `producer schema-load --enable-stream`."""


class SchemaUnknown(Misconfigured):
    """The state table was written by a newer version of the worker: run that version."""


class ConsumerTaken(Misconfigured):
    """A worker of this name keeps another table: set WORKER_NAME to a name of its own."""


class EngineMissing(Misconfigured):
    """The embedded engine is not installed: install the extra `local` (scripts/test does it)."""


class EngineStopped(Misconfigured):
    """No embedded engine is running here: start one with `devstack up --detach`."""


class EngineBusy(Misconfigured):
    """An embedded engine runs here already."""


class KclMissing(Misconfigured):
    """The kcl driver needs Java 17 or newer, the extra `kcl` and its jar (`stream-worker kcl-build`)."""


class UsersUnready(Misconfigured):
    """The database has no users table of this version: run `chat-app migrate`."""


class PortTaken(Misconfigured):
    """The port is taken by another program: choose another."""


class BadInput(Fatal):
    """The input cannot be used."""


class TextInvalid(BadInput):
    """A message has 1 to 1,024 characters and no control characters but line breaks."""


class HandleUnknown(BadInput):
    """Nobody has this handle."""


class GroupUnknown(BadInput):
    """There is no such message group."""


class MessageUnknown(BadInput):
    """There is no such message."""


class LetterUnknown(BadInput):
    """There is no such dead letter."""


class CursorInvalid(BadInput):
    """The cursor is none of ours: use one that a listing has given."""


class NotAMember(BadInput):
    """The user is not a member of this message group."""


class NotTheSender(BadInput):
    """Only who wrote a message can change or delete it."""


class PairIsClosed(BadInput):
    """A conversation of two takes nobody else: start a new one."""


class GroupTooLarge(BadInput):
    """A conversation starts with at most 49 people: its rows are written in one transaction."""


class MessageToOneself(BadInput):
    """A conversation needs somebody else."""


class NotAllowed(BadInput):
    """This would change many items of a table that is not on this machine: repeat its name with --yes-table."""


class TapeBroken(BadInput):
    """The tape has a line that cannot be read."""
