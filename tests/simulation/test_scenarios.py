"""The promise, in every kind of run; and that the simulator would notice if it were broken."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.ablations import ABLATIONS, Ablation
from tests.simulation.original import original
from tests.simulation.run import run
from tests.simulation.scenarios import SCENARIOS

ROOT = Path(__file__).parents[2]
# Found within a few runs:
QUICK = {
    "no roster",
    "no sweep",
    "rows created blindly",
    "rows stay where they are",
    "texts not compared",
    "messages put anyway",
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_few_runs_of_every_scenario_keep_every_invariant(name: str) -> None:
    """Rows are never lost, doubled, overwritten or stale; checkpoints and letters promise nothing untrue."""
    for seed in range(2):
        result = run(SCENARIOS[name], seed)
        assert not result.violations, f"{result.replay}\n" + "\n".join(result.violations)


def test_the_original_is_caught_nearly_always() -> None:
    """Over 90 % of its runs break an invariant, and most leave rows wrong or lost for ever."""
    results = [run(SCENARIOS["churn"], seed, contender=original) for seed in range(20)]
    assert sum(bool(result.violations) for result in results) > 0.9 * len(results)
    assert sum(result.is_lasting for result in results) > 0.5 * len(results)


@pytest.mark.parametrize(
    "ablation",
    [pytest.param(one, marks=[] if one.name in QUICK else pytest.mark.slow, id=one.name) for one in ABLATIONS],
)
@pytest.mark.timeout(600)
def test_a_guard_that_is_gone_is_missed(ablation: Ablation) -> None:
    """Production without this one rule breaks an invariant in its scenario."""
    with ablation.applied():
        found = next((seed for seed in ablation.seeds if run(SCENARIOS[ablation.scenario], seed).violations), None)
    assert found is not None, f"{ablation.name}: nothing in {len(ablation.seeds)} runs of {ablation.scenario}"


def test_a_seed_is_one_run_whatever_python_hashes() -> None:
    """Two processes with different hash seeds print the same trace, step by step."""
    command = [sys.executable, "-m", "tests.simulation", "--scenario", "churn", "--seed", "11", "--trace"]
    runs = [
        subprocess.run(
            command, env={"PYTHONHASHSEED": salt, "PYTHONPATH": "."}, capture_output=True, check=True, cwd=ROOT
        )
        for salt in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.splitlines()) > 100
