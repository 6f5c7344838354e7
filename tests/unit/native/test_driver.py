"""The driver's life: the lease, every stream there is, trouble that passes, and errors that end it."""

from collections.abc import Callable, Iterator

import pytest

from shared.errors import (
    AccessDenied,
    AppError,
    RequestRefused,
    SchemaUnknown,
    Stopping,
    StreamMissing,
    TableMissing,
    Throttled,
    Unreachable,
)
from stream_worker.contract import Gap, Work
from stream_worker.drivers.native.driver import LOOK_AGAIN_S, STREAM_LOOK_S, NativeDriver, Parts
from stream_worker.drivers.native.lease import NAME, Lease
from stream_worker.state import CHECKPOINTS, LEASE, STREAMS
from tests.fakes.faulty import refused
from tests.fakes.native import Scene, in_turn
from tests.fakes.streams import ARN, LATER_ARN

NEVER = 1e9  # the length of a lease that stays ours however fast the clock of a test runs


class Life(Scene):
    """A process that runs until a moment of the story; a stream of one shard, a."""

    def __init__(self) -> None:
        super().__init__()
        self.streams.build({"": ["a"]})
        self.chores: Callable[[], float] = lambda: 60.0
        self.forgotten = 0
        self.length_s = NEVER

    def step(self) -> float:
        """`Upkeep`."""
        return self.chores()

    def forget(self) -> None:
        """What a driver calls when the right to work ends."""
        self.forgotten += 1

    def lease(self, owner: str) -> Lease:
        """The lease as one process sees it."""
        return Lease(self.state, owner, self.length_s, self.clock.now, self.clock.monotonic, self.log)

    def live(self, seconds: float, owner: str = "ann") -> None:
        """One process, from its start to its stop."""
        self.stop.clear()
        self.clock.after(seconds, self.stop.set)
        parts = Parts(
            api=self.streams,
            state=self.state,
            lease=self.lease(owner),
            retry=self.retry,
            run_all=in_turn,
            stop=self.stop,
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
            log=self.log,
            poll_s=0.2,
            limit=100,
            lease_s=self.length_s,
        )
        NativeDriver(parts, Work(self, self.on_gap, self, self.forget)).run()

    def switch(self) -> None:
        """The stream is switched off and on: a new one, of one shard, n; the old one's shards are closed."""
        for shard in self.streams.by_arn[ARN].values():
            shard.closed = True
        self.streams.latest = LATER_ARN
        self.streams.build({"": ["n"]}, arn=LATER_ARN)


@pytest.fixture
def life() -> Iterator[Life]:
    """Not begun yet."""
    life = Life()
    yield life
    life.stop.set()


def test_a_process_reads_and_leaves_the_lease_free(life: Life) -> None:
    """F47: what was settled is checkpointed, what was remembered is forgotten, the standby need not wait."""
    written = life.streams.write("a", 3)
    life.live(5)
    assert (life.read("a"), life.position()) == (written, written[-1])
    assert (life.table.drawer(LEASE), life.said("lease_released")) == ({}, 1)
    assert life.forgotten >= 1


def test_a_standby_reads_nothing_until_the_lease_is_free(life: Life) -> None:
    """One process works; the other takes over from its checkpoints when it is let in."""
    written = life.streams.write("a")
    other = life.lease("bob")
    assert other.try_acquire()
    life.clock.after(10, lambda: life.story.append(("released", "")))
    life.clock.after(10, other.release)
    life.live(20)
    assert life.story[0] == ("released", "")
    assert life.read("a") == written
    assert life.said("standby") == 1


def test_a_checkpoint_somebody_else_wrote_means_to_stand_by(life: Life) -> None:
    """F41: no crash; whoever has the lease goes on from what is written."""
    life.live(1)
    item = life.table.items[f"pattern-e#{CHECKPOINTS}#{ARN}", "a"]
    life.clock.after(2, lambda: item.update(settled_until={"S": "2026-11-22T12:00:00.500000+00:00"}))
    life.clock.after(3, lambda: life.streams.write("a"))
    life.live(10)
    assert life.said("checkpoint_taken") == 1
    assert life.said("lease_taken") == 3
    assert len(life.read("a")) == 2


def test_stopping_in_a_batch_is_a_clean_end(life: Life) -> None:
    """F47: no checkpoint for it, no error, the lease is free."""
    life.streams.write("a")
    life.accidents.append(Stopping())
    life.clock.after(1, life.stop.set)
    life.live(1)
    assert life.position() == "TRIM_HORIZON"
    assert life.table.drawer(LEASE) == {}


def test_a_new_stream_is_opened_and_the_old_one_drained(life: Life) -> None:
    """F51: the old one is readable for a day; the new one owes a sweep for what lies between."""
    life.clock.after(10, lambda: life.streams.write("a", 2))
    life.clock.after(10, life.switch)
    life.clock.after(12, lambda: life.streams.write("n", 2, arn=LATER_ARN))
    life.live(600)
    assert (len(life.read("a")), len(life.read("n"))) == (2, 2)
    assert life.gaps == [Gap.FIRST_START.value, Gap.NEW_STREAM.value]
    assert list(life.table.drawer(STREAMS)) == [LATER_ARN]
    assert life.table.drawer(f"{CHECKPOINTS}#{ARN}") == {}
    assert life.said("lineage_stalled") == 0


