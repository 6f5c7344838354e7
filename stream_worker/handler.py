"""The handler: from a batch of hints to groups that are settled, or durably set aside."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from shared.errors import AppError, Poison, Stopping, Transient
from shared.keys import is_ours
from shared.logging import Log
from shared.models import string
from stream_worker.contract import Batch, Record, RunAll
from stream_worker.hints import GroupHint, read_hints, seen
from stream_worker.reconcile.loop import Outcome, Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Row
from stream_worker.reconcile.ports import Letters, Store

PATIENCE_S = 300.0  # a group that alone does not settle for so long becomes a dead letter


@dataclass(frozen=True, slots=True)
class Parts:
    """What a handler works with."""

    store: Store
    reconciler: Reconciler
    memory: Memory
    letters: Letters
    run_all: RunAll
    stopped: Callable[[], bool]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    log: Log


@dataclass(slots=True)
class _Troubles:
    """Groups that do not settle: since when; and when any group last did."""

    since: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Group -> when it began to fail while others settle, and when it last failed."""
    last_settled: float = float("-inf")

    def settled(self, group: str, outcome: Outcome, now: float) -> None:
        """A group is settled; that the table works is shown only by one that was looked at."""
        self.since.pop(group, None)
        if outcome.moved or outcome.clean:
            self.last_settled = now

    def is_hopeless(self, group: str, now: float) -> bool:
        """The group fails for a long time in which others settle."""
        first, last = self.since.get(group, (now, now))
        if self.last_settled < last:
            first = now  # nothing else has settled since it last failed: it is the table, not the group
        self.since[group] = (first, now)
        return now - first >= PATIENCE_S


class Handler:
    """`contract.Processor`: Pattern E."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._troubles = _Troubles()

    def process(self, batch: Batch) -> None:
        """Settle every record of the batch; see `contract.Processor`."""
        parts = self._parts
        started = parts.monotonic()
        parts.log.debug("records_came", shard=batch.shard, records=seen(batch.records))
        hints = read_hints(batch.records)
        jobs = [partial(self._try_group, group, hint) for group, hint in sorted(hints.groups.items())]
        results = parts.run_all(jobs)
        for record, reason in hints.poison:  # after the groups: a flood of them keeps nobody waiting
            parts.letters.put_record(batch, record, reason)
        outcomes = [result for result in results if isinstance(result, Outcome)]
        late = [result for result in results if isinstance(result, Transient)]
        if late:
            self._seek_evidence(dict(zip(sorted(hints.groups), results, strict=True)))
            again = "the batch is delivered again"
            parts.log.warning("batch_unsettled", shard=batch.shard, groups=len(late), error=str(late[0]), next=again)
            raise late[0]
        parts.log.info(
            "batch_settled",
            shard=batch.shard,
            records=len(batch.records),
            groups=len(hints.groups),
            rows_moved=sum(outcome.moved for outcome in outcomes),
            clean=sum(outcome.clean for outcome in outcomes),
            dead=len(hints.poison) + sum(len(outcome.failed) for outcome in outcomes),
            lag_ms=self._lag_ms(batch),
            duration_ms=round(1000 * (parts.monotonic() - started)),
        )

    def _try_group(self, group: str, hint: GroupHint) -> Outcome | Transient:
        """One group settled or set aside; what may work later is handed back, so that the others go on."""
        parts = self._parts
        if parts.stopped():
            raise Stopping
        try:
            outcome = self._settle(group, hint)
        except Transient as error:
            if not self._troubles.is_hopeless(group, parts.monotonic()):
                return error
            outcome = _given_up(hint, error)
        except Poison as error:
            outcome = _given_up(hint, error)
        for user, failure in sorted(outcome.failed.items()):
            parts.letters.put_group(group, user, failure)
        self._troubles.settled(group, outcome, parts.monotonic())
        return outcome

    def _settle(self, group: str, hint: GroupHint) -> Outcome:
        self._ensure_roster(group, hint.foreign)
        behind = self._behind(group, hint)
        self._ensure_roster(group, behind)
        users = hint.foreign | {user for user, _ in hint.own}
        if hint.must_look or (hint.inserted and not self._parts.memory.has_applied(group, hint.inserted)):
            return self._parts.reconciler.reconcile(group, look=users)
        return self._only(group, hint.foreign | behind)

    def _seek_evidence(self, results: Mapping[str, Outcome | Transient]) -> None:
        """Some groups did not settle. Where all others were skipped unread, ask for one: is it the table?"""
        settled = {group: result for group, result in results.items() if isinstance(result, Outcome)}
        if not settled or any(result.moved or result.clean for result in settled.values()):
            return
        try:
            self._parts.store.newest(next(iter(settled)))
        except Transient:
            return
        self._troubles.last_settled = self._parts.monotonic()

    def _ensure_roster(self, group: str, users: Collection[str]) -> None:
        for user in sorted(users):
            self._parts.store.ensure_roster(group, user)

    def _only(self, group: str, users: Collection[str]) -> Outcome:
        return self._parts.reconciler.reconcile(group, users) if users else Outcome()

    def _behind(self, group: str, hint: GroupHint) -> set[str]:
        """Users whose row, as a worker wrote it, does not show the newest message, or is not where it should be."""
        if not hint.own:
            return set()
        newest = self._parts.store.newest(group)
        return {user for user, image in hint.own if not Row(image).shows(newest) or self._is_astray(group, Row(image))}

    def _is_astray(self, group: str, row: Row) -> bool:
        """Whether this process has put the user's row elsewhere: somebody may have copied it."""
        remembered = self._parts.memory.row(group, row.user)
        return remembered is not None and remembered != row.sk

    def forget(self) -> None:
        """The lease is gone: what was remembered of rows, and of failures, may not be true any more."""
        self._parts.memory.clear()
        self._troubles = _Troubles()

    def _lag_ms(self, batch: Batch) -> int:
        newest = max(map(_written_at, batch.records), default=0.0)
        return max(0, round(1000 * (self._parts.clock().timestamp() - newest)))


def _written_at(record: Record) -> float:
    """When it was written: a message's own time stamp, where it refines the stream's whole seconds."""
    sk = string(record.keys, "sk") if isinstance(record.keys, dict) else ""
    if record.kind != "INSERT" or not is_ours(sk):
        return record.created_at
    stamped = datetime.fromisoformat(sk).timestamp()
    return stamped if 0 <= stamped - record.created_at < 1 else record.created_at


def _given_up(hint: GroupHint, error: AppError) -> Outcome:
    """A letter for the group, and one for each row record: the retrier puts their roster items, if they lack them."""
    users = {"", *hint.foreign, *(user for user, _ in hint.own)}
    return Outcome(failed=dict.fromkeys(users, error))
