"""So many a second."""

from devstack.streams.iterators import Place
from devstack.streams.limits import Limit
from tests.unit.streams.made import NOON, stream


def test_a_second_of_silence_allows_a_burst() -> None:
    """And not one more."""
    limit = Limit(5)
    assert [limit.allows(0.0) for _ in range(7)] == [True] * 5 + [False] * 2


def test_the_rate_holds_over_time() -> None:
    """Asked a hundred times a second for ten seconds: five a second, and the burst at the start."""
    limit = Limit(5)
    assert sum(limit.allows(step / 100) for step in range(1000)) in {54, 55}


def test_who_keeps_to_the_rate_is_never_refused() -> None:
    """A poll every 200 ms is what AWS allows."""
    limit = Limit(5)
    assert all(limit.allows(step / 5) for step in range(1000))


def test_a_rate_below_one_allows_one_now_and_then() -> None:
    """One in two seconds."""
    limit = Limit(0.5)
    assert [limit.allows(now) for now in (0.0, 1.0, 2.0, 3.0, 4.0)] == [True, False, True, False, True]


def test_no_rate_is_no_limit() -> None:
    """Tests are in a hurry."""
    assert all(Limit(0).allows(0.0) for _ in range(100))


def test_what_was_counted_of_a_shard_is_forgotten_with_it() -> None:
    """A stream that splits for days does not grow."""
    made = stream(shards=1, reads_per_s=5.0, keep_s=60.0)
    [parent] = made.tree.open
    made.records(Place.decode(made.iterator(parent.id, "LATEST", None, NOON)), 1, NOON)
    assert parent.id in made._reads
    made.tree.roll(parent, NOON)
    made.tick(NOON + 61)
    assert not made._reads
