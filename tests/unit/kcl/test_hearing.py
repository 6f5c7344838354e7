"""Lines of the daemon and of its children, whoever says them."""

import json
from typing import Any

import pytest

from stream_worker.drivers.kcl.hearing import LONGEST, Hearing
from tests.fakes.outlets import Lines


class Ears:
    """A `Hearing`, and what it passes on."""

    def __init__(self) -> None:
        self.log, self.noted = Lines(), list[tuple[str, dict[str, Any]]]()
        self.hearing = Hearing(self.log, lambda event, facts: self.noted.append((event, facts)))

    def hears(self, **said: object) -> None:
        self.hearing.line(json.dumps(said))


def test_a_childs_line_is_our_line() -> None:
    """With its facts, at its level, without the time at which it said it."""
    ears = Ears()
    ears.hears(event="batch_settled", level="info", timestamp="2026", shard="a", records=3)
    assert ears.log.lines == [("batch_settled", {"shard": "a", "records": 3})]
    assert ears.noted == ears.log.lines


def test_the_daemons_line_says_whose_it_is() -> None:
    """Its last error is why it ended."""
    ears = Ears()
    ears.hears(level="ERROR", logger="Daemon", message="No such table.", at="2026")
    assert ears.log.lines == [("daemon", {"message": "No such table.", "logger": "Daemon"})]
    assert (ears.hearing.last_error, ears.noted) == ("No such table.", [])


@pytest.mark.parametrize("line", ["Exception in thread", "[1]", '"x"', "{", "[" * 100_000, '{"event": 7}', "7"])
def test_what_nobody_planned_is_a_warning(line: str) -> None:
    """It may say why something stopped; it is cut, as it may say very much."""
    ears = Ears()
    ears.hearing.line(line)
    [(event, facts)] = ears.log.lines
    assert (event, facts["text"]) == ("daemon_said", line[:LONGEST])


def test_an_empty_line_is_none() -> None:
    """Java likes them."""
    ears = Ears()
    ears.hearing.line("  ")
    assert ears.log.lines == []


@pytest.mark.parametrize("level", ["WARN", "nonsense", "bind", None, 7])
def test_a_level_that_is_none_is_a_warning(level: object) -> None:
    """And never the name of something else that a log can do."""
    ears = Ears()
    ears.hears(event="x", level=level)
    assert ears.log.lines == [("x", {})]


@pytest.mark.parametrize("facts", [{"self": 1}, {"event": "x", "method_name": "y"}])
def test_a_line_that_cannot_be_passed_on_is_told_of(facts: dict[str, object]) -> None:
    """A child may print anything; the next line is heard."""
    ears = Ears()
    ears.hearing.line(json.dumps({"event": "x", "level": "info", **facts}))
    ears.hears(event="y", level="info")
    assert [event for event, _ in ears.log.lines][-1] == "y"


def test_what_the_listener_cannot_bear_is_told_of() -> None:
    """It is no reason to stop listening."""
    log = Lines()
    Hearing(log, lambda _event, facts: facts["nothing"]).line('{"event": "x", "level": "info"}')
    assert [event for event, _ in log.lines] == ["line_unheard"]
