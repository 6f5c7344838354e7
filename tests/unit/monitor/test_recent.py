"""What happened lately, for people."""

import pytest

from stream_worker.monitor.recent import SHOWN, WINDOW_S, Recent
from tests.fakes.clock import Clock
from tests.fakes.views import BATCH


def test_rates_are_of_the_last_minute_and_totals_of_the_whole_life() -> None:
    """An hour later nothing is moved any more, and it is still known what was."""
    clock = Clock()
    recent = Recent(clock.monotonic)
    recent.hear("batch_settled", {"shard": "a", **BATCH})
    assert recent.status()["rates_per_s"]["rows_moved"] == round(3 / WINDOW_S, 3)
    clock.advance(3600)
    assert (recent.status()["rates_per_s"]["rows_moved"], recent.status()["lag_ms"]) == (0, None)
    assert recent.status()["totals"]["rows_moved"] == 3


def test_groups_that_do_not_settle_are_shown_until_they_do() -> None:
    """By shard: another one's batch says nothing about them."""
    recent = Recent(Clock().monotonic)
    recent.hear("batch_unsettled", {"shard": "a", "groups": 2})
    recent.hear("batch_settled", {"shard": "b", **BATCH})
    assert recent.status()["dirty_groups"] == 2
    recent.hear("batch_settled", {"shard": "a", **BATCH})
    assert recent.status()["dirty_groups"] == 0


@pytest.mark.parametrize(
    ("event", "left"), [("shard_ended", 0), ("shard_lost", 0), ("records_trimmed", 0), ("shard_waits", 2)]
)
def test_groups_of_a_shard_that_is_gone_are_not_shown_for_ever(event: str, left: int) -> None:
    """No batch of it will ever settle; one that is only late still may."""
    recent = Recent(Clock().monotonic)
    recent.hear("batch_unsettled", {"shard": "a", "groups": 2})
    recent.hear(event, {"shard": "a"})
    assert recent.status()["dirty_groups"] == left


def test_a_standby_shows_nothing_of_when_it_worked() -> None:
    """Letters, sweeps and groups that wait are known to the process that works."""
    recent = Recent(Clock().monotonic)
    recent.hear("batch_unsettled", {"shard": "a", "groups": 2})
    for event in ("letters_seen", "sweeps_seen"):
        recent.hear(event, {"count": 3})
    recent.hear("standby", {})
    told = recent.status()
    assert [told[name] for name in ("dirty_groups", "dead_letters_open", "sweeps_owed")] == [0, 0, 0]


def test_the_last_lines_are_kept_newest_first() -> None:
    """As many as fit a page; what is no news is not among them."""
    clock = Clock()
    recent = Recent(clock.monotonic)
    for number in range(SHOWN + 5):
        recent.hear("shard_opened", {"shard": str(number)})
        recent.hear("sweeps_seen", {"count": number})
        clock.advance(1)
    lines = recent.status()["recent"]
    assert len(lines) == SHOWN
    assert lines[0] == {"at": 1.0, "event": "shard_opened", "shard": str(SHOWN + 4)}
    assert recent.status()["sweeps_owed"] == SHOWN + 4
