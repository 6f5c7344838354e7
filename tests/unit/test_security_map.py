"""docs/security.md is what it says: each demand has its row, each test named is there, keys are made in one place."""

import ast
import re
from pathlib import Path

import pytest

from shared import keys
from tests.places import names_of_tests

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([ABC]\d) \|(.*)$", PAGE, re.MULTILINE)
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_each_demand_has_one_row() -> None:
    """A to C of the checklist, in their order."""
    assert [name for name, _ in ROWS] == [
        f"{part}{n}" for part, last in (("A", 5), ("B", 7), ("C", 9)) for n in range(1, last + 1)
    ]


@pytest.mark.parametrize(("path", "name"), sorted(set(TESTS)))
def test_each_test_that_is_named_exists(path: str, name: str) -> None:
    """A test that was renamed or dropped leaves no demand behind without one."""
    assert name in names_of_tests(ROOT / path)


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_each_row_names_a_test_or_a_reason(name: str, row: str) -> None:
    """Nothing is promised in silence."""
    assert "`tests/" in row or "No test: " in row, name


def test_keys_are_made_in_one_place() -> None:
    """No other module of ours spells the beginning of a key, so none puts one together from what somebody sent."""
    prefixes = (keys.MESSAGE, keys.ROW, keys.ROSTER)
    spelled = {
        str(file.relative_to(ROOT))
        for room in ("shared", "producer", "stream_worker", "chat_app")
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in prefixes
    }
    assert spelled == {"shared/keys.py"}
