"""From findings to deeds. A finding only says where to look: each deed starts from strong reads of its own."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from shared.errors import Poison, Transient
from shared.keys import roster_key
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.plan import Row
from stream_worker.repair import writes
from stream_worker.repair.restorer import Restorer
from stream_worker.verify.findings import Finding, Grade
from stream_worker.verify.table import Table


class Result(StrEnum):
    """What became of a finding."""

    PLANNED = "to do"  # a dry run says what it would do
    DONE = "done"
    NOT_NEEDED = "not needed"  # right by now: the worker or somebody else was first
    LEFT = "left"  # nothing can be done, or not without --restore-lost
    FAILED = "failed"  # it did not work this time


@dataclass(frozen=True, slots=True)
class Repair:
    """One finding, what is to be done about it, and what became of it."""

    finding: Finding
    deed: str
    result: Result


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done; `do` says whether it changed anything. None: it cannot be done."""

    what: str
    do: Callable[[], bool] | None


class Repairer:
    """Repairs what was found, or says what it would do. Safe while workers and clients write.

    Args:
        table: the table.
        reconciler: the worker's.
        restorer: rebuilds lost rows.
        apply: do it.
        restore_lost: bring back rows that are missing, also where the member may have left by other software.
    """

    def __init__(
        self, table: Table, reconciler: Reconciler, restorer: Restorer, *, apply: bool, restore_lost: bool
    ) -> None:
        self._table = table
        self._reconciler = reconciler
        self._restorer = restorer
        self._apply = apply
        self._restore_lost = restore_lost

    def repairs(self, findings: Iterable[Finding]) -> Iterator[Repair]:
        """One repair for each finding that asks for one, as they come."""
        for finding in findings:
            if deed := self._deed(finding):
                yield self._carry_out(finding, deed)

    def _deed(self, finding: Finding) -> Deed | None:
        """What a finding asks for; None: nothing, as it is odd only, or not known to be wrong."""
        if finding.what == "missing":
            return self._deed_for_missing(finding)
        if finding.grade is not Grade.WRONG:
            return None
        if finding.what != "ghost":
            return Deed("reconcile", partial(self._reconcile, finding.group, finding.user))
        if finding.group:
            return Deed("remove the row", partial(self._remove_ghost, finding.group, finding.user))
        return Deed("remove what has no group", partial(self._remove_stubs, finding.user))

    def _deed_for_missing(self, finding: Finding) -> Deed | None:
        if not self._restore_lost:
            return Deed("--restore-lost brings it back", None) if finding.grade is Grade.WRONG else None
        other = self._restorer.other(finding.group, finding.user)
        if other is None:
            return Deed("cannot be rebuilt: nobody else is known in this group", None)
        return Deed(
            f"restore, showing {other.handle or other.uuid}", partial(self._restore, finding.group, finding.user)
        )

    def _carry_out(self, finding: Finding, deed: Deed) -> Repair:
        if deed.do is None:
            return Repair(finding, deed.what, Result.LEFT)
        if not self._apply:
            return Repair(finding, deed.what, Result.PLANNED)
        try:
            changed = deed.do()
        except (Transient, Poison) as error:
            return Repair(finding, f"{deed.what}: {error}", Result.FAILED)
        return Repair(finding, deed.what, Result.DONE if changed else Result.NOT_NEEDED)

    def _reconcile(self, group: str, user: str) -> bool:
        """As a sweep does: the roster item first, then the whole list."""
        self._table.store.ensure_roster(group, user)
        outcome = self._reconciler.reconcile(group, [user])
        for error in outcome.failed.values():
            raise error
        return bool(outcome.moved)

    def _restore(self, group: str, user: str) -> bool:
        restored = self._restorer.restore(group, user)
        return self._reconcile(group, user) or restored

    def _remove_ghost(self, group: str, user: str) -> bool:
        return self._table.retry.call(partial(self._try_remove_ghost, group, user))

    def _try_remove_ghost(self, group: str, user: str) -> bool:
        """Remove rows as read, if the roster still says that the user has left: they may just be coming back."""
        entry = self._table.get(roster_key(group, user))
        if entry is None or "left_at" not in entry:
            return False
        rows = self._table.store.rows_of(group, user)
        for row in rows:
            writes.transact(self._table, [writes.delete(row.item), writes.check(entry)])
        return bool(rows)

    def _remove_stubs(self, user: str) -> bool:
        return self._table.retry.call(partial(self._try_remove_stubs, user))

    def _try_remove_stubs(self, user: str) -> bool:
        stubs = [item for item in self._table.read.partition(user) if not Row(item).group]
        for item in stubs:
            writes.transact(self._table, [writes.delete_stub(item)])
        return bool(stubs)
