"""Whatever ever failed is tried first and for ever."""

import pytest

from tests.simulation.ablations import ABLATIONS
from tests.simulation.corpus import Script, Seed, scripts, seeds
from tests.simulation.original import original
from tests.simulation.play import Play, play
from tests.simulation.run import run
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.world import ours


@pytest.mark.parametrize("kept", seeds(), ids=str)
def test_a_seed_that_failed_once(kept: Seed) -> None:
    """Ours holds today; the original is still caught."""
    contender = {"ours": ours, "original": original}[kept.algorithm]
    result = run(SCENARIOS[kept.scenario], kept.seed, contender=contender)
    assert bool(result.violations) is (kept.algorithm == "original"), kept.why


@pytest.mark.parametrize("script", scripts(), ids=str)
def test_a_script_that_failed_once(script: Script) -> None:
    """What Hypothesis found and shortened does not break the worker of today."""
    assert play(script.steps, script.driver) == []


@pytest.mark.parametrize("script", [script for script in scripts() if script.without], ids=str)
def test_a_script_is_caught_without_its_guard(script: Script) -> None:
    """The script is about this guard: where it is taken away the promise breaks, by one throw of dice or another."""
    ablation = next(ablation for ablation in ABLATIONS if ablation.name == script.without)
    with ablation.applied():
        assert any(play(script.steps, script.driver, shift=shift) for shift in range(20))


def test_a_script_is_one_run() -> None:
    """Played twice, it leaves the same table at the same moment."""
    script = scripts()[0]
    one, other = (_played(script) for _ in range(2))
    assert one.world.seconds() == other.world.seconds()
    assert one.world.watch.rows.by_member == other.world.watch.rows.by_member


def _played(script: Script) -> Play:
    course = Play(script.driver)
    for line in script.steps:
        course.step(line)
    course.close()
    return course


def test_every_seed_says_why() -> None:
    """A line without a reason helps nobody who meets it again."""
    assert all(kept.why and kept.violation.startswith("I") for kept in seeds())
