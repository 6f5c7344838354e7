"""Record and replay: the production handler, stopped before any call and taken up again from the answers so far.

A worker in the middle of a batch is a function of its batch and of the answers its calls have had. So to know what it
does next, the handler is run from the start on a scripted store, which gives those answers and then pulls the plug.
That function is pure, and remembered: production code runs once for each distinct history.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Event
from typing import NamedTuple, TypeAlias

from shared.errors import Reason, TransactionCancelled
from shared.keys import message_key, row_key
from shared.retry import Retry
from stream_worker.contract import Batch, Processor, Record
from stream_worker.handler import Handler, Parts
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Action, Newest, Row
from stream_worker.reconcile.ports import Store
from tests.fakes.clock import Clock
from tests.fakes.outlets import Letters, Lines
from tests.fakes.table import at
from tests.simulation.model.world import GROUP, NUMBER, USER, Message, Read, item_of, newest_of


class Start(NamedTuple):
    """A batch, what the process remembers before it, and what the index says meanwhile."""

    messages: tuple[int, ...] = ()
    """Its records of messages: the number of an inserted one, or LOOK."""
    rows: tuple[Read, ...] = ()
    """The rows whose records are in it."""
    hint: int = 0
    """Where the index sees the row; 0: it sees none."""
    applied: int = 0
    """Up to which message the group is applied, as far as the process remembers; 0: it remembers nothing."""


class Rows(NamedTuple):
    """The answer to a read of rows."""

    found: tuple[Read, ...]


class Seen(NamedTuple):
    """The answer to a read of the newest message."""

    newest: Message | None


class Reply(NamedTuple):
    """The answer to a transaction; no reasons: it was done."""

    reasons: tuple[tuple[str, Read | None], ...]


Answer: TypeAlias = Rows | Seen | Reply
History: TypeAlias = tuple[Answer, ...]


class Call(NamedTuple):
    """What a worker asks next."""

    name: str
    position: int = 0
    actions: tuple[Action, ...] = ()


class Next(NamedTuple):
    """Where a worker stands."""

    call: Call | None
    """What it is about to ask; None: the batch is settled."""
    applied: int
    """What it remembers there."""


class Unplugged(BaseException):
    """The script has no more answers; nothing in production catches this."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class Script:
    """`reconcile.ports.Store`: recorded answers, then the plug.

    Calls that always get the same answer here (nobody joins or leaves) are answered at once and are no steps.
    """

    def __init__(self, start: Start, answers: History) -> None:
        self._hint = start.hint
        self._answers = iter(answers)

    def ask(self, call: Call) -> Answer:
        """The next answer."""
        for answer in self._answers:
            return answer
        raise Unplugged(call)

    def roster(self, _group: str) -> list[str]:
        """See `Store`."""
        return [USER]

    def ensure_roster(self, _group: str, _user: str) -> None:
        """See `Store`."""

    def hints(self, _group: str) -> Mapping[str, str]:
        """See `Store`."""
        return {USER: at(self._hint)} if self._hint else {}

    def rows_at(self, _group: str, positions: Mapping[str, str]) -> Mapping[str, Row]:
        """See `Store`."""
        return {row.user: row for row in self._rows(Call("rows_at", NUMBER[positions[USER]]))}

    def rows_of(self, _group: str, _user: str) -> list[Row]:
        """See `Store`."""
        return self._rows(Call("rows_of"))

    def newest(self, _group: str) -> Newest | None:
        """See `Store`."""
        return self.message("newest")

    def message(self, name: str) -> Newest | None:
        """The newest message, asked for under this name."""
        answer = self.ask(Call(name))
        assert isinstance(answer, Seen)
        return newest_of(answer.newest)

    def occupied(self, _user: str, _from_sk: str) -> Collection[str]:
        """See `Store`; asked only where another group sits on a position."""
        raise AssertionError

    def commit(self, actions: Sequence[Action]) -> None:
        """See `Store`."""
        answer = self.ask(Call("commit", actions=tuple(actions)))
        assert isinstance(answer, Reply)
        if answer.reasons:
            raise TransactionCancelled([Reason(code, item_of(row) if row else None) for code, row in answer.reasons])

    def _rows(self, call: Call) -> list[Row]:
        answer = self.ask(call)
        assert isinstance(answer, Rows)
        return [Row(item_of(read)) for read in answer.found]


Employ: TypeAlias = Callable[[Script, Memory], Processor]


def production(store: Store, memory: Memory) -> Handler:
    """The worker as it is shipped."""
    retry, clock = Retry(Event(), sleep=lambda _: None), Clock()
    return Handler(
        Parts(
            store=store,
            reconciler=Reconciler(store, memory, retry),
            memory=memory,
            letters=Letters(),
            run_all=lambda jobs: [job() for job in jobs],
            stopped=retry.stop.is_set,
            clock=clock.now,
            monotonic=clock.monotonic,
            log=Lines(),
        )
    )


class Player:
    """What a worker of one kind does next, whatever has happened to it."""

    def __init__(
        self,
        employ: Employ,
        scripted: Callable[[Start, History], Script] = Script,
        remembering: Callable[[], Memory] = Memory,
    ) -> None:
        self._employ, self._scripted, self._remembering = employ, scripted, remembering
        self._known: dict[tuple[Start, History], Next] = {}

    def next(self, start: Start, answers: History) -> Next:
        """The next call."""
        key = (start, answers)
        if key not in self._known:
            self._known[key] = self._play(start, answers)
        return self._known[key]

    def _play(self, start: Start, answers: History) -> Next:
        memory = self._remembering()
        if start.applied:
            memory.applied(GROUP, at(start.applied), memory.begin(GROUP))
        processor = self._employ(self._scripted(start, answers), memory)
        try:
            processor.process(batch_of(start))
        except Unplugged as plug:
            return Next(plug.call, _applied(memory))
        return Next(None, _applied(memory))


def _applied(memory: Memory) -> int:
    """The newest message whose rows it has vouched for: one above the last insertion that production would skip."""
    skipped = (number for number in (0, *NUMBER.values()) if Memory.has_applied(memory, GROUP, at(number)))
    return max((number + 1 for number in skipped), default=0)


def batch_of(start: Start) -> Batch:
    """The records of a batch."""
    messages = (
        Record("INSERT" if number else "MODIFY", message_key(GROUP, at(number or 1)), "1", 0.0)
        for number in start.messages
    )
    rows = (Record("INSERT", row_key(USER, at(read.line.position)), "2", 0.0, item_of(read)) for read in start.rows)
    return Batch("stream", "shard", (*messages, *rows))
