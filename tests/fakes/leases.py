"""Processes that want one lease, and the table that it is in."""

from threading import Event

from stream_worker.lease import NAME, Lease, Renewal
from stream_worker.state import LEASE, State
from tests.fakes.clock import Clock
from tests.fakes.outlets import Lines
from tests.fakes.state import StateTable, state_client

LENGTH_S = 10.0


class Processes:
    """Processes that want one lease."""

    def __init__(self) -> None:
        self.clock, self.log = Clock(), Lines()
        self.table: StateTable
        self.table, self.client = state_client()
        self.ann, self.bob = self.process("ann"), self.process("bob")

    def process(self, owner: str, length_s: float = LENGTH_S, table: str = "messages") -> Lease:
        """Another process."""
        state = State(self.client, "state", "pattern-e")
        return Lease(state, owner, length_s, self.clock.now, self.clock.monotonic, self.log, table=table)

    @property
    def holder(self) -> str | None:
        """Who holds the lease, by the table."""
        item = self.table.drawer(LEASE).get(NAME)
        return str(item["owner"]["S"]) if item else None

    def renewal(self, lease: Lease) -> tuple[Renewal, Event]:
        """The loop that renews, stepped by the test."""
        over = Event()
        return Renewal(lease, LENGTH_S, over, self.log), over
