"""What a driver shows of itself: its role, its shards, how far each is behind."""

from collections.abc import Iterator

import pytest

from shared.errors import ShardMissing, Throttled
from stream_worker.drivers.native.reader import EMPTY_PAGES_AT_TIP
from stream_worker.drivers.native.stream import CHILDLESS_S
from stream_worker.views import Role
from tests.fakes.faulty import refused
from tests.fakes.life import Life
from tests.fakes.native import Scene, turns


@pytest.fixture
def life() -> Iterator[Life]:
    """Not begun yet."""
    life = Life()
    yield life
    life.stop.set()


def test_a_worker_shows_what_it_reads(life: Life) -> None:
    """Who it is, that it works, and the shard with its checkpoint."""
    written, seen = life.streams.write("a", 2), life.seen_at(3)
    life.live(5)
    [view] = seen
    assert (view.owner, view.lease_held_by, view.role) == ("ann", "ann", Role.ACTIVE)
    [shard] = view.streams[0].shards
    assert (shard.shard, shard.settled, shard.failures) == ("a", written[-1], 0)
    assert life.driver
    assert life.driver.view().streams == ()


def test_a_standby_shows_who_works(life: Life) -> None:
    """It reads nothing, and names the other."""
    other, seen = life.lease("bob"), life.seen_at(3)
    assert other.try_acquire()
    life.live(5)
    assert [(view.role, view.lease_held_by, view.streams) for view in seen] == [(Role.STANDBY, "bob", ())]


def test_a_worker_that_cannot_reach_the_lease_waits(life: Life) -> None:
    """It is neither active nor a standby that could take over; its loop turns all the same."""
    life.client.meet("get_item", *[refused(Throttled())] * 20)
    seen = life.seen_at(3)
    life.live(4)
    [view] = seen
    assert view.role is Role.WAITING
    assert life.clock.monotonic() - view.turned_at < 10


def test_an_idle_shard_is_not_behind() -> None:
    """Its checkpoint is old, and it is known to have nothing more: alarms on its age would wake people for nothing."""
    scene = Scene()
    scene.streams.build({"": ["a"]})
    reader = scene.stream_reader()
    scene.rounds(reader, 45)
    [shard] = reader.view().shards
    assert (scene.clock.now() - shard.caught_up_at).total_seconds() < 2
    assert shard.polled_at is not None
    assert scene.clock.monotonic() - shard.polled_at < 2


def test_a_page_that_took_an_hour_says_nothing_of_that_hour() -> None:
    """What was written while it was on its way may not be in it."""
    scene = Scene()
    scene.streams.build({"": ["a"]})
    reader = scene.shard_reader()
    scene.streams.meet("records", *[None] * (EMPTY_PAGES_AT_TIP - 1), lambda: scene.clock.advance(3600))
    turns(reader, EMPTY_PAGES_AT_TIP)
    assert (scene.clock.now() - reader.view(0).caught_up_at).total_seconds() >= 3600


def test_a_shard_that_cannot_be_read_falls_behind() -> None:
    """Whatever the reason: from its last success on."""
    scene = Scene()
    scene.streams.build({"": ["a"]})
    reader = scene.stream_reader()
    scene.rounds(reader, 45)
    scene.streams.meet("records", *[Throttled()] * 100)
    scene.rounds(reader, 30)
    [shard] = reader.view().shards
    assert (scene.clock.now() - shard.caught_up_at).total_seconds() > 25
    assert shard.failures > 1


def test_a_lineage_that_goes_nowhere_is_shown() -> None:
    """F01: a closed shard without a child, for longer than listings are late."""
    scene = Scene()
    scene.streams.build({"": ["a"], "a": ["b"]})
    scene.streams.shard("b").closed = True
    reader = scene.stream_reader()
    scene.rounds(reader, 5)
    assert (reader.view().ended, reader.view().stalled) == (2, ())
    scene.rounds(reader, CHILDLESS_S + 60)
    assert reader.view().stalled == ("b",)


def test_a_child_that_waits_is_shown() -> None:
    """F02: it is known, and not read before its parent's end."""
    scene = Scene()
    scene.streams.build({"": ["a"], "a": ["b"]})
    scene.streams.meet("records", *[Throttled()] * 9, ShardMissing())
    reader = scene.stream_reader()
    scene.rounds(reader, 0.1)
    assert (len(reader.view().shards), reader.view().waiting) == (1, 1)


def test_shards_that_ended_before_a_restart_do_not_count_against_those_that_wait() -> None:
    """Their checkpoints outlive their listing by a day: less than nothing would wait."""
    scene = Scene()
    scene.streams.build({"": ["a", "z"], "a": ["b"]})
    scene.rounds(scene.stream_reader(), 5)
    del scene.streams.by_arn[scene.streams.latest]["a"]
    restarted = scene.stream_reader()
    scene.rounds(restarted, 5)
    assert (restarted.view().ended, restarted.view().waiting) == (1, 0)
