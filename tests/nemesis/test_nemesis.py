"""A small nemesis for CI: real workers on a real engine, killed and lied to; every row right at every moment."""

from pathlib import Path

import pytest

from devstack.engine import Engine
from devstack.program import Program
from tests.nemesis.deeds import Often
from tests.nemesis.report import complaints
from tests.nemesis.run import Goal, run


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_dozen_kills_and_lost_answers(tmp_path: Path, program: Program) -> None:
    """Killed, stopped, the engine restarted in the middle: 0 wrong at any moment, 0 in the end."""
    seldom = 1000  # what takes long is left to scripts/prove
    goal = Goal(
        kills=12, lost=12, users=16, groups=60, often=Often(stop=6, lull=seldom, squall=8, storm=seldom, engine=8)
    )
    with Engine(tmp_path, program=program) as engine:
        result = run(engine, program.name, tmp_path, goal, tell=lambda *_: None)
    assert list(complaints(result)) == []
    assert result.lost >= goal.lost
    assert result.samples
