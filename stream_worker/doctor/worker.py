"""The checks of what the worker leaves in the state table: who works, how far, what is owed, what is set aside."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from shared.errors import AccessDenied
from shared.models import Item, string
from stream_worker.checkpoints import TOO_OLD, Checkpoint
from stream_worker.dead_letters import Letter
from stream_worker.doctor.examination import Check, Verdict, fail, not_checked, ok, warn
from stream_worker.doctor.surroundings import STATE, STREAM, Surroundings
from stream_worker.lease import NAME as LEASE_NAME
from stream_worker.lease import kept_table
from stream_worker.state import CHECKPOINTS, KCL_CHECKPOINTS, LEASE, OPEN_LETTERS, SWEEPS
from stream_worker.sweep import Owed

_NEVER = datetime.min.replace(tzinfo=UTC)

OLD = timedelta(hours=12)  # half of what a stream keeps
READERS = 2  # of a shard, at the same time (AWS quota)


class Traces:
    """Reads what the worker has written about itself."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._with = surroundings

    def checks(self) -> list[Check]:
        """All of them need the state table; how far the shards are, the stream too."""
        return [
            Check("lease", self._lease, (STATE,)),
            Check("other consumers", self._others, (STATE,)),
            Check("checkpoints", self._checkpoints, (STATE, STREAM)),
            Check("sweeps", self._sweeps, (STATE,)),
            Check("dead letters", self._letters, (STATE,)),
        ]

    def _lease(self) -> Iterator[Verdict]:
        lease = self._with.state.get(LEASE, LEASE_NAME)
        if lease is None:
            yield warn("nobody holds it: start `stream-worker run`")
            return
        kept, ours = kept_table(lease), self._with.settings.message_table
        if kept and kept != ours:
            yield fail(f"it is about {kept}, not {ours}: set WORKER_NAME to a name of its own for this table")
            return
        silent = self._since(string(lease, "renewed_at"))
        text = f"held by {string(lease, 'owner')}, renewed {span(silent)} ago"
        length = timedelta(seconds=float(lease.get("length_s", {}).get("N", "0")))
        yield ok(text) if silent <= length else warn(f"{text}: it is not working, start `stream-worker run`")

    def _others(self) -> Iterator[Verdict]:
        """By a Scan of the state table, which nothing else needs: it may well be forbidden."""
        try:
            leases = self._other_leases()
        except AccessDenied:
            yield not_checked("Scan of the state table is not allowed, and nothing else needs it")
            return
        names = [f"{string(item, 'pk').partition('#')[0]} (renewed {self._ago(item)} ago)" for item in leases]
        text = ", ".join(names) or "none in this state table"
        tell = warn if len(names) >= READERS else ok
        yield tell(f"{text}; Lambda triggers cannot be seen from here; a shard bears {READERS} readers")

    def _other_leases(self) -> list[Item]:
        found = self._with.clients.dynamodb.items(
            "scan",
            TableName=self._with.settings.state_table,
            FilterExpression="sk = :lease AND pk <> :ours",
            ExpressionAttributeValues={
                ":lease": {"S": LEASE_NAME},
                ":ours": {"S": f"{self._with.settings.worker_name}#{LEASE}"},
            },
        )
        return [item for item in found if string(item, "pk").endswith(f"#{LEASE}")]

    def _checkpoints(self) -> Iterator[Verdict]:
        """One line for each shard that is being read; by the driver that came further, if both have been here."""
        drawers = [f"{drawer}#{self._with.stream}" for drawer in (CHECKPOINTS, KCL_CHECKPOINTS)]
        found = [[Checkpoint(item) for item in self._with.state.all(drawer)] for drawer in drawers]
        latest = max(found, key=lambda one: max((checkpoint.settled_until for checkpoint in one), default=_NEVER))
        reading = [checkpoint for checkpoint in latest if not checkpoint.ended]
        for checkpoint in reading:
            yield self._age(checkpoint)
        if not reading:
            yield warn("none of this stream: the worker has not begun, a sweep will make up for it")

    def _age(self, checkpoint: Checkpoint) -> Verdict:
        age = self._with.clock() - checkpoint.settled_until
        text = f"{checkpoint.shard}: settled up to {span(age)} ago"
        if age >= TOO_OLD:
            return fail(f"{text}; the stream keeps 24 h: start the worker, it will sweep")
        if age >= OLD:
            return warn(f"{text}; the stream keeps 24 h: is the worker running, and keeping up?")
        return ok(text)

    def _sweeps(self) -> Iterator[Verdict]:
        owed = [Owed(item) for item in self._with.state.all(SWEEPS)]
        for sweep in owed:
            yield self._progress(sweep)
        if not owed:
            yield ok("none owed")

    def _progress(self, sweep: Owed) -> Verdict:
        is_again, reason = sweep.name.endswith("#again"), string(sweep.item, "reason")
        what = f'second pass after "{reason}" (the index may have been late):' if is_again else f"owed: {reason},"
        waits = datetime.fromisoformat(sweep.not_before) - self._with.clock()
        if waits > timedelta(0):
            return ok(f"{what} begins in {span(waits)}")
        done = f"{sweep.count('rows')} rows seen, {sweep.count('repaired')} repaired"
        return warn(f"{what} {done}; until it ends, rows may be wrong that no record tells of")

    def _letters(self) -> Iterator[Verdict]:
        letters = [Letter(item) for item in self._with.state.all(OPEN_LETTERS)]
        if not letters:
            yield ok("none open")
            return
        oldest = max(self._since(string(letter.item, "first_put")) for letter in letters)
        waiting = [letter.next_try for letter in letters if letter.group]
        when = f"next try at {min(waiting)}" if waiting else "they wait for a person"
        yield warn(f"{len(letters)} open, the oldest for {span(oldest)}, {when}: `stream-worker dead-letters list`")

    def _ago(self, lease: Item) -> str:
        return span(self._since(string(lease, "renewed_at")))

    def _since(self, stamp: str) -> timedelta:
        return self._with.clock() - datetime.fromisoformat(stamp)


def span(length: timedelta) -> str:
    """A length of time, as people say it."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 120:  # noqa: PLR2004 - below two minutes people count seconds
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - two hours
