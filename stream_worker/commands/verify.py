"""`stream-worker verify`: is every row right?"""

from dataclasses import asdict

import typer

from shared import console
from stream_worker.commands.walk import AsJson, Group, Patience, Rate, User, Walk, emit_json, open_walk, progress
from stream_worker.verify.findings import Finding, Grade


def verify(
    *,
    group: Group = None,
    user: User = None,
    patience: Patience = 10,
    rate: Rate = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every row from messages and rosters; exit status 1 if one is wrong.

    It reads only, in pages, and holds no more than one list at a time, so that a table may have any size. What seems
    wrong is looked at again until patience ends, as the worker may be on its way. One group is read by itself; for one
    user the whole table is read, as nothing else tells which row is lost.

    Example: stream-worker verify --rate 200 --patience 30
    """
    walk = open_walk(group, user, rate, patience)
    with progress(walk, "verifying", as_json=as_json) as say:
        findings = walk.verifier.findings()
        if as_json:
            emit_json("findings", map(asdict, findings), lambda: {**_grades(walk), **walk.counts()})
        else:
            for found in findings:
                say(finding_line(found))
    walk.refuse_nobody()
    if not as_json:
        typer.echo(_summary(walk))
    if walk.verifier.grades[Grade.WRONG]:
        raise typer.Exit(console.FINDING)


def finding_line(found: Finding) -> str:
    """A finding for people."""
    return f"{found.grade:<7}  {found.what:<9}  group {found.group or '-'}  user {found.user or '-'}  {found.detail}"


def _summary(walk: Walk) -> str:
    grades, tally = _grades(walk), walk.survey.tally
    return (
        f"verify: {grades['wrong']} wrong, {grades['suspect']} suspect, {grades['odd']} odd "
        f"({tally.rows} rows, {tally.groups} groups, {tally.messages} messages)"
    )


def _grades(walk: Walk) -> dict[str, int]:
    return {grade.value: walk.verifier.grades[grade] for grade in Grade}
