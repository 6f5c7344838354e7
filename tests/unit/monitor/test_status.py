"""From a driver's view to the answers an orchestrator needs."""

from dataclasses import replace

import pytest

from stream_worker.monitor.status import POLLED_WITHIN_S, TURNS_WITHIN_S, Signs
from stream_worker.views import DriverView, Role
from tests.fakes.views import shard, view, vitals


def signs(of: DriverView) -> Signs:
    """The numbers."""
    return vitals(of).signs()


def test_a_worker_that_reads_is_well() -> None:
    """Alive, ready, and as far behind as the shard that is furthest behind."""
    found = signs(view(shard(behind_s=3), shard("b", behind_s=40, failures=2)))
    assert (found.is_alive, found.is_ready) == (True, True)
    assert found.iterator_age_s == pytest.approx(40)
    assert (found.shards, found.failing, found.waiting, found.stalled) == (2, 1, 1, 1)


def test_a_shard_settled_in_the_future_is_not_behind() -> None:
    """The clock of this machine was put back: that is no lag."""
    assert signs(view(shard(behind_s=-3600))).iterator_age_s == 0


def test_one_shard_that_is_not_polled_is_enough_to_be_unready() -> None:
    """F56: silence looks like health; 99 shards of 100 that are read are not all."""
    found = signs(view(shard(), shard("b", polled_s_ago=POLLED_WITHIN_S + 1)))
    assert (found.is_alive, found.is_ready) == (True, False)


def test_a_shard_that_was_never_polled_counts_from_its_own_start() -> None:
    """A child that was found a moment ago is given the time, however long its worker has been at work."""
    fresh, old = (replace(shard(opened_s_ago=POLLED_WITHIN_S + more), polled_at=None) for more in (-1, 1))
    assert signs(view(shard(), fresh)).is_ready
    assert not signs(view(shard(), old)).is_ready


def test_a_worker_without_shards_is_not_ready() -> None:
    """It has the lease and has not found the stream yet."""
    assert not signs(view()).is_ready


def test_a_loop_that_hangs_is_dead_in_every_role() -> None:
    """Only then does a new process help."""
    for role in Role:
        found = signs(view(shard(), role=role, turned_s_ago=TURNS_WITHIN_S + 1))
        assert (found.is_alive, found.is_ready) == (False, False)


@pytest.mark.parametrize(("role", "is_ready"), [(Role.STANDBY, True), (Role.WAITING, False)])
def test_a_standby_is_ready_and_who_cannot_reach_the_table_is_not(role: Role, *, is_ready: bool) -> None:
    """Both are alive: a restart mends neither."""
    found = signs(view(role=role))
    assert (found.is_alive, found.is_ready) == (True, is_ready)


def test_the_status_tells_it_all() -> None:
    """Each shard with its checkpoint and its age."""
    told = vitals(view(shard(behind_s=3))).status()
    assert (told["owner"], told["role"], told["ready"]) == ("ann", "active", True)
    [stream] = told["streams"]
    assert stream["shards"] == [
        {"shard": "a", "parent": None, "checkpoint": "1", "behind_s": 3.0, "polled_s_ago": 0.1, "failures": 0}
    ]
