"""Somebody who only listens: every record once, parents first, nothing written anywhere."""

from shared.errors import IteratorExpired, RecordsTrimmed, ShardMissing, Throttled, Unreachable
from stream_worker.drivers.native.listener import CHILD_S, LISTING_S, Listener
from tests.fakes.native import Scene
from tests.fakes.streams import ARN, record


class Room(Scene):
    """A listener, and what it was told."""

    def __init__(self, *shards: str) -> None:
        super().__init__()
        self.streams.build({"": shards})
        self.losses: list[str] = []
        self.listener = Listener(
            self.streams, ARN, self, self.clock.monotonic, limit=2, poll_s=0.2, on_loss=self.losses.append
        )

    def listen(self, seconds: float = 1.0) -> None:
        """Let it work for so long; what fails for now is tried again."""
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            try:
                wait = self.listener.step()
            except (Throttled, Unreachable):
                wait = 0.2
            self.clock.advance(max(wait, 0.001))


def test_all_records_of_all_shards_are_heard() -> None:
    """From the oldest on, each once, and what lands meanwhile."""
    room = Room("a", "b")
    early = room.streams.write("a", 5)
    room.listen()
    late = room.streams.write("a", 3)
    other = room.streams.write("b", 1)
    room.listen()
    assert (room.read("a"), room.read("b")) == (early + late, other)


def test_nothing_is_written() -> None:
    """No lease, no checkpoint: the worker does not notice."""
    room = Room("a")
    room.streams.write("a", 3)
    room.listen()
    assert (room.table.items, room.client.calls) == ({}, [])


def test_children_are_heard_after_their_parent() -> None:
    """A shard that ends is followed by its children, from their oldest record on."""
    room = Room("a")
    first = room.streams.write("a", 3)
    room.listen()
    room.streams.build({"a": ["b"]})
    second = room.streams.write("b", 3)
    room.listen(2 * CHILD_S)
    assert room.story == [("a", one) for one in first] + [("b", one) for one in second]


def test_a_shard_that_appears_later_is_found() -> None:
    """By the listing that comes whatever happens."""
    room = Room("a")
    room.listen()
    room.streams.build({"": ["n"]})
    written = room.streams.write("n")
    room.listen(LISTING_S + 1)
    assert room.read("n") == written


def test_a_parent_that_is_gone_is_not_waited_for() -> None:
    """After several listings without it."""
    room = Room("a")
    room.streams.shard("a").parent = "trimmed"
    written = room.streams.write("a")
    room.listen(15)
    assert room.read("a") == written


def test_trouble_that_passes_costs_no_record() -> None:
    """The next step goes on where this one stopped."""
    room = Room("a")
    written = room.streams.write("a", 6)
    room.streams.meet("records", None, Throttled(), IteratorExpired(), None, Unreachable())
    room.listen(3)
    assert room.read("a") == written
    assert room.losses == []


def test_what_can_never_be_heard_is_told() -> None:
    """A tape with a hole in it must say so."""
    room = Room("a")
    early = room.streams.write("a", 2)
    room.listen()
    room.streams.meet("records", RecordsTrimmed())
    room.listen()
    assert room.read("a") == early + early
    assert room.losses == [f"The stream no longer has the records after {early[-1]} of a."]


def test_a_shard_that_is_lost_is_told() -> None:
    """The others are still heard."""
    room = Room("a", "b")
    room.listen()
    room.streams.meet("records", ShardMissing())
    written = room.streams.write("b")
    room.listen()
    assert room.losses == ["The stream does not know a any more."]
    assert room.read("b") == written


def test_a_record_without_a_place_is_heard_like_any_other() -> None:
    """When the iterator is lost after it, the stream is read on from the last record that has one."""
    room = Room("a")
    early = room.streams.write("a", 1)
    room.streams.shard("a").records.append(record("", room.clock))
    room.listen()
    room.streams.meet("records", IteratorExpired())
    room.streams.shard("a").records.pop()
    late = room.streams.write("a", 1)
    room.listen()
    assert room.read("a") == [*early, "", *late]
