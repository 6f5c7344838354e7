"""The guards of Pattern E, each taken away on its own: what is left must be caught, or the guard is not needed.

Production code is not copied; one class of it is replaced by a subclass that lacks one rule.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

from producer.actions import Action as ProducerAction
from producer.actions import Seat, put_new, put_roster, row_item
from producer.chat import Chat
from shared.dynamo import unless_changed
from shared.errors import Reason, TransactionCancelled
from shared.keys import MESSAGE
from shared.models import Item, Message, string
from stream_worker.contract import Batch, Gap, Record
from stream_worker.dead_letters import DeadLetters, Letter
from stream_worker.drivers.native.lineage import Lineage
from stream_worker.handler import Handler
from stream_worker.reconcile.loop import Outcome, Reconciler
from stream_worker.reconcile.plan import (
    Action,
    MessageGone,
    MessageStands,
    Newest,
    Row,
)
from stream_worker.state import OPEN_LETTERS
from stream_worker.store import DynamoStore
from stream_worker.streams import Shard
from stream_worker.sweep import Sweeps


class HintsForRowRecords(Reconciler):
    """Believes a hint although a record of the row came: a duplicate may stand beside it."""

    def reconcile(self, group: str, users: Collection[str] | None = None, *, look: Collection[str] = ()) -> Outcome:
        """See `Reconciler`."""
        del look
        return super().reconcile(group, users)


class _Without(DynamoStore):
    """Leaves one kind of check out; the reasons of a refusal keep their places."""

    left_out: type[Action]

    def commit(self, actions: Sequence[Action]) -> None:
        """See `Store`."""
        try:
            super().commit([action for action in actions if not isinstance(action, self.left_out)])
        except TransactionCancelled as cancelled:
            reasons, fine = iter(cancelled.reasons), Reason("None")
            placed = [fine if isinstance(action, self.left_out) else next(reasons, fine) for action in actions]
            raise TransactionCancelled(placed) from cancelled


class NoMessageCheck(_Without):
    """Commits without asking whether the message still stands."""

    left_out = MessageStands


class NoGoneCheck(_Without):
    """Moves rows back without asking whether the message they showed is gone."""

    left_out = MessageGone


class NoRoster(DynamoStore):
    """Takes the index's word for who is in a group."""

    def roster(self, group: str) -> list[str]:
        """See `Store`."""
        return sorted(self.hints(group))


class HintsTrusted(DynamoStore):
    """Takes the index's word for what a row shows."""

    def rows_at(self, group: str, positions: Mapping[str, str]) -> Mapping[str, Row]:
        """See `Store`."""
        answer = self._client.call(
            "query",
            TableName=self._table,
            IndexName="message-group-sk-index",
            KeyConditionExpression="message_group_uuid = :g",
            ExpressionAttributeValues={":g": {"S": group}},
        )
        rows = map(Row, answer["Items"])
        return {row.user: row for row in rows if positions.get(row.user) == row.sk}


class RosterNeverEnsured(DynamoStore):
    """Leaves people whom other software has seated out of the roster."""

    def ensure_roster(self, group: str, user: str) -> None:
        """See `Store`."""


class RowRecordsIgnored(Handler):
    """Listens to messages only."""

    def process(self, batch: Batch) -> None:
        """See `Processor`."""
        super().process(_only(batch, lambda record: string(record.keys, "pk").startswith(MESSAGE)))


class NeverForgets(Handler):
    """Remembers what it has applied, whoever read the shard meanwhile."""

    def forget(self) -> None:
        """See `Work.forget`."""


class NoSweep(Sweeps):
    """Whatever may never have reached us is nobody's business."""

    def owe(self, stream: str, gap: Gap) -> None:
        """See `OnGap`."""


class LettersClosedUnseen(DeadLetters):
    """Closes a letter although it was put again since it was read."""

    def settle(self, letter: Letter) -> bool:
        """See `DeadLetters`."""
        return self._state.delete(OPEN_LETTERS, string(letter.item, "sk"))


class Orphans(Lineage):
    """Reads children whenever they are seen."""

    def _parent_settled(self, shard: Shard, ended: Mapping[str, bool]) -> bool:
        del shard, ended
        return True


