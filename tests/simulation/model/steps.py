"""What one worker can do next, as the production handler does it, and what that is to the others.

Some things need no state of their own, because whatever follows from them follows without them as well:

- A worker may be told to look at any time, whether or not a record waits: records come at least once, sweeps and the
  retrier look as well, and a worker that died after its transaction has looked and acknowledged nothing.
- A worker that dies earlier has changed nothing. It is as if it had not begun, and so is one that is about to read the
  list: whatever it holds it can be given again (`test_replay` shows that nothing it read before matters).
- So a transaction that is certain to be cancelled, since a row it rests on is no longer as read, is as good as over.
- A batch with all that waits is enough. Who acknowledges less leaves more for others to find; every wrong end that is
  reached like this is reached without.
- Of the records of a row that workers wrote only the last one matters: an earlier one is told at any time. It says what
  the row says now, so one flag a row, cleared by a change of the row, is all of its records. Records of rows that
  somebody else wrote ask for a look, whatever they say: one flag. Of equal records of messages the last one counts.
- A wrong hint is a miss, and a miss is followed by the Query that is made without a hint. A right one is as good as a
  Query, unless a duplicate stands beside it. So the positions that a process remembers need not be known.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple, TypeAlias, TypeVar

from shared.models import string
from stream_worker.reconcile.plan import Create, Remove, Rewrite, RowStands
from tests.simulation.model.clients import Effect
from tests.simulation.model.promise import broken_by_commit
from tests.simulation.model.replay import Answer, Call, History, Next, Player, Reply, Rows, Seen, Start
from tests.simulation.model.scope import Scope
from tests.simulation.model.world import LOOK, NONE, NUMBER, OLD, Line, Message, Read, World, line_of, transacted

A = TypeVar("A", bound=Answer)

_FOREIGN = (Read(Line(1, None, "")),)  # a row without revisions; where it stands and what it says is never looked at


class Idle(NamedTuple):
    """A worker between two batches."""

    remembers: bool = False
    """Whether it is one that remembers."""
    applied: int = 0
    """What it remembers."""


class Busy(NamedTuple):
    """A worker under way."""

    remembers: bool
    start: Start
    answers: History = ()
    scanned: int = 0
    """How far the Query in hand has come."""
    found: tuple[Read, ...] = ()
    """What it has found so far."""
    messages: frozenset[int] = NONE
    """The records of messages that it will acknowledge, as far as no new ones like them have come."""
    rows: frozenset[int] = NONE
    """The rows whose records it will acknowledge."""
    foreign: bool = False
    """Whether it will acknowledge the records of rows that somebody else wrote."""


Worker: TypeAlias = Idle | Busy


class Step(NamedTuple):
    """One step of a worker."""

    said: str
    world: World
    worker: Worker
    effect: Effect = Effect()
    broken: str | None = None
    """What it breaks."""


class Steps:
    """The steps of workers of one kind."""

    def __init__(self, scope: Scope, player: Player, begins: str | None) -> None:
        self._scope, self._player, self._begins = scope, player, begins

    def of(self, world: World, worker: Worker) -> list[Step]:
        """What this worker can do next."""
        if isinstance(worker, Busy):
            return [self._go_on(world, worker, "")]
        return [step for step in self._beginnings(world, worker) if (step.worker, step.world) != (worker, world)]

    def seen_by(self, worker: Busy, effect: Effect) -> Worker:
        """The same worker after a step of somebody else."""
        after = worker._replace(
            answers=tuple(_aged(answer, effect.changed) for answer in worker.answers),
            found=_aged(Rows(worker.found), effect.changed).found,
            messages=worker.messages - effect.messages,
            rows=worker.rows - effect.changed - effect.told,
            foreign=worker.foreign and not effect.foreign,
        )
        return after if after.scanned else self._unless_over(after)

    def _beginnings(self, world: World, idle: Idle) -> Iterator[Step]:
        """A batch, up to its first call: what is held before it is held after it."""
        if idle.applied:
            yield Step("is replaced by a new process", world, Idle(idle.remembers))
        rows = frozenset(row.line.position for row in world.rows if row.untold)
        everything = Busy(idle.remembers, Start(), messages=self._waits(world, idle), rows=rows, foreign=world.foreign)
        for start, said in self._looks(idle):
            yield self._go_on(world, everything._replace(start=start), said)
        if skipped := tuple(takewhile(lambda record: LOOK < record <= idle.applied, world.untold)):
            start = Start(messages=skipped, applied=idle.applied)
            yield self._go_on(
                world, Busy(idle.remembers, start, messages=frozenset(skipped)), f"is told of {skipped}, "
            )
        yield from self._at_a_row(world, idle)

    def _waits(self, world: World, idle: Idle) -> frozenset[int]:
        """The records of messages that this worker can acknowledge: where some remember, only they read that shard."""
        return frozenset(world.untold) if idle.remembers or not self._scope.memories else NONE

    def _looks(self, idle: Idle) -> Iterator[tuple[Start, str]]:
        """A look at the whole group; where there is a memory, a look at one member as well: it remembers less."""
        yield Start(messages=(LOOK,), applied=idle.applied), "is told to look, "
        if idle.remembers:
            yield Start(rows=_FOREIGN, applied=idle.applied), "is told to look at the member, "

    def _at_a_row(self, world: World, idle: Idle) -> Iterator[Step]:
        """A batch whose records, or the index, are about one of the rows."""
        for row in world.rows:
            position = row.line.position
            if len(world.rows) > 1:
                start = Start(messages=(LOOK,), hint=position, applied=idle.applied)
                said = f"is told to look, sees {position} in the index, "
                yield self._go_on(world, Busy(idle.remembers, start, messages=self._waits(world, idle)), said)
            if row.untold:
                start = Start(rows=(Read(row.line),), applied=idle.applied)
                own = Busy(idle.remembers, start, rows=frozenset({position}))
                yield self._go_on(world, own, f"is told of the row at {position}, ")

    def _go_on(self, world: World, worker: Busy, said: str) -> Step:
        call = self._next(worker).call
        match call:
            case None:
                return self._settled(world, worker, said + "skips it")
            case Call("rows_of"):
                return self._scan(world, worker, said)
            case Call("rows_at", position):
                found = tuple(Read(row.line) for row in world.rows if row.line.position == position)
                return self._answered(world, worker, Rows(found), f"{said}reads position {position}: {_rows(found)}")
            case Call("commit"):
                return self._commit(world, worker, call)
            case _:
                newest = world.newest
                return self._answered(world, worker, Seen(newest), f"{said}reads the newest message: {_told(newest)}")

    def _scan(self, world: World, worker: Busy, said: str) -> Step:
        """Read the list: the next position of it, or all at once."""
        first, last = worker.scanned + 1, worker.scanned + 1 if self._scope.torn else self._scope.messages
        seen = tuple(Read(row.line) for row in world.rows if first <= row.line.position <= last)
        said += f"reads the list at {first}{f' to {last}' if last > first else ''}: {_rows(seen)}"
        further = worker._replace(scanned=last, found=worker.found + seen)
        if last < self._scope.messages:
            return Step(said, world, further)
        return self._answered(world, worker._replace(scanned=0, found=()), Rows(further.found), said)

    def _commit(self, world: World, worker: Busy, call: Call) -> Step:
        after, reasons = transacted(world, call.actions)
        reply = Reply(tuple((r.code, Read(line_of(dict(r.item))) if r.item else None) for r in reasons))
        if reasons:
            return self._answered(world, worker, reply, "commits, and is refused")
        writes = (action for action in call.actions if isinstance(action, Rewrite | Remove | Create))
        changed = frozenset(NUMBER[string(w.item if isinstance(w, Create) else w.row.item, "sk")] for w in writes)
        told = worker._replace(rows=worker.rows - changed)
        said = f"commits: {_rows(tuple(Read(row.line) for row in after.rows))}"
        step = self._answered(after, told, reply, said)
        broken = broken_by_commit(world, after, only_lasting=self._scope.only_lasting)
        return step._replace(effect=step.effect._replace(changed=changed), broken=broken)

    def _answered(self, world: World, worker: Busy, answer: Answer, said: str) -> Step:
        after = worker._replace(answers=(*worker.answers, answer))
        if self._next(after).call is None:
            return self._settled(world, after, said)
        return Step(said, world, self._unless_over(after))

    def _settled(self, world: World, worker: Busy, said: str) -> Step:
        told = world.told(worker.rows, worker.messages, foreign=worker.foreign)
        effect = Effect(messages=worker.messages, told=worker.rows, foreign=worker.foreign)
        return Step(f"{said}; settled", told, self._idle(worker), effect)

    def _unless_over(self, worker: Busy) -> Worker:
        """The worker; or idle, where going on from here is as good as beginning again."""
        call = self._next(worker).call
        if call is None or self._begins is None:
            return worker
        is_doomed = any(
            isinstance(action, Rewrite | Remove | RowStands) and string(action.row.item, "row_rev") == OLD
            for action in call.actions
        )
        return self._idle(worker) if is_doomed or call.name == self._begins else worker

    def _idle(self, worker: Busy) -> Idle:
        return Idle(worker.remembers, self._next(worker).applied if worker.remembers else 0)

    def _next(self, worker: Busy) -> Next:
        return self._player.next(worker.start, worker.answers)


def _aged(answer: A, changed: frozenset[int]) -> A:
    """An answer, where rows it was about have changed since."""
    if not isinstance(answer, Rows):
        return answer
    found = (Read(read.line, read.is_so and read.line.position not in changed) for read in answer.found)
    return answer._replace(found=tuple(found))


def _rows(found: tuple[Read, ...]) -> str:
    return " and ".join(f"row {line.position} ({line.shown}, {line.text!r})" for line, _ in found) or "no row"


def _told(newest: Message | None) -> str:
    return f"{newest.number}, {newest.text!r}" if newest else "none"
