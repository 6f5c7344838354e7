"""One run again, readably: `python -m tests.simulation --scenario churn --seed 4711 --trace`."""

from typing import Annotated

import typer

from shared import console
from tests.simulation.campaign import CONTENDERS
from tests.simulation.run import run
from tests.simulation.scenarios import SCENARIOS

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@app.command()
def replay(
    scenario: Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")],
    seed: Annotated[int, typer.Option(help="Which run of it.")],
    trace: Annotated[bool, typer.Option("--trace", help="Print every step.")] = False,
    contender: Annotated[str, typer.Option(help="ours, or original: the bootcamp's algorithm.")] = "ours",
) -> None:
    """Run one seed of a scenario; exit status 1 if it violates an invariant.

    Example: python -m tests.simulation --scenario churn --seed 4711 --trace
    """
    if scenario not in SCENARIOS or contender not in CONTENDERS:
        raise typer.BadParameter(f"There are the scenarios {', '.join(SCENARIOS)}, and ours and original.")
    result = run(SCENARIOS[scenario], seed, contender=CONTENDERS[contender], is_told=trace)
    faults = ", ".join(f"{name} {count}" for name, count in sorted(result.faults.items())) or "none"
    typer.echo(f"{scenario}, seed {seed}: {SCENARIOS[scenario].story}")
    typer.echo(f"{result.steps} steps, {result.messages} messages, {result.calls} calls of the workers")
    typer.echo(f"faults: {faults}")
    for violation in result.violations:
        typer.echo(f"VIOLATION {violation}")
    typer.echo(f"violations: {len(result.violations)}")
    raise typer.Exit(1 if result.violations else 0)


if __name__ == "__main__":
    console.run(app)
