"""`python -m tests.simulation.model`: the figures, and with a guard taken away the shortest way to something wrong."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from tests.simulation.model.scope import IN_PROOF, Guard, Scope
from tests.simulation.model.search import Verdict, check

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

HEAD = f"{'states':>10} {'transitions':>12} {'seconds':>8}  world"


@app.command()
def model(
    workers: Annotated[int, typer.Option(min=1, max=4)] = 2,
    messages: Annotated[int, typer.Option(min=2, max=4)] = 2,
    memories: Annotated[int, typer.Option(min=0, help="Workers that remember what they applied.")] = 0,
    duplicates: Annotated[bool, typer.Option(help="Start with two rows that the original left.")] = False,
    others_write: Annotated[bool, typer.Option(help="Somebody else changes the row as well.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="All worlds of the proof; minutes.")] = False,
    without: Annotated[list[Guard] | None, typer.Option(help="A guard to take away.")] = None,
) -> None:
    """Walk every interleaving of workers and clients.

    Example: python -m tests.simulation.model --workers 3 --without message-gone
    """
    one = Scope(workers, messages, memories=memories, duplicates=duplicates, others_write=others_write)
    typer.echo(HEAD)
    is_wrong = False
    for scope in IN_PROOF if everything else (one,):
        verdict = check(scope, without or ())
        typer.echo("\n".join(report(scope, verdict, without or ())))
        is_wrong |= bool(verdict.counterexample)
    raise typer.Exit(is_wrong)


def report(scope: Scope, verdict: Verdict, without: Sequence[Guard] = ()) -> Iterator[str]:
    """A line for the table, and the counterexample under it."""
    removed = "".join(f", without {guard.value}" for guard in without)
    result = "WRONG" if verdict.counterexample else "right"
    yield f"{verdict.states:>10,} {verdict.transitions:>12,} {verdict.seconds:>8.1f}  {scope}{removed}: {result}"
    yield from (f"{number:>12}. {step}" for number, step in enumerate(verdict.counterexample, 1))


if __name__ == "__main__":
    app()
