"""The driver's life: the lease, trouble that passes, and errors that end it."""

from collections.abc import Iterator

import pytest

from shared.errors import (
    AccessDenied,
    AppError,
    CredentialsRejected,
    RequestRefused,
    SchemaUnknown,
    Stopping,
    StreamMissing,
    TableMissing,
    Throttled,
    Unreachable,
)
from stream_worker.lease import NAME
from stream_worker.state import CHECKPOINTS, LEASE
from tests.fakes.faulty import refused
from tests.fakes.life import Life
from tests.fakes.streams import ARN


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
    [facts] = [facts for line, facts in life.log.lines if line == "checkpoint_taken"]
    assert "the checkpoint is not as written" in facts["next"]
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


@pytest.mark.parametrize(
    "error",
    [
        TableMissing(),
        StreamMissing(),
        AccessDenied(),
        CredentialsRejected(),
        Unreachable(),
        Throttled(),
        RequestRefused(),
    ],
)
def test_a_stream_that_cannot_be_found_is_waited_for(life: Life, error: AppError) -> None:
    """F49, F50, F52: a line with each wait, waits that grow and are bounded, then all goes well."""
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
