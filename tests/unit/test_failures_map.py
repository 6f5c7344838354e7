"""docs/failures.md is what it says: each failure has its row, each test, file, scenario and guard named is there."""

import re
from pathlib import Path

import pytest

from tests.places import names_of_tests
from tests.simulation.ablations import ABLATIONS
from tests.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/failures.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (F\d\d) \|(.*)$", PAGE, re.MULTILINE)
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
NAMES = r"((?:`[a-z-][a-z -]*`(?:, | and )?)+)"


def named(kind: str) -> set[str]:
    """What is named behind this word, one or several."""
    lists = re.findall(rf"[{kind[0].upper()}{kind[0]}]{kind[1:]}s? {NAMES}", PAGE)
    return {name for names in lists for name in re.findall(r"`([^`]+)`", names)}


def test_each_failure_has_one_row() -> None:
    """F01 to F58, in their order."""
    assert [number for number, _ in ROWS] == [f"F{number:02}" for number in range(1, 59)]


@pytest.mark.parametrize(("path", "name"), sorted(set(TESTS)))
def test_each_test_that_is_named_exists(path: str, name: str) -> None:
    """A test that was renamed or dropped leaves no failure behind without one."""
    assert name in names_of_tests(ROOT / path)


@pytest.mark.parametrize(("number", "row"), ROWS)
def test_each_row_names_a_test_or_says_what_it_waits_for(number: str, row: str) -> None:
    """Nothing is promised in silence."""
    assert "`tests/" in row or "omes with the" in row, number


def test_the_simulator_has_what_is_named_of_it() -> None:
    """Scenarios and guards, by their names."""
    assert named("scenario")
    assert named("scenario") <= set(SCENARIOS)
    assert named("guard")
    assert named("guard") <= {ablation.name for ablation in ABLATIONS}


def test_the_files_that_are_named_exist() -> None:
    """Of the worker, if no other room is named."""
    files = {path for path in re.findall(r"`([\w/]+\.py)`", PAGE) if "/" in path}
    assert [path for path in files if not (ROOT / path).exists() and not (ROOT / "stream_worker" / path).exists()] == []
