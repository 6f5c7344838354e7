"""What must hold: after every transaction, and when everything is quiet."""

from tests.simulation.model.world import Line, Standing, World


def broken_by_commit(before: World, after: World, *, only_lasting: bool) -> str | None:
    """What a worker's transaction has done wrong, if anything; what a later look may mend is not lasting."""
    lasting = _lost_or_doubled(before, after) or _careless(before, after)
    return lasting if lasting or only_lasting else _went_back(before, after) or _wrong(before, after)


def broken_when_quiet(world: World) -> str | None:
    """What is wrong although every record was settled and nobody is under way."""
    if len(world.rows) != 1:
        return f"{len(world.rows)} rows for ever"
    line, newest = world.rows[0].line, world.newest
    if newest is None:
        return f"the row shows {line.text!r} for ever, and there is no message" if line.text else None
    if (line.shown, line.text) != newest:
        return f"the row shows {line.shown}, {line.text!r}, for ever; the newest is {newest.number}, {newest.text!r}"
    return None


def _lost_or_doubled(before: World, after: World) -> str | None:
    if before.rows and not after.rows:
        return "the member's last row is gone"
    return "there is a row more than before" if len(after.rows) > len(before.rows) else None


def _went_back(before: World, after: World) -> str | None:
    """A row moved away from a message, or was deleted or blanked, although the message stands."""
    now = max((row.line.shown for row in after.rows if row.line.text), default=0)
    for row in _gone(before, after):
        if row.line.shown > now and before.messages[row.line.shown - 1]:
            return f"the row left message {row.line.shown}, which stands"
    return None


def _wrong(before: World, after: World) -> str | None:
    """What was written is not what the message says."""
    for row in _gone(after, before):
        if row.line.text and after.messages[row.line.shown - 1] != row.line.text:
            return f"the row was made to show {row.line.text!r}, which message {row.line.shown} does not say"
    return None


def _careless(before: World, after: World) -> str | None:
    """Somebody else's attribute changed; of duplicates one stays, with what it has."""
    pins = {row.line.pinned for row in before.rows}
    return None if {row.line.pinned for row in after.rows} <= pins else "somebody else's attribute was changed"


def _gone(before: World, after: World) -> list[Standing]:
    lines: set[Line] = {row.line for row in after.rows}
    return [row for row in before.rows if row.line not in lines]
