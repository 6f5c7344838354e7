"""What a host shows of its shards: what their children said last."""

from stream_worker.drivers.kcl.shards import Shards
from stream_worker.views import ShardView
from tests.fakes.clock import NOON, Clock
from tests.fakes.streams import ARN


class Host:
    """A clock and the shards of one stream."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shards = Shards(ARN, self.clock.now, self.clock.monotonic)

    def says(self, event: str, shard: object = "a", **facts: object) -> None:
        self.shards.note(event, {"shard": shard, **facts})

    def only(self) -> ShardView:
        [shard] = self.shards.view().shards
        return shard


def test_a_shard_is_shown_from_its_opening_to_its_end() -> None:
    """And counted as ended then; one whose lease went elsewhere is not."""
    host = Host()
    host.says("shard_opened", parent="p", after="7", caught_up_at="2026-11-22T11:00:00.000000+00:00")
    assert (host.only().parent, host.only().settled) == ("p", "7")
    assert (NOON - host.only().caught_up_at).total_seconds() == 3600
    host.says("shard_opened", shard="b")
    host.says("lease_lost", shard="b")
    host.says("shard_ended")
    assert (host.shards.view().shards, host.shards.view().ended) == ((), 1)


def test_a_poll_is_a_sign_of_life() -> None:
    """With it comes how far the shard is; time of the wall never goes back."""
    host = Host()
    host.says("shard_opened")
    host.clock.advance(5)
    host.says("shard_polled", settled="9", caught_up_at="2026-11-22T12:00:05.000000+00:00")
    host.says("shard_polled", settled=None, caught_up_at="2026-11-22T10:00:00.000000+00:00")
    shard = host.only()
    assert (shard.settled, shard.polled_at, shard.caught_up_at) == ("9", host.clock.monotonic(), host.clock.now())


def test_what_does_not_work_is_counted_until_it_works() -> None:
    """As a native reader counts its turns."""
    host = Host()
    host.says("shard_opened")
    host.says("shard_waits")
    host.says("reading_waits")
    assert host.only().failures == 2
    host.says("batch_settled")
    assert host.only().failures == 0


def test_nonsense_changes_nothing() -> None:
    """Any program may write to a child's stderr."""
    host = Host()
    host.says("shard_polled")
    host.says("shard_opened", shard=["a"])
    host.says("shard_opened", shard="a", caught_up_at="yesterday")
    assert host.only().caught_up_at == NOON


def test_without_the_daemon_nothing_is_read() -> None:
    """Its children are gone with it."""
    host = Host()
    host.says("shard_opened")
    host.shards.forget()
    assert host.shards.view().shards == ()
