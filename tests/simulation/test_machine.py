"""Hypothesis plays people, scheduler and accidents: what it finds it shortens; a script is then kept in scripts/."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.ablations import ABLATIONS
from tests.simulation.machine import Machine
from tests.simulation.original import original

USUAL = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def test_no_script_breaks_the_promise() -> None:
    """Sixty scripts of forty steps, always the same ones."""
    run_state_machine_as_test(Machine, settings=USUAL)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_longer_script_breaks_the_promise() -> None:
    """Many more, and longer."""
    run_state_machine_as_test(Machine, settings=settings(USUAL, max_examples=1000, stateful_step_count=60))


def test_the_original_is_caught() -> None:
    """The machine is not blind."""
    with pytest.raises(AssertionError, match="I1"):
        run_state_machine_as_test(Theirs, settings=settings(USUAL, max_examples=10))


def test_a_worker_without_one_check_is_caught() -> None:
    """Nor is it when all guards but one are there."""
    ablation = next(ablation for ablation in ABLATIONS if ablation.name == "weak condition")
    with ablation.applied(), pytest.raises(AssertionError, match="I4"):
        run_state_machine_as_test(Machine, settings=settings(USUAL, max_examples=150, phases=[Phase.generate]))


class Theirs(Machine):
    """The original does the work."""

    contender = staticmethod(original)
