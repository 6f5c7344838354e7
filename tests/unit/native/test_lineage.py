"""The tree of shards: what may be read, when a parent counts as gone, what no listing can take away."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stream_worker.drivers.native.lineage import GONE_AFTER, GONE_AFTER_S, Lineage
from stream_worker.streams import Shard


def names(shards: Sequence[Shard]) -> list[str]:
    """Their ids."""
    return sorted(shard.id for shard in shards)


def family() -> list[Shard]:
    """A root, its two children, a grandchild.

    a ─┬─ b ── d
       └─ c
    """
    return [Shard("a"), Shard("b", "a"), Shard("c", "a"), Shard("d", "b")]


def test_a_child_waits_for_its_parent() -> None:
    """F02: only roots may be read at first, children when their parent is settled to the end."""
    lineage = Lineage().listed(family(), 0)
    assert names(lineage.readable({})) == ["a"]
    assert names(lineage.readable({"a": False})) == ["a"]
    assert names(lineage.readable({"a": True})) == ["b", "c"]
    assert names(lineage.readable({"a": True, "b": True, "c": True})) == ["d"]


def test_a_listing_takes_nothing_away() -> None:
    """F05: a shard that one listing lacks is still known."""
    lineage = Lineage().listed(family(), 0).listed([], 1)
    assert names(list(lineage.shards.values())) == ["a", "b", "c", "d"]


def test_a_listing_without_the_parent_does_not_take_the_parent_away() -> None:
    """F05: who a shard's parent is, and that it is closed, stays known."""
    lineage = Lineage().listed([Shard("b", "a", closed=True)], 0).listed([Shard("b")], 1)
    assert lineage.shards["b"] == Shard("b", "a", closed=True)


def test_an_unseen_parent_is_gone_after_several_full_listings() -> None:
    """A parent that full listings no longer show and that has no checkpoint counts as settled."""
    lineage = Lineage()
    for _ in range(GONE_AFTER - 1):
        lineage = lineage.listed([Shard("b", "a")], 0).heard([Shard("b", "a")])
        assert lineage.is_waiting({})
        assert names(lineage.readable({})) == []
    assert names(lineage.listed([Shard("b", "a")], GONE_AFTER_S).readable({})) == ["b"]


def test_hasty_listings_do_not_make_a_parent_gone() -> None:
    """Listings can be late by seconds: however many were made meanwhile, the child waits (simulator: splits 87)."""
    lineage = Lineage()
    for number in range(10 * GONE_AFTER):
        lineage = lineage.listed([Shard("b", "a")], GONE_AFTER_S * number / (10 * GONE_AFTER))
    assert lineage.is_waiting({})
    assert names(lineage.listed([Shard("a"), Shard("b", "a")], GONE_AFTER_S).readable({})) == ["a"]


def test_a_parent_that_shows_up_again_is_waited_for() -> None:
    """The count of absences starts over: listings in a row are meant."""
    lineage = Lineage()
    for _ in range(GONE_AFTER - 1):
        lineage = lineage.listed([Shard("b", "a")], 0)
    assert names(lineage.listed([Shard("a"), Shard("b", "a")], GONE_AFTER_S).readable({})) == ["a"]


def test_an_unfinished_parent_is_waited_for_however_long_it_is_unlisted() -> None:
    """A parent with an unfinished checkpoint is lost or read, never taken for settled."""
    lineage = Lineage()
    for number in range(2 * GONE_AFTER):
        lineage = lineage.listed([Shard("b", "a")], number * GONE_AFTER_S)
    assert lineage.readable({"a": False}) == []


def test_ended_shards_without_a_child_are_known() -> None:
    """F01: these are asked for, and are an alarm in the end."""
    lineage = Lineage().listed(family(), 0)
    assert lineage.childless({"a": True, "b": False, "c": True}) == ["c"]


def test_forgotten_shards_are_not_read_again() -> None:
    """F45: a checkpoint that is deleted takes its shard along."""
    lineage = Lineage().listed(family(), 0).without(["a"])
    assert "a" not in names(lineage.readable({"b": True, "c": True}))


@given(st.lists(st.lists(st.sampled_from(family()), max_size=4), max_size=8))
def test_the_order_of_listings_does_not_matter(listings: list[list[Shard]]) -> None:
    """F05: what is known is the union of what was heard."""
    forwards, backwards = Lineage(), Lineage()
    for one, other in zip(listings, reversed(listings), strict=True):
        forwards, backwards = forwards.listed(one, 0), backwards.listed(other, 0)
    assert dict(forwards.shards) == dict(backwards.shards)
