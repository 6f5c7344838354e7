"""The loop around the plan: read the rows, then the message, commit, and read again whatever was in the way.

The order of the reads matters: with the message read first, two workers and plain puts are enough to leave a row
stale for ever. Records and the index only say where to look; what is written rests on strong reads and on
conditions over everything that was read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from shared.errors import AppError, NeverSettled, Poison, Stopping, TransactionCancelled, Transient
from shared.keys import bump
from shared.retry import Retry
from stream_worker.reconcile import decision
from stream_worker.reconcile.decision import Verdict, Witness
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Change, Create, Newest, Row, actions, plan_member, slices
from stream_worker.reconcile.ports import Store

ROUNDS = 24  # lost races of one member before it becomes a dead letter
BUMPS = 2  # single steps to the next free position before the list is asked

_NEVER = frozenset({"ValidationError", "ItemCollectionSizeLimitExceeded"})


@dataclass(slots=True)
class Outcome:
    """What one reconcile did."""

    moved: int = 0
    clean: int = 0
    failed: dict[str, AppError] = field(default_factory=dict)
    """Members that will never settle: user -> why."""


@dataclass(frozen=True, slots=True)
class _View:
    """The rows, and the message as read after them."""

    rows: Mapping[str, list[Row]]
    newest: Newest | None


class Reconciler:
    """Makes the rows of a group show its newest message.

    Args:
        store: the messages table.
        memory: what this process remembers of it.
        retry: how a lost race is tried again.
        tell: told what was decided about each row; nothing depends on it.
    """

    def __init__(self, store: Store, memory: Memory, retry: Retry, tell: Witness = decision.to_nobody) -> None:
        self._store = store
        self._memory = memory
        self._retry = retry
        self._tell = tell

    def reconcile(self, group: str, users: Collection[str] | None = None, *, look: Collection[str] = ()) -> Outcome:
        """Settle all roster members of a group, or just `users`.

        Args:
            group: the message group.
            users: settle these only, by reading their whole lists.
            look: members whose whole list is read although a hint might do (a duplicate can stand beside it).

        Raises:
            Transient: it did not work this time; where single members were the trouble, all others are settled.
            Stopping: asked to stop; the transaction in hand is finished.
        """
        visit = self._memory.begin(group)
        members = sorted(users) if users is not None else self._store.roster(group)
        hinted = [user for user in members if users is None and user not in look]
        view = self._read(group, members, self._positions(group, hinted))
        try:
            outcome = self._settle_together(group, view)
        except (TransactionCancelled, Poison):
            self._memory.unapply(group)
            return self._settle_one_by_one(group, members)
        self._note(group, view, visit, whole=users is None)
        return outcome

    def _note(self, group: str, view: _View, visit: int, *, whole: bool) -> None:
        """Remember how far the group is applied, if every roster member's row was seen at it; else doubt what was."""
        newest = view.newest.sk if view.newest else ""
        if whole and newest and view.rows and all(view.rows.values()):
            self._memory.applied(group, newest, visit)
        elif whole:
            self._memory.unapply(group)
        else:
            self._memory.doubt(group, newest)

    def _settle_together(self, group: str, view: _View) -> Outcome:
        plans = {user: _plan(rows, view.newest) for user, rows in view.rows.items() if rows}
        changes = [change for change in plans.values() if change]
        if not all(change.complete for change in changes):
            raise NeverSettled  # many duplicates: member by member, as often as it takes
        for together in slices(group, view.newest, changes):
            self._commit(group, view.newest, together)
        right = [view.rows[user][0] for user, change in plans.items() if not change]
        self._tell(group, decision.clean(right, view.newest))
        return Outcome(moved=len(changes), clean=len(right))

    def _settle_one_by_one(self, group: str, members: Collection[str]) -> Outcome:
        """Each member by itself, so that one in trouble stops nobody else."""
        outcome = Outcome()
        late: Transient | None = None
        for user in members:
            try:
                self._settle(group, user, outcome)
            except Transient as error:
                late = error
            except Poison as error:
                outcome.failed[user] = error
        if late:
            raise late
        return outcome

    def _settle(self, group: str, user: str, outcome: Outcome) -> None:
        """One member, round after round."""
        try:
            while not self._retry.call(
                lambda: self._round(group, user, outcome), rounds=ROUNDS, on=TransactionCancelled
            ):
                pass  # more duplicates than one transaction deletes
        except TransactionCancelled as error:
            raise NeverSettled(f"The row was in motion for {ROUNDS} rounds: {error}") from error

    def _round(self, group: str, user: str, outcome: Outcome) -> bool:
        """Read without hints, plan, commit; whether the member is settled."""
        self._memory.saw_row(group, user, None)
        view = self._read(group, [user], {})
        change = _plan(view.rows[user], view.newest) if view.rows[user] else None
        if change is None:
            self._tell(group, decision.clean(view.rows[user], view.newest))
            outcome.clean += bool(view.rows[user])
            return True
        self._commit_around(group, view, change)
        outcome.moved += change.complete
        return change.complete

    def _commit_around(self, group: str, view: _View, change: Change) -> None:
        """Commit one member's change; where another group sits on the position, take the next free one."""
        rows = view.rows[change.user]
        for bumps in range(ROUNDS):
            try:
                return self._commit(group, view.newest, [change])
            except TransactionCancelled as error:
                if not _occupied_by_another(error, group, actions(group, view.newest, [change])):
                    _raise_if_never(error)
                    raise
            position = self._next_position(change, rows, bumps)
            change = _plan(rows, view.newest, position) or change
        raise NeverSettled("No position is free near the message's time stamp.")

    def _next_position(self, change: Change, rows: list[Row], bumps: int) -> str:
        taken = {row.sk for row in rows}
        if bumps >= BUMPS:
            taken.update(self._store.occupied(change.user, change.sk))
        position = bump(change.sk)
        while position in taken:
            position = bump(position)
        return position

    def _positions(self, group: str, users: Collection[str]) -> dict[str, str]:
        """Where these users' rows probably are: as remembered, else by the index."""
        remembered = {user: sk for user in users if (sk := self._memory.row(group, user))}
        if len(remembered) == len(users):
            return remembered
        indexed = self._store.hints(group)
        return {user: indexed[user] for user in users if user in indexed} | remembered

    def _read(self, group: str, members: Collection[str], positions: Mapping[str, str]) -> _View:
        """Rows first, then the message."""
        hit = self._store.rows_at(group, positions) if positions else {}
        rows = {user: [hit[user]] if user in hit else self._store.rows_of(group, user) for user in members}
        for user, found in rows.items():
            self._memory.saw_row(group, user, found[0].sk if len(found) == 1 else None)
        return _View(rows, self._store.newest(group))

    def _commit(self, group: str, newest: Newest | None, changes: list[Change]) -> None:
        if self._retry.stop.is_set():
            raise Stopping
        if any(change.gone for change in changes):
            self._memory.unapply(group)
        tried = actions(group, newest, changes)
        try:
            self._store.commit(tried)
        except TransactionCancelled as error:
            verdict = _why(error, group, tried)
            self._tell(group, decision.cancelled(changes, newest, len(tried), verdict))
            raise
        self._tell(group, decision.committed(changes, newest, len(tried)))
        for change in changes:
            self._memory.saw_row(group, change.user, change.sk)


def _plan(rows: list[Row], newest: Newest | None, position: str | None = None) -> Change | None:
    return plan_member(rows, newest, uuid4().hex, position=position)


def _occupied_by_another(error: TransactionCancelled, group: str, tried: Sequence[object]) -> bool:
    """Whether all that was in the way is a row of another group on the new position."""
    failed = [(action, reason) for action, reason in zip(tried, error.reasons, strict=False) if reason.code != "None"]
    return bool(failed) and all(
        isinstance(action, Create) and reason.item is not None and Row(dict(reason.item)).group != group
        for action, reason in failed
    )


def _why(error: TransactionCancelled, group: str, tried: Sequence[object]) -> Verdict:
    return Verdict.OCCUPIED if _occupied_by_another(error, group, tried) else decision.why(error)


def _raise_if_never(error: TransactionCancelled) -> None:
    for reason in error.reasons:
        if reason.code in _NEVER:
            raise NeverSettled(f"DynamoDB refuses the row: {reason.code}.") from error