def put_anyway(item: Item) -> ProducerAction:
    """A message or row, whatever stands there."""
    return {"Put": {"Item": item}}


def of_the_group(row: Row) -> Mapping[str, object]:
    """A row need not be as read; it is enough that it is the group's."""
    return unless_changed({"message_group_uuid": row.item["message_group_uuid"]})


def as_far_as_read(row: Row) -> Mapping[str, object]:
    """A row without a revision is as read although somebody has given it one since."""
    return unless_changed(row.item)


def stay_there(kept: Row, _newest: Newest | None, _position: str | None) -> str:
    """A row shows the newest message where it has always stood."""
    return kept.sk


def shows_by_time(row: Row, newest: Newest | None) -> bool:
    """A row shows a message if the times agree, whatever the text."""
    return newest is not None and row.shown == newest.sk


def create_row_blindly(chat: Chat, seat: Seat, newest: Message) -> list[ProducerAction]:
    """A row for somebody who was not seen to have one, without a look at their list or the roster."""
    roster: ProducerAction = put_roster(newest.group, seat.user, chat.now(), None)
    unconditional = {"Put": {"Item": roster["Put"]["Item"]}}
    return [put_new(row_item(seat, newest.created_at, newest)), unconditional]


@dataclass(frozen=True, slots=True)
class Ablation:
    """A guard that is gone; `patches` says what stands in production code's place."""

    name: str
    patches: Mapping[str, object]
    scenario: str
    """Where it shows."""
    seeds: range = range(600)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Production lacks the guard meanwhile."""
        with ExitStack() as stack:
            for target, replacement in self.patches.items():
                stack.enter_context(patch(target, replacement))
            yield


_RECONCILER, _STORE = "stream_worker.assembly.Reconciler", "stream_worker.assembly.DynamoStore"
_PLAN = "stream_worker.reconcile.plan"
_HANDLER = "stream_worker.assembly.Handler"

ABLATIONS = (
    Ablation("no message check", {_STORE: NoMessageCheck}, "restored"),
    Ablation("no gone check", {_STORE: NoGoneCheck}, "restored"),
    Ablation("weak condition", {"stream_worker.store._as_read": of_the_group}, "zombies"),
    Ablation("first revision overlooked", {"stream_worker.store._as_read": as_far_as_read}, "first-start"),
    Ablation("no roster", {_STORE: NoRoster}, "stale-index"),
    Ablation("row records ignored", {_HANDLER: RowRecordsIgnored}, "guests"),
    Ablation("hints trusted", {_STORE: HintsTrusted}, "stale-index"),
    Ablation("hints for row records", {_RECONCILER: HintsForRowRecords}, "duplicates"),
    Ablation("no sweep", {"stream_worker.assembly.Sweeps": NoSweep}, "silence"),
    Ablation("letters closed unseen", {"stream_worker.assembly.DeadLetters": LettersClosedUnseen}, "letters"),
    Ablation("rows created blindly", {"producer.membership.create_row": create_row_blindly}, "meet"),
    Ablation("roster never ensured", {_STORE: RosterNeverEnsured}, "seated"),
    Ablation("rows stay where they are", {f"{_PLAN}._target": stay_there}, "churn"),
    Ablation("texts not compared", {f"{_PLAN}.Row.shows": shows_by_time}, "rewrites"),
    Ablation(
        "messages put anyway",
        {"producer.messages.put_new": put_anyway, "producer.membership.put_new": put_anyway},
        "same-stamp",
    ),
    Ablation("never forgets", {_HANDLER: NeverForgets}, "restored"),
    Ablation(
        "orphans read",
        {"stream_worker.drivers.native.stream.Lineage": Orphans, "tests.simulation.fleet.Lineage": Orphans},
        "splits",
    ),
)
"""Guards whose absence shows in the simulator. Others show in the model check only (tests/simulation/model): the look
at one's own records, the checks that go with deleted duplicates, what is remembered; the order of the reads shows there
when other guards are gone as well."""


def _only(batch: Batch, wanted: Callable[[Record], bool]) -> Batch:
    return replace(batch, records=tuple(filter(wanted, batch.records)))
