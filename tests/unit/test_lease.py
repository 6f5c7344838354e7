"""The lease: taken when it is free or stood still, kept through lost answers, given up before others may start."""

from collections.abc import Callable
from threading import Event

import pytest

from shared.errors import ConsumerTaken, LeaseLost, OutcomeUnknown, Throttled, Unreachable
from stream_worker.lease import GIVE_UP, NAME, Renewal
from stream_worker.state import LEASE
from tests.fakes.faulty import lost, meanwhile, refused
from tests.fakes.leases import LENGTH_S, Processes


@pytest.fixture
def they() -> Processes:
    """Ann and Bob."""
    return Processes()


def test_the_first_takes_it_and_the_second_stands_by(they: Processes) -> None:
    """One process works."""
    assert they.ann.try_acquire()
    assert not they.bob.try_acquire()
    assert they.holder == "ann"


def test_of_two_that_race_one_wins(they: Processes) -> None:
    """Both saw it free; the condition decides."""
    they.client.meet("put_item", meanwhile(they.bob.try_acquire))
    assert not they.ann.try_acquire()
    assert they.holder == "bob"


def test_of_two_that_race_for_a_lease_that_stood_still_one_wins(they: Processes) -> None:
    """The same, when both have watched it for its length."""
    they.process("gone").try_acquire()
    assert not they.ann.try_acquire()
    assert not they.bob.try_acquire()
    they.clock.advance(LENGTH_S)
    they.client.meet("put_item", meanwhile(they.bob.try_acquire))
    assert not they.ann.try_acquire()
    assert they.holder == "bob"


def test_it_is_taken_over_only_after_it_stood_still_for_its_length(they: Processes) -> None:
    """F42: counted from when I first saw it."""
    they.ann.try_acquire()
    they.clock.advance(100)
    assert not they.bob.try_acquire()
    they.clock.advance(LENGTH_S - 0.1)
    assert not they.bob.try_acquire()
    they.clock.advance(0.1)
    assert they.bob.try_acquire()


def test_a_lease_that_is_renewed_is_never_taken(they: Processes) -> None:
    """A counter that moves starts the watch over."""
    they.ann.try_acquire()
    for _ in range(20):
        they.clock.advance(LENGTH_S * 0.9)
        they.ann.renew()
        assert not they.bob.try_acquire()


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wall_clock_that_jumps_takes_nothing_early(they: Processes, hours: float) -> None:
    """F42: wall time is for people."""
    they.ann.try_acquire()
    assert not they.bob.try_acquire()
    they.clock.jump(hours)
    assert not they.bob.try_acquire()
    assert not they.ann.is_doubtful()


def test_the_longer_length_counts(they: Processes) -> None:
    """A standby with a shorter setting does not start while the holder trusts its own."""
    they.process("slow", length_s=60).try_acquire()
    assert not they.bob.try_acquire()
    they.clock.advance(59)
    assert not they.bob.try_acquire()
    they.clock.advance(1)
    assert they.bob.try_acquire()


def test_a_lease_whose_answer_was_lost_is_ours_at_the_next_try(they: Processes) -> None:
    """F29: nobody waits for oneself."""
    they.client.meet("put_item", lost)
    with pytest.raises(OutcomeUnknown):
        they.ann.try_acquire()
    assert not they.bob.try_acquire()
    assert they.ann.try_acquire()


def test_boto_repeating_an_applied_write_is_success(they: Processes) -> None:
    """The SDK's own repetition comes back as a failed condition; what stands there is what was written."""
    they.client.meet("put_item", twice)
    assert they.ann.try_acquire()
    they.client.meet("put_item", twice)
    they.ann.renew()
    assert they.holder == "ann"


@pytest.mark.parametrize("accident", [lost, refused(OutcomeUnknown()), refused(Throttled())])
def test_a_renewal_whose_answer_was_lost_is_offered_again(they: Processes, accident: Callable[..., object]) -> None:
    """Whether it was written or not, the lease stays ours."""
    they.ann.try_acquire()
    they.client.meet("put_item", accident)  # type: ignore[arg-type]
    with pytest.raises((OutcomeUnknown, Throttled)):
        they.ann.renew()
    they.clock.advance(1)
    they.ann.renew()
    they.ann.renew()
    assert they.table.drawer(LEASE)[NAME]["counter"] == {"N": "3"}


