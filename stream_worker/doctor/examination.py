"""The order of an examination: what rests on something that failed is not checked; nothing ends in a traceback."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import AppError


class Status(StrEnum):
    """How one thing is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look says."""

    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One verdict, under the name of its check."""

    check: str
    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at, and what must not have failed before."""

    name: str
    look: Callable[[], Iterable[Verdict]]
    needs: tuple[str, ...] = ()


def examine(checks: Iterable[Check]) -> Iterator[Line]:
    """One or more lines for each check, in order."""
    failed: set[str] = set()
    for check in checks:
        lines = [Line(check.name, verdict.status, verdict.text) for verdict in _verdicts(check, failed)]
        if any(line.status is Status.FAIL for line in lines) or failed.intersection(check.needs):
            failed.add(check.name)
        yield from lines


def ok(text: str) -> Verdict:
    """It is as it should be."""
    return Verdict(Status.OK, text)


def warn(text: str) -> Verdict:
    """It works, but somebody should look."""
    return Verdict(Status.WARN, text)


def fail(text: str) -> Verdict:
    """It does not work."""
    return Verdict(Status.FAIL, text)


def not_checked(text: str) -> Verdict:
    """Nobody knows."""
    return Verdict(Status.NOT_CHECKED, text)


def _verdicts(check: Check, failed: set[str]) -> Iterator[Verdict]:
    missing = [need for need in check.needs if need in failed]
    if missing:
        yield not_checked(f"because of: {', '.join(missing)}")
        return
    try:
        yield from check.look()
    except AppError as error:
        yield fail(str(error))
