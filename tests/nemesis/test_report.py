"""What `scripts/prove --nemesis` prints, and which engines it takes."""

from dataclasses import replace
from typing import Any

import pytest

from devstack.dynamodb_local import DynamoDBLocal
from devstack.engines import EngineName
from shared.errors import EngineMissing
from tests.acceptance.lineage import Order
from tests.nemesis import report
from tests.nemesis.checker import Violation
from tests.nemesis.deeds import Facts
from tests.nemesis.idle import Idle
from tests.nemesis.prove import installed
from tests.nemesis.run import Result
from tests.nemesis.shards import Splits

RESULT = Result(
    engine="ministack",
    minutes=9.5,
    messages=5000,
    samples=20_000,
    facts=Facts(stops=3, zombies=2),
    lost=201,
    other_faults=900,
    letters=0,
    letters_put=1,
    takeovers=(2.0, 2.5, 4.1),
    violations=(),
    complaints=(),
)
LOST = Violation("lost", "g", "u", 1.0, "0 row(s)")
SPLITS = Splits(Order(40, [], [], []), 1500, 12, 0)


def test_a_row_has_a_cell_a_column() -> None:
    """Also where something is wrong."""
    wrong = replace(RESULT, violations=(LOST, replace(LOST, last=True)), complaints=("a dead letter is open",))
    lines = [line for line in report.figures("made", [RESULT, wrong], [], [], []) if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    assert "| 0 | 0 | 1, 0 | 3: 2.5, 4.1; 1 |" in lines[2]
    assert "| 1 | 2 |" in lines[3]


def test_splits_are_a_table_of_their_own() -> None:
    """What was not read as it should be is counted."""
    lines = report.figures("made", [RESULT], [SPLITS], [Idle(150, 0.12, 70)], [])
    *_, head, _, row, idle = lines
    assert row == "| 40 | 1,500 | 12 | 0 | 0 | 0 | 0 |"
    assert row.count("|") == head.count("|")
    assert idle == "\n150 idle shards cost the worker 12% of a core, 70 MB."


def test_whatever_is_wrong_is_said() -> None:
    """With the engine's name, and whether it lasted."""
    wrong = replace(RESULT, violations=(LOST,), complaints=("a dead letter is open",))
    assert list(report.complaints(RESULT)) == []
    assert [line.partition(":")[0] for line in report.complaints(wrong)] == ["ministack", "ministack"]


@pytest.fixture
def without_java(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """DynamoDB Local cannot be started."""

    def prepare(_self: Any) -> None:
        raise EngineMissing

    monkeypatch.setattr(DynamoDBLocal, "prepare", prepare)
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


def test_an_engine_that_is_missing_is_skipped(without_java: pytest.MonkeyPatch) -> None:
    """On somebody's machine; in CI it is a failure, and so it is where it alone was asked for."""
    assert installed(list(EngineName)) == [EngineName.MINISTACK]
    with pytest.raises(EngineMissing):
        installed([EngineName.DYNAMODB_LOCAL])
    without_java.setenv("CI", "true")
    with pytest.raises(EngineMissing):
        installed(list(EngineName))
