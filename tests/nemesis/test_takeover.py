"""Take-overs, by hand-written logs."""

from datetime import UTC, datetime

from tests.nemesis.takeover import Kill, takeovers

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


def taken(seconds: float, from_owner: str) -> dict[str, str]:
    """A worker's line."""
    at = datetime.fromtimestamp(NOON + seconds, UTC).isoformat()
    return {"event": "lease_taken", "timestamp": at, "from_owner": from_owner}


def test_from_the_kill_to_the_next_who_works() -> None:
    """By the name of the one who was killed."""
    kills, lines = [Kill(NOON + 1, "a"), Kill(NOON + 9, "b")], [taken(12, "b"), taken(3.5, "a")]
    assert list(takeovers(kills, lines, [])) == [2.5, 3.0]


def test_a_bystander_needs_no_heir() -> None:
    """Nor is the first who takes the lease anybody's heir."""
    assert list(takeovers([Kill(NOON, "")], [taken(1, "")], [])) == []


def test_nobody_takes_over_without_an_engine() -> None:
    """While it was away the workers are not measured."""
    kills, lines = [Kill(NOON, "a"), Kill(NOON + 20, "b")], [taken(8, "a"), taken(22, "b")]
    assert list(takeovers(kills, lines, [(NOON + 1, NOON + 7)])) == [2.0]