def test_an_old_stream_is_drained_after_a_restart(life: Life) -> None:
    """F51: whoever starts reads all that was begun, not only what is there now."""
    life.live(5)
    life.streams.write("a", 2)
    life.switch()
    life.live(5)
    assert len(life.read("a")) == 2
    life.live(400)
    assert life.said("stream_drained") == 1
    asked = len(life.streams.calls)
    life.live(5)
    assert all(ARN not in call[1:2] for call in life.streams.calls[asked:])


def test_an_old_stream_whose_children_are_hidden_is_not_dropped(life: Life) -> None:
    """F05, F51: drained is what several listings agree on."""
    life.live(5)
    life.streams.build({"a": ["b"]})
    written = life.streams.write("b")
    life.streams.knows_children = False
    life.streams.meet("shards", *[["a"]] * 3)
    life.switch()
    life.live(400)
    assert life.read("b") == written


def test_a_stream_switched_off_is_read_on(life: Life) -> None:
    """F51: the table has no stream for an hour; the old one is drained meanwhile, and it is said."""
    life.clock.after(30, lambda: life.streams.meet("latest_stream", *[StreamMissing()] * 700))
    life.clock.after(90, lambda: life.streams.write("a", 2))
    life.live(200)
    assert len(life.read("a")) == 2
    assert life.said("stream_unknown") >= (200 - STREAM_LOOK_S) / LOOK_AGAIN_S - 3


@pytest.mark.parametrize(
    "error", [TableMissing(), StreamMissing(), AccessDenied(), Unreachable(), Throttled(), RequestRefused()]
)
def test_a_stream_that_cannot_be_found_is_waited_for(life: Life, error: AppError) -> None:
    """F49, F52: a line with each wait, waits that grow and are bounded, then all goes well."""
    written = life.streams.write("a")
    life.streams.meet("latest_stream", *[error] * 10)
    life.live(60)
    assert life.read("a") == written
    lines = [facts["next"] for line, facts in life.log.lines if line == "reading_waits"]
    assert lines == [f"retry in {wait} s" for wait in ("0.5", "1", "2", "4", *["5"] * 6)]


def test_a_state_table_that_vanishes_is_waited_for(life: Life) -> None:
    """F52: whatever is asked of it; then the work begins anew, with a sweep."""
    life.clock.after(10, lambda: vanish(life))
    life.clock.after(11, lambda: life.streams.write("a"))
    life.live(120)
    assert life.said("reading_waits") > 3
    assert len(life.read("a")) >= 1
    assert life.position() == life.read("a")[-1]


def vanish(life: Life) -> None:
    """The state table is deleted; after some calls it is there again, empty."""
    life.table.items.clear()
    for call in ("get_item", "put_item", "query", "delete_item"):
        life.client.meet(call, *[refused(TableMissing())] * 8)


def test_a_lease_that_cannot_be_read_is_waited_for(life: Life) -> None:
    """F49: the engine comes up later than the worker."""
    written = life.streams.write("a")
    life.client.meet("get_item", *[refused(Unreachable())] * 5)
    life.live(60)
    assert life.read("a") == written
    assert life.said("lease_unreachable") == 5


def test_a_newer_schema_is_refused(life: Life) -> None:
    """A sentence and an end: an older version must not guess."""
    life.live(1)
    life.table.items[f"pattern-e#{CHECKPOINTS}#{ARN}", "a"]["schema"] = {"N": "2"}
    with pytest.raises(SchemaUnknown, match="schema 2, this worker knows 1"):
        life.live(10)
    assert life.table.drawer(LEASE) == {}
    life.table.items[f"pattern-e#{LEASE}", NAME] = {"pk": {"S": ""}, "sk": {"S": NAME}, "schema": {"N": "2"}}
    with pytest.raises(SchemaUnknown):
        life.live(10)


def test_an_unforeseen_error_in_a_batch_ends_the_process(life: Life) -> None:
    """A dead loop must end the process, with the error, and give the lease away."""
    life.streams.write("a")
    life.accidents.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        life.live(10)
    assert life.table.drawer(LEASE) == {}


@pytest.mark.parametrize("error", [ZeroDivisionError(), SchemaUnknown()])
def test_an_unforeseen_error_beside_the_stream_ends_the_process(life: Life, error: Exception) -> None:
    """Alive but dead is worse: a sweep that nobody does would be noticed by nobody."""

    def chores() -> float:
        raise error

    life.chores = chores
    with pytest.raises(type(error)):
        life.live(1e6)
    assert life.table.drawer(LEASE) == {}


def test_trouble_beside_the_stream_is_waited_out(life: Life) -> None:
    """A throttle, a refusal, a table that is away: said, and tried again."""
    troubles = [Throttled(), RequestRefused(), TableMissing()]

    def chores() -> float:
        if troubles:
            raise troubles.pop(0)
        life.stop.set()
        return 60.0

    life.chores = chores
    life.live(1e6)
    assert life.said("upkeep_waits") == 3


def test_a_lease_in_doubt_ends_the_reading(life: Life) -> None:
    """A renewal that hangs for longer than the lease lives: nothing is read meanwhile, then all goes on."""
    life.length_s = 1000.0  # the thread that renews it lives by another clock: for this one it hangs
    life.clock.after(999, lambda: life.streams.write("a"))
    life.live(1100)
    assert life.said("lease_taken") == 2
    assert len(life.read("a")) == 1
