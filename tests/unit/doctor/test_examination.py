"""An examination goes on to its end, whatever it meets."""

from collections.abc import Iterator

from shared.errors import NoRegion
from stream_worker.doctor.examination import Check, Status, Verdict, examine, ok, warn


def fine() -> Iterator[Verdict]:
    yield ok("as it should be")


def broken() -> Iterator[Verdict]:
    yield ok("so far")
    raise NoRegion


def statuses(*checks: Check) -> list[tuple[str, Status]]:
    return [(line.check, line.status) for line in examine(checks)]


def test_an_error_of_ours_is_a_line_with_its_sentence() -> None:
    """What was said before it stands, too."""
    lines = list(examine([Check("region", broken)]))
    assert [line.status for line in lines] == [Status.OK, Status.FAIL]
    assert "AWS_REGION" in lines[1].text


def test_what_rests_on_a_failure_is_not_checked() -> None:
    """Nor what rests on that; the others are."""
    checks = (Check("a", broken), Check("b", fine, ("a",)), Check("c", fine, ("b",)), Check("d", fine))
    assert statuses(*checks)[2:] == [("b", Status.NOT_CHECKED), ("c", Status.NOT_CHECKED), ("d", Status.OK)]


def test_a_warning_stops_nothing() -> None:
    """It works, after all."""
    checks = (Check("a", lambda: [warn("hm")]), Check("b", fine, ("a",)))
    assert statuses(*checks) == [("a", Status.WARN), ("b", Status.OK)]
