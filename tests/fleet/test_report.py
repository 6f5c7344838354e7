"""What `scripts/prove --fleet` prints."""

from collections import Counter

from tests.fleet import report
from tests.fleet.deeds import Deed
from tests.fleet.reading import Reading
from tests.fleet.series import Series
from tests.fleet.takeover import End

SERIES = Series(
    minutes=9.5,
    done=Counter({Deed.HOST: 20, Deed.CHILD: 31, Deed.SLEEP: 4}),
    messages=1500,
    samples=20_000,
    shards=80,
    reading=Reading(missing=Counter({"shard": 2}), records=4000, again=70),
    wrong=("2 records of shard were in no batch",),
)


def test_what_is_missing_is_said() -> None:
    """With how many were killed, and of what."""
    lines = report.figures("made", SERIES, {})
    assert "| kills | 51: 20 of a whole host, 0 of a JVM, 31 of a child, 0 of a supervisor |" in lines
    assert "| **records that were in no batch** | 2 |" in lines
    assert len({line.count("|") for line in lines if line.startswith("|")} - {4}) == 1


def test_takeovers_have_their_percentiles() -> None:
    """Kinds that were not measured have no row."""
    *_, row = report.figures("made", None, {End.TERM: [3.0, 4.0, 5.0], End.LEADER: []})
    assert row == "| SIGTERM | 3 | 4.0, 4.9, 5.0 |"
    assert report.percentiles([2.5]) == "2.5, 2.5, 2.5"
