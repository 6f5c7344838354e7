"""What one worker can do next, as the production handler does it, and what that is to the others.

Some things need no state of their own, because whatever follows from them follows without them as well:

- A worker may be told of messages at any time, whether or not a record waits: records come at least once, sweeps and
  the retrier look as well, and a worker that died after its transaction has looked and acknowledged nothing.
- A worker that dies earlier has changed nothing. It is as if it had not begun, and so is one that is about to read the
  list: whatever it holds it can be given again (`test_replay` shows that nothing it read before matters).
- So a transaction that is certain to be cancelled, since a row it rests on is no longer as read, is as good as over.
- A batch with all that waits is enough. Who acknowledges less leaves more for others to find; every wrong end that is
  reached like this is reached without.
- Of the records of a row that workers wrote only the last one matters: an earlier one is told at any time. It says what
  the row says now, so one flag a row, cleared by a change of the row, is all of its records. All records of messages
  are one flag, and so are all records of rows that somebody else wrote: those ask for a look, whatever they say.
- A wrong hint is a miss, and a miss is followed by the Query that is made without a hint. A right one is as good as a
  Query, unless a duplicate stands beside it.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from shared.models import string
from stream_worker.reconcile.plan import Create, Remove, Rewrite, RowStands
from tests.simulation.model.promise import broken_by_commit
from tests.simulation.model.replay import Answer, Call, History, Player, Reply, Rows, Seen, Start
from tests.simulation.model.scope import Scope
from tests.simulation.model.world import NUMBER, OLD, Message, Read, World, line_of, transacted

A = TypeVar("A", bound=Answer)

NOWHERE: frozenset[int] = frozenset()


class Worker(NamedTuple):
    """A worker under way."""

    start: Start
    answers: History = ()
    scanned: int = 0
    """How far the Query in hand has come."""
    found: tuple[Read, ...] = ()
    """What it has found so far."""
    messages: bool = False
    """Whether it will acknowledge all that there is to know of messages: nothing has happened since it was told."""
    rows: frozenset[int] = NOWHERE
    """The rows whose records it will acknowledge."""
    foreign: bool = False
    """Whether it will acknowledge the records of rows that somebody else wrote."""


class Effect(NamedTuple):
    """What a step is to the other workers."""

    messages: bool = False
    """There is something new to be told of messages, or nothing any more."""
    changed: frozenset[int] = NOWHERE
    """Rows that are not as they were."""
    told: frozenset[int] = NOWHERE
    """Rows whose records are acknowledged."""
    foreign: bool = False
    """The records of rows that somebody else wrote are acknowledged."""


class Step(NamedTuple):
    """One step of a worker."""

    said: str
    world: World
    worker: Worker | None
    """None: idle again."""
    effect: Effect
    broken: str | None = None
    """What it breaks."""


class Steps:
    """The steps of workers of one kind."""

    def __init__(self, scope: Scope, player: Player, begins: str | None) -> None:
        self._scope, self._player, self._begins = scope, player, begins

    def of(self, world: World, worker: Worker | None) -> list[Step]:
        """What this worker can do next."""
        if worker:
            return [self._go_on(world, worker, "")]
        return [step for step in self._beginnings(world) if step.worker or step.world != world]

    def seen_by(self, worker: Worker, effect: Effect) -> Worker | None:
        """The same worker after a step of somebody else."""
        after = worker._replace(
            answers=tuple(_aged(answer, effect.changed) for answer in worker.answers),
            found=_aged(Rows(worker.found), effect.changed).found,
            messages=worker.messages and not effect.messages,
            rows=worker.rows - effect.changed - effect.told,
            foreign=worker.foreign and not effect.foreign,
        )
        is_reading = after.scanned > 0
        return after if is_reading or not self._is_over(self._player.next(after.start, after.answers)) else None

    def _beginnings(self, world: World) -> Iterator[Step]:
        """A batch, up to its first call: what is held before it is held after it."""
        untold = frozenset(row.line.position for row in world.rows if row.untold)
        look = Worker(Start(message=True), messages=world.untold, rows=untold, foreign=world.foreign)
        yield self._go_on(world, look, "is told to look, ")
        for row in world.rows:
            position = row.line.position
            if len(world.rows) > 1:
                hinted = Worker(Start(message=True, hint=position), messages=world.untold)
                yield self._go_on(world, hinted, f"is told to look, sees {position} in the index, ")
            if row.untold:
                own = Worker(Start(message=False, rows=(Read(row.line),)), rows=frozenset({position}))
                yield self._go_on(world, own, f"is told of the row at {position}, ")

    def _go_on(self, world: World, worker: Worker, said: str) -> Step:
        call = self._player.next(worker.start, worker.answers)
        match call:
            case None:
                return self._settled(world, worker, said + "settles it unread")
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

    def _scan(self, world: World, worker: Worker, said: str) -> Step:
        """Read the list: the next position of it, or all at once."""
        first, last = worker.scanned + 1, worker.scanned + 1 if self._scope.torn else self._scope.messages
        seen = tuple(Read(row.line) for row in world.rows if first <= row.line.position <= last)
        said += f"reads the list at {first}{f' to {last}' if last > first else ''}: {_rows(seen)}"
        further = worker._replace(scanned=last, found=worker.found + seen)
        if last < self._scope.messages:
            return Step(said, world, further, Effect())
        return self._answered(world, worker._replace(scanned=0, found=()), Rows(further.found), said)

    def _commit(self, world: World, worker: Worker, call: Call) -> Step:
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

    def _answered(self, world: World, worker: Worker, answer: Answer, said: str) -> Step:
        after = worker._replace(answers=(*worker.answers, answer))
        call = self._player.next(after.start, after.answers)
        if call is None:
            return self._settled(world, after, said)
        return Step(said, world, None if self._is_over(call) else after, Effect())

    def _settled(self, world: World, worker: Worker, said: str) -> Step:
        told = world.told(worker.rows, messages=worker.messages, foreign=worker.foreign)
        effect = Effect(messages=worker.messages, told=worker.rows, foreign=worker.foreign)
        return Step(f"{said}; settled", told, None, effect)

    def _is_over(self, call: Call | None) -> bool:
        """Whether going on from here is as good as beginning again."""
        if call is None or self._begins is None:
            return False
        return call.name == self._begins or any(
            isinstance(action, Rewrite | Remove | RowStands) and string(action.row.item, "row_rev") == OLD
            for action in call.actions
        )


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
