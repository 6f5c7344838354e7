"""`stream-worker repair`: make right what verify finds."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from shared import console
from stream_worker import assembly
from stream_worker.commands.walk import AsJson, Group, Patience, Rate, User, Walk, emit_json, open_walk, progress
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.repair.repairer import Repair, Repairer, Result
from stream_worker.repair.restorer import Restorer

Apply = Annotated[bool, typer.Option("--apply", help="Do it; without it nothing is written.")]
RestoreLost = Annotated[bool, typer.Option("--restore-lost", help="Bring back rows that are missing.")]

OPEN = frozenset({Result.PLANNED, Result.LEFT, Result.FAILED})


def repair(
    *,
    apply: Apply = False,
    restore_lost: RestoreLost = False,
    group: Group = None,
    user: User = None,
    patience: Patience = 10,
    rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Make right what verify finds, while the worker and clients go on; a dry run unless --apply.

    Rows that are stale, doubled or have a wrong text go through the worker's own reconcile. A row of somebody who
    left, or of no group, is removed if it is as read. --restore-lost rebuilds rows that are missing from the messages
    and the other member's rows, also of suspects; never of somebody who left by us. Exit status 1 if something is
    left to do.

    Example: stream-worker repair --restore-lost --apply
    """
    walk = open_walk(group, user, rate, patience)
    repairer = Repairer(
        walk.table,
        Reconciler(walk.table.store, Memory(), walk.table.retry),
        Restorer(walk.table, assembly.now),
        apply=apply,
        restore_lost=restore_lost,
    )
    results: Counter[Result] = Counter()
    with progress(walk, "repairing", as_json=as_json) as say:
        repairs = _counted(repairer.repairs(walk.verifier.findings()), results)
        if as_json:
            emit_json("repairs", map(_facts, repairs), lambda: {**_counts(results), **walk.counts()})
        else:
            for done in repairs:
                say(_lines(done))
    walk.refuse_nobody()
    if not as_json:
        _sum_up(walk, results)
    if any(results[result] for result in OPEN):
        raise typer.Exit(console.FINDING)


def _counted(repairs: Iterable[Repair], results: Counter[Result]) -> Iterator[Repair]:
    for done in repairs:
        results[done.result] += 1
        yield done


def _lines(done: Repair) -> str:
    found = done.finding
    who = f"group {found.group or '-'}  user {found.user or '-'}"
    return f"{done.result:<10}  {done.deed}\n            {found.what}: {who}  {found.detail}"


def _sum_up(walk: Walk, results: Counter[Result]) -> None:
    counts = ", ".join(f"{results[result]} {result}" for result in Result if results[result]) or "nothing to do"
    typer.echo(f"repair: {counts} ({walk.survey.tally.rows} rows, {walk.survey.tally.groups} groups)")
    if results[Result.PLANNED]:
        console.NOTES.print("A dry run: nothing was written; --apply does it.")


def _counts(results: Counter[Result]) -> dict[str, int]:
    return {result.name.lower(): results[result] for result in Result}


def _facts(done: Repair) -> dict[str, object]:
    return {"result": done.result, "deed": done.deed, **asdict(done.finding)}
