"""`python -m tests.simulation.model`: the figures, and with a guard taken away the shortest way to something wrong."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer

from tests.simulation.model.scope import Guard, Scope
from tests.simulation.model.search import Verdict, check

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

HEAD = f"{'workers':>7} {'messages':>8} {'world':<22} {'states':>10} {'transitions':>12} {'seconds':>8}  result"


@app.command()
def model(
    workers: Annotated[int, typer.Option(min=1, max=4)] = 2,
    messages: Annotated[int, typer.Option(min=2, max=4)] = 2,
    texts: Annotated[str, typer.Option(help="What clients write, a letter each.")] = "ab",
    duplicates: Annotated[bool, typer.Option(help="Start with two rows that the original left.")] = False,
    others_write: Annotated[bool, typer.Option(help="Somebody else changes the row as well.")] = False,
    without: Annotated[list[Guard] | None, typer.Option(help="A guard to take away.")] = None,
) -> None:
    """Walk every interleaving of workers and clients.

    Example: python -m tests.simulation.model --workers 3 --without message-gone
    """
    scope = Scope(workers, messages, texts, duplicates=duplicates, others_write=others_write)
    typer.echo(HEAD)
    verdict = check(scope, without or ())
    for line in report(scope, verdict, without or ()):
        typer.echo(line)
    raise typer.Exit(1 if verdict.counterexample else 0)


def report(scope: Scope, verdict: Verdict, without: list[Guard] | tuple[Guard, ...] = ()) -> Iterator[str]:
    """A line for the table, and the counterexample under it."""
    plain = replace(scope, duplicates=False, others_write=False) == scope
    world = "one row" if plain else "two rows" if scope.duplicates else "others write the row"
    result = ", ".join(f"without {guard.value}" for guard in without) or "as shipped"
    yield (
        f"{scope.workers:>7} {scope.messages:>8} {world:<22} {verdict.states:>10,} {verdict.transitions:>12,} "
        f"{verdict.seconds:>8.1f}  {result}: {'WRONG' if verdict.counterexample else 'right'}"
    )
    yield from (f"        {number:>2}. {step}" for number, step in enumerate(verdict.counterexample, 1))


if __name__ == "__main__":
    app()
