"""The states of a scope and the ways between them, in numbers: what one worker does in one world is worked out once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from tests.simulation.model.clients import Effect, deeds
from tests.simulation.model.promise import broken_when_quiet
from tests.simulation.model.scope import Scope
from tests.simulation.model.steps import Busy, Idle, Steps, Worker
from tests.simulation.model.world import World

T = TypeVar("T")

State: TypeAlias = tuple[int, ...]
"""The number of a world, then the numbers of its workers in order: who is who makes no difference."""

CLIENT = -1
_NOTHING = Effect()


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a worker or of a client."""

    said: str
    world: int
    worker: int
    effect: Effect | None
    seen: dict[int, int]
    """What others become by the effect, as far as it was worked out; moves of the same effect share it."""
    broken: str | None = None


class _Numbers(Generic[T]):
    """Gives each distinct thing a number: they are small, and quick to compare."""

    def __init__(self, *first: T) -> None:
        self.things: list[T] = list(first)
        self._numbers = {thing: number for number, thing in enumerate(first)}

    def of(self, thing: T) -> int:
        number = self._numbers.setdefault(thing, len(self.things))
        if number == len(self.things):
            self.things.append(thing)
        return number


class Space:
    """All that can happen."""

    def __init__(self, scope: Scope, steps: Steps) -> None:
        self._scope, self._steps = scope, steps
        self._worlds = _Numbers[World]()
        memories = (Idle(remembers=True, applied=applied) for applied in range(scope.messages + 1))
        self._workers = _Numbers[Worker](Idle(), *memories)
        self._busy = len(self._workers.things)  # the first number of a worker that is under way
        self._deeds: dict[int, list[Move]] = {}
        self._moves: dict[tuple[int, int], list[Move]] = {}
        self._seen: dict[Effect, dict[int, int]] = {}
        self._quiet: dict[int, str | None] = {}

    def start(self, world: World) -> State:
        """Everybody idle in this world."""
        memories = self._scope.memories
        idle = (Idle(remembers=place < memories) for place in reversed(range(self._scope.workers)))
        return (self._worlds.of(world), *map(self._workers.of, idle))

    def successors(self, state: State) -> Iterator[tuple[State, int, Move]]:
        """Each next state, the place of the worker who steps, or CLIENT, and the step."""
        world, workers = state[0], state[1:]
        for move in self._deeds.get(world) or self._deeds_in(world):
            yield (move.world, *self._after(workers, move)), CLIENT, move
        before = None
        for place, worker in enumerate(workers):
            if worker == before:
                continue  # two in the same state do the same
            before = worker
            others = workers[:place] + workers[place + 1 :]
            for move in self._moves.get((world, worker)) or self._moves_of(world, worker):
                yield (move.world, *sorted((move.worker, *self._after(others, move)))), place, move

    def others_after(self, workers: Sequence[int], move: Move) -> list[int]:
        """The others after a step, each in its old place."""
        return [self._after_one(worker, move) for worker in workers]

    def broken(self, state: State) -> str | None:
        """What is wrong with a state in which nothing is left to do."""
        if max(state[1:]) >= self._busy:
            return None
        if state[0] not in self._quiet:
            world = self._worlds.things[state[0]]
            self._quiet[state[0]] = broken_when_quiet(world) if world.is_quiet else None
        return self._quiet[state[0]]

    def _after(self, workers: Sequence[int], move: Move) -> Sequence[int]:
        if move.effect is None or not workers or max(workers) < self._busy:
            return workers
        seen = move.seen
        return sorted([seen[worker] if worker in seen else self._after_one(worker, move) for worker in workers])

    def _after_one(self, number: int, move: Move) -> int:
        worker = self._workers.things[number]
        if move.effect is None or not isinstance(worker, Busy):
            return number
        if number not in move.seen:
            move.seen[number] = self._workers.of(self._steps.seen_by(worker, move.effect))
        return move.seen[number]

    def _seen_by(self, effect: Effect) -> dict[int, int]:
        return self._seen.setdefault(effect, {})

    def _deeds_in(self, number: int) -> list[Move]:
        world = self._worlds.things[number]
        self._deeds[number] = [
            Move(deed.said, self._worlds.of(deed.world), 0, deed.effect, self._seen_by(deed.effect))
            for deed in deeds(self._scope, world)
        ]
        return self._deeds[number]

    def _moves_of(self, world: int, worker: int) -> list[Move]:
        steps = self._steps.of(self._worlds.things[world], self._workers.things[worker])
        self._moves[world, worker] = [
            Move(
                step.said,
                self._worlds.of(step.world),
                self._workers.of(step.worker),
                step.effect if step.effect != _NOTHING else None,
                self._seen_by(step.effect),
                step.broken,
            )
            for step in steps
        ]
        return self._moves[world, worker]
