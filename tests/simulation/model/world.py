"""The table as one group and one member see it: immutable, small, and changed only by what `MemoryTable` does.

Nothing here names a revision. Production compares `worker_rev` and `row_rev` only for equality with what stands in the
table, and a revision never comes back. So what was read is either still so (`NOW`) or is not (`OLD`), and that is all
there is to know.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.errors import Reason, TransactionCancelled
from shared.models import Item, string
from stream_worker.reconcile.plan import Action, Newest, Row
from tests.fakes.table import MemoryTable, at, texts

GROUP, USER = "g", "u"
LOOK = 0  # a record that asks for a look, whatever is remembered: an edit or a deletion
NONE: frozenset[int] = frozenset()
NOW, OLD = "now", "old"

NUMBER = {at(number): number for number in range(1, 10)}


class Line(NamedTuple):
    """What a conversation row says; messages and positions are numbers, a larger one is later."""

    position: int
    shows: int | None
    """None: the original wrote it, and it has neither `last_message_sk` nor revisions."""
    text: str
    pinned: str = "no"
    """An attribute of somebody else."""

    @property
    def shown(self) -> int:
        """The message it is compared by."""
        return self.position if self.shows is None else self.shows


class Standing(NamedTuple):
    """A row in the table, and whether the record of its last change, made by a worker, waits in the stream."""

    line: Line
    untold: bool


class Read(NamedTuple):
    """A row as somebody read it, and whether it still stands like this."""

    line: Line
    is_so: bool = True


class Message(NamedTuple):
    """A message as read."""

    number: int
    text: str


class World(NamedTuple):
    """Everything but the workers."""

    messages: tuple[str, ...]
    """The text of each message; empty: it does not exist."""
    rows: tuple[Standing, ...]
    untold: tuple[int, ...] = ()
    """What waits in the stream of messages, in order: the number of an inserted one, or LOOK. See `steps`."""
    foreign: bool = False
    """Whether a record of a row that no worker wrote waits; it always asks for a look, whatever the row says now."""

    @property
    def newest(self) -> Message | None:
        """The newest message."""
        there = [Message(number, text) for number, text in enumerate(self.messages, 1) if text]
        return there[-1] if there else None

    def at(self, position: int) -> Standing | None:
        """The row on a position."""
        return next((row for row in self.rows if row.line.position == position), None)

    @property
    def is_quiet(self) -> bool:
        """Whether no record waits."""
        return not (self.untold or self.foreign or any(row.untold for row in self.rows))

    def told(self, positions: frozenset[int], messages: frozenset[int], *, foreign: bool) -> "World":
        """The same, with these records acknowledged."""
        rows = tuple(row._replace(untold=row.untold and row.line.position not in positions) for row in self.rows)
        return self._replace(
            rows=rows,
            untold=tuple(record for record in self.untold if record not in messages),
            foreign=self.foreign and not foreign,
        )


def item_of(read: Read) -> Item:
    """A row as DynamoDB gives it."""
    line, rev = read.line, NOW if read.is_so else OLD
    said = texts(pk=f"GRP#{USER}", sk=at(line.position), message_group_uuid=GROUP, message=line.text)
    ours = texts(last_message_sk=at(line.shows), worker_rev=rev, row_rev=rev) if line.shows else {}
    return {**said, **ours, **texts(pinned=line.pinned)}


def newest_of(message: Message | None) -> Newest | None:
    """A message as the store gives it."""
    return Newest(at(message.number), {"S": message.text}) if message else None


def line_of(item: Item) -> Line:
    """What a row says."""
    shows = NUMBER.get(string(item, "last_message_sk"))
    return Line(NUMBER[string(item, "sk")], shows, string(item, "message"), string(item, "pinned"))


def transacted(world: World, actions: Sequence[Action]) -> tuple[World, tuple[Reason, ...]]:
    """The world after a transaction, or as it was, with the reasons why."""
    table = MemoryTable()
    for number, text in enumerate(world.messages, 1):
        if text:
            table.message(GROUP, at(number), text)
    before = {row.line.position: table.put(item_of(Read(row.line))) for row in world.rows}
    try:
        table.commit(actions)
    except TransactionCancelled as error:
        return world, error.reasons
    return world._replace(rows=tuple(_rows_after(world, before, table.rows(USER)))), ()


def _rows_after(world: World, before: dict[int, Item], rows: list[Row]) -> Iterator[Standing]:
    for row in rows:
        line = line_of(row.item)
        kept = world.at(line.position) if before.get(line.position) == row.item else None
        yield kept or Standing(line, untold=True)
