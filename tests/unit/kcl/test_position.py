"""Up to when a shard is settled: what proves it, and how it is kept."""

from datetime import timedelta

import pytest

from shared.errors import AccessDenied, ConditionFailed, Conflict, Throttled
from stream_worker.drivers.kcl.position import EMPTY_AT_TIP, FETCHED_AHEAD, KEEP_S
from tests.fakes.child import Child
from tests.fakes.clock import NOON
from tests.fakes.faulty import lost, meanwhile, refused

DAY_S = 86_400.0


def test_a_batch_is_settled_up_to_its_last_record() -> None:
    """Not beyond now, whatever the record says, and never back."""
    child = Child()
    position = child.opened()
    child.clock.advance(30)
    for created_at in (NOON.timestamp() + 20, NOON.timestamp() + 1e6, 0.0):
        position.settled(None, created_at)
    assert (position.until, position.last) == (NOON + timedelta(seconds=30), None)
    place = child.settle(position)
    child.clock.advance(30)
    position.settled(None, NOON.timestamp() + 35)
    assert (position.until, position.last) == (NOON + timedelta(seconds=35), place)


def test_an_empty_batch_proves_only_what_was_before_it_was_asked_for() -> None:
    """KCL fetches ahead: what came in meanwhile is in none of the batches so far."""
    child = Child()
    position = child.opened()
    child.clock.advance(10)
    child.rest(position, FETCHED_AHEAD)
    assert position.until == NOON
    child.rest(position, 4)
    assert position.until == NOON + timedelta(seconds=13)


def test_an_empty_batch_takes_nothing_back() -> None:
    """What was settled by a record since then stays settled."""
    child = Child()
    position = child.opened()
    child.rest(position, 2)
    child.clock.advance(100)
    child.settle(position)
    settled = position.until
    child.rest(position, EMPTY_AT_TIP)
    assert position.until == settled


def test_a_few_empty_batches_prove_nothing() -> None:
    """Streams give empty pages on the way, too."""
    child = Child()
    position = child.opened()
    for _ in range(4):
        child.rest(position, EMPTY_AT_TIP - 1)
        position.begin_batch()
        position.settled(None, 0.0)
    assert position.until == NOON


def test_it_is_kept_once_in_a_while() -> None:
    """Busy or idle: at most one write a minute."""
    child = Child()
    position = child.opened()
    for _ in range(int(3 * KEEP_S)):
        child.rest(position, 1)
        position.keep()
    assert child.client.calls.count("put_item") == 1 + 3
    item = child.item()
    assert item
    assert item.settled_until > NOON + timedelta(seconds=2 * KEEP_S)


def test_it_is_kept_as_soon_as_it_moves() -> None:
    """A life may be shorter than the time between two writes, as may the next one."""
    child = Child()
    position = child.opened()
    child.clock.advance(1)
    child.settle(position)
    position.keep()
    item = child.item()
    assert item
    assert item.settled_until == child.clock.now()


def test_what_has_not_moved_is_not_written() -> None:
    """An item is read more often than it changes."""
    child = Child()
    position = child.opened()
    for _ in range(3):
        child.clock.advance(KEEP_S)
        position.keep()
    assert child.client.calls.count("put_item") == 1


def test_what_is_kept_says_where_the_shard_is() -> None:
    """For people who look at the table; KCL's own checkpoint is what counts."""
    child = Child()
    position = child.opened()
    child.clock.advance(KEEP_S)
    place = child.settle(position)
    position.keep()
    item = child.item()
    assert item
    assert (item.sequence, item.settled_until) == (place, child.clock.now())


def test_a_write_that_fails_holds_up_nothing() -> None:
    """The next time will do."""
    child = Child()
    position = child.opened()
    for accident in (refused(Throttled()), lost):
        child.client.meet("put_item", accident)
        child.clock.advance(KEEP_S)
        child.settle(position)
        position.keep()
    child.clock.advance(KEEP_S)
    child.settle(position)
    position.keep()
    child.clock.advance(KEEP_S)
    place = child.settle(position)
    position.keep()
    item = child.item()
    assert item
    assert (item.sequence, child.said("position_kept_later")) == (place, 2)


@pytest.mark.parametrize("error", [Throttled(), AccessDenied()], ids=repr)
def test_a_write_that_somebody_else_was_before_holds_up_nothing(error: Exception) -> None:
    """Nor does what stands there, if it cannot be read."""
    child = Child()
    position = child.opened()
    child.clock.advance(KEEP_S)
    child.settle(position)
    child.client.meet("put_item", refused(ConditionFailed()))
    child.client.meet("get_item", refused(error))
    position.keep()
    assert child.said("position_kept_later") == 1


def test_two_owners_of_a_shard_do_not_disturb_each_other() -> None:
    """A zombie's word is as true as ours: each goes on from what stands there, which never goes back."""
    child = Child()
    zombie = child.opened()
    owner = child.opened()
    moments = []
    for position in (owner, zombie, owner, zombie, zombie, owner, owner):
        child.clock.advance(KEEP_S)
        child.settle(position)
        position.keep()
        item = child.item()
        assert item
        moments.append(item.settled_until)
    assert moments == sorted(moments)
    assert moments[-1] == child.clock.now()


def test_what_stands_there_never_goes_back() -> None:
    """A zombie knows less than the shard's owner."""
    child = Child()
    zombie, owner = child.opened(), child.opened()
    child.clock.advance(1)
    child.settle(zombie)
    child.clock.advance(2 * KEEP_S)
    child.settle(owner)
    owner.keep()
    settled = child.clock.now()
    for _ in range(3):
        zombie.keep()
        child.clock.advance(KEEP_S)
    item = child.item()
    assert item
    assert item.settled_until == settled


def test_two_that_open_at_once_both_open() -> None:
    """The slower one does all of it again, and finds the other's item."""
    child = Child()
    child.begun = None
    child.before_gap = lambda: child.clock.advance(1)
    child.client.meet("put_item", meanwhile(child.opened))
    with pytest.raises(Conflict):
        child.opened()
    assert child.opened().until == NOON + timedelta(seconds=1)


def test_a_moment_that_is_to_come_proves_nothing() -> None:
    """A clock jumped ahead and back: believed, it would hide a real loss for as long as the jump."""
    child = Child()
    position = child.opened()
    child.clock.jump(30)
    child.rest(position, FETCHED_AHEAD + EMPTY_AT_TIP)
    child.clock.jump(-30)
    before = len(child.gaps)
    position.owe_if_too_old()
    assert child.gaps[before:] == ["checkpoint too old"]
    assert position.until <= child.clock.now()
