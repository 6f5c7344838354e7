"""The driver and its streams: one that takes another's place, the old one read to its end, none dropped."""

from collections.abc import Iterator

import pytest

from shared.errors import StreamMissing, Throttled
from stream_worker.contract import Gap
from stream_worker.drivers.native.streams import LOOK_AGAIN_S, STREAM_LOOK_S
from stream_worker.state import CHECKPOINTS, STREAMS
from tests.fakes.life import Life
from tests.fakes.streams import ARN, LATER_ARN


@pytest.fixture
def life() -> Iterator[Life]:
    """Not begun yet."""
    life = Life()
    yield life
    life.stop.set()


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


def test_an_old_stream_is_not_dropped_while_a_record_of_it_waits(life: Life) -> None:
    """F51: its last batch did not settle for minutes, and the new stream was found long before it did."""
    life.clock.after(10, lambda: life.accidents.extend([Throttled()] * 30))
    life.clock.after(10, lambda: life.streams.write("a"))
    life.clock.after(10, life.switch)
    life.live(900)
    assert len(life.read("a")) == 31
    assert life.said("stream_drained") == 1


def test_what_was_remembered_is_forgotten_with_a_new_stream(life: Life) -> None:
    """F52: it may be that of another table of the same name: deleted, made anew, restored from yesterday."""
    life.clock.after(10, life.switch)
    moments: list[int] = []
    life.clock.after(9, lambda: moments.append(life.forgotten))
    life.clock.after(119, lambda: moments.append(life.forgotten))
    life.live(120)
    assert moments[1] == moments[0] + 1


def test_a_stream_that_came_to_its_end_is_looked_after_soon(life: Life) -> None:
    """F51, F52: nobody waits a minute for a stream that was switched off and on, or for a table made anew."""
    life.clock.after(10, life.switch)
    written: list[str] = []
    life.clock.after(11, lambda: written.extend(life.streams.write("n", arn=LATER_ARN)))
    life.live(10 + 2 * LOOK_AGAIN_S)
    assert life.read("n") == written
    assert life.streams.count("latest_stream") <= 4


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
