"""What works beside the stream, on tables in memory: sweeps, dead letters, their clock."""

from datetime import timedelta

from shared.models import Item
from shared.retry import Retry
from stream_worker.dead_letters import DeadLetters, Retrier
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.state import OPEN_LETTERS, SETTLED_LETTERS, SWEEPS, State
from stream_worker.sweep import Sweeps
from stream_worker.upkeep import Chores
from tests.fakes.clock import Clock, Stop
from tests.fakes.native import in_turn
from tests.fakes.outlets import Lines
from tests.fakes.state import state_client
from tests.fakes.table import MemoryTable, at


class Upkeep:
    """A process's chores, and the tables that outlive it."""

    def __init__(self) -> None:
        self.clock, self.log, self.rows = Clock(), Lines(), MemoryTable()
        self.table, self.client = state_client()
        self.build()

    def build(self) -> None:
        """As after a start of the process: nothing is remembered."""
        state = State(self.client, "state", "pattern-e")
        retry = Retry(Stop(self.clock), total_s=0, sleep=lambda _: None)
        reconciler = Reconciler(self.rows, Memory(), retry)
        self.letters = DeadLetters(state, self.clock.now, self.log)
        self.retrier = Retrier(self.letters, self.rows, reconciler, self.clock.now, self.log)
        self.sweeps = Sweeps(state, self.rows, reconciler, self.letters, in_turn, self.clock.now, self.log)
        self.chores = Chores(self.sweeps, self.retrier, self.clock.monotonic)

    def stale(self, count: int) -> None:
        """So many groups of one member each, whose rows show an old text at the right place."""
        for number in range(count):
            self.rows.message(f"g{number:03}", at(1), "new")
            self.rows.member(f"g{number:03}", f"u{number:03}", at(1), "old")

    def wrong(self) -> int:
        """How many rows still show what is old."""
        return sum(
            text == "old" for row in self.rows.index_rows(None, 10_000)[0] for _, text in self.rows.shown(row.user)
        )

    def sweep(self, most: int = 1000) -> int:
        """Work on what is owed, page by page; how many pages."""
        for page in range(most):
            owed = self.sweeps.next_due()
            if owed is None:
                return page
            self.sweeps.work(owed)
        return most

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**time).total_seconds())

    @property
    def owed(self) -> list[str]:
        """The sweeps that are owed."""
        return list(self.table.drawer(SWEEPS))

    @property
    def open(self) -> dict[str, Item]:
        """The open letters, by name."""
        return self.table.drawer(OPEN_LETTERS)

    @property
    def settled(self) -> dict[str, Item]:
        """The settled letters, by name."""
        return self.table.drawer(SETTLED_LETTERS)

    def facts(self, event: str) -> list[dict[str, object]]:
        """The facts of every such line of the log."""
        return [facts for line, facts in self.log.lines if line == event]