def test_who_lost_the_lease_learns_it(they: Processes) -> None:
    """A process that slept comes back to somebody else's lease."""
    they.ann.try_acquire()
    they.bob.try_acquire()
    they.clock.advance(LENGTH_S)
    assert they.bob.try_acquire()
    with pytest.raises(LeaseLost):
        they.ann.renew()
    they.ann.release()
    assert they.holder == "bob"


def test_a_release_lets_the_standby_in_at_once(they: Processes) -> None:
    """A deployment costs nobody the length of a lease."""
    they.ann.try_acquire()
    assert not they.bob.try_acquire()
    they.ann.release()
    assert they.bob.try_acquire()


def test_a_release_after_a_lost_renewal_lets_the_standby_in_at_once(they: Processes) -> None:
    """What stands in the table may be the renewal that nobody answered."""
    they.ann.try_acquire()
    they.client.meet("put_item", lost)
    with pytest.raises(OutcomeUnknown):
        they.ann.renew()
    they.ann.release()
    assert they.bob.try_acquire()


def test_a_release_that_fails_is_no_error(they: Processes) -> None:
    """The lease runs out by itself; the process goes."""
    they.ann.try_acquire()
    they.client.meet("delete_item", refused(Unreachable()))
    they.ann.release()
    assert "lease_not_released" in dict(they.log.lines)
    assert they.holder == "ann"


def test_a_holder_that_cannot_renew_stops_before_another_may_start(they: Processes) -> None:
    """Its own patience is shorter than the lease, and counts from when it asked."""
    they.ann.try_acquire()
    they.bob.try_acquire()
    renewal, over = they.renewal(they.ann)
    they.client.meet("put_item", *[refused(Unreachable())] * 50)
    waited = 0.0
    while not over.is_set():
        assert not they.bob.try_acquire()
        wait = renewal.step()
        they.clock.advance(wait)
        waited += wait
    assert waited < LENGTH_S
    assert not they.bob.try_acquire()


def test_a_renewal_that_hangs_is_noticed_without_it(they: Processes) -> None:
    """A call can take longer than the lease lives: doubt needs no answer."""
    they.ann.try_acquire()
    they.clock.advance(GIVE_UP * LENGTH_S)
    assert not they.ann.is_doubtful()
    they.clock.advance(0.1)
    assert they.ann.is_doubtful()


def test_renewals_come_every_third_and_sooner_after_a_failure(they: Processes) -> None:
    """There are several chances before the lease is in doubt."""
    they.ann.try_acquire()
    renewal, over = they.renewal(they.ann)
    they.client.meet("put_item", refused(Throttled()))
    assert renewal.step() == pytest.approx(LENGTH_S / 15)
    assert renewal.step() == pytest.approx(LENGTH_S / 3)
    assert not over.is_set()


def test_a_renewal_that_breaks_ends_the_work(they: Processes) -> None:
    """A dead loop must end the process: the error comes out where the work was started."""
    they.ann.try_acquire()
    they.client.meet("put_item", refused(ZeroDivisionError()))
    over = Event()
    with pytest.raises(ZeroDivisionError), Renewal(they.ann, 0.003, over, they.log):
        assert over.wait(5)


def twice(go: Callable[[], dict[str, object]]) -> dict[str, object]:
    """The first answer was lost inside the SDK, which asks again."""
    go()
    return go()


def test_a_consumer_is_of_one_table() -> None:
    """Even when its holder is long silent: the first table would be kept by nobody, and nobody would know."""
    processes = Processes()
    assert processes.ann.try_acquire()
    processes.clock.advance(10 * LENGTH_S)
    with pytest.raises(ConsumerTaken, match=r"the table messages, this one is for second: set WORKER_NAME"):
        processes.process("bob", table="second").try_acquire()


def test_a_lease_of_an_older_version_says_no_table() -> None:
    """It is taken over as ever, and names the table from then on."""
    processes = Processes()
    assert processes.ann.try_acquire()
    del processes.table.drawer(LEASE)[NAME]["messages_table"]
    assert not processes.bob.try_acquire()
    processes.clock.advance(LENGTH_S + 1)
    assert processes.bob.try_acquire()
    assert processes.table.drawer(LEASE)[NAME]["messages_table"] == {"S": "messages"}
