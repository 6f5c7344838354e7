"""Every state there is, breadth first: the first thing found wrong is the shortest way to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

from tests.simulation.model.guards import steps_without
from tests.simulation.model.scope import Guard, Scope
from tests.simulation.model.space import CLIENT, Move, Space, State
from tests.simulation.model.steps import Steps
from tests.simulation.model.world import Line, Standing, World


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a search has found."""

    states: int
    transitions: int
    seconds: float
    counterexample: tuple[str, ...] = ()
    """The shortest way to something wrong, and what is wrong; empty: nothing is."""


@dataclass(slots=True)
class _Walk:
    """How far a search has come."""

    parents: dict[State, State]
    transitions: int = 0
    wrong: tuple[State, State, str] | None = None
    """The last step, and what is wrong after it."""


def check(scope: Scope, without: Iterable[Guard] = ()) -> Verdict:
    """Whether the production worker keeps the promise in every state of a scope, with guards taken away if so asked."""
    removed = frozenset(without)
    return search(scope, steps_without(scope, removed))


def search(scope: Scope, steps: Steps) -> Verdict:
    """Walk all states of a scope, or as far as something wrong."""
    started, space = perf_counter(), Space(scope, steps)
    frontier = [space.start(world) for world in _beginnings(scope)]
    walk = _Walk({state: state for state in frontier})
    while frontier and not walk.wrong:
        frontier = _next_layer(space, walk, frontier)
    story = tuple(_story(space, walk.parents, *walk.wrong)) if walk.wrong else ()
    return Verdict(len(walk.parents), walk.transitions, perf_counter() - started, story)


def _beginnings(scope: Scope) -> Iterator[World]:
    """A row that shows message 1, a blank one; or two that the original left and nobody has looked at yet."""
    one = scope.texts[0]
    later = ("",) * (scope.messages - 2)
    if scope.duplicates:
        rows = tuple(Standing(Line(position, None, one), untold=False) for position in (1, 2))
        yield World((one, one, *later), rows, foreign=True)
        return
    for text in (one, ""):
        yield World((text, "", *later), (Standing(Line(1, 1, text), untold=False),))


def _next_layer(space: Space, walk: _Walk, frontier: list[State]) -> list[State]:
    layer: list[State] = []
    parents = walk.parents
    for state in frontier:
        for after, _, move in space.successors(state):
            walk.transitions += 1
            if after in parents and not move.broken:
                continue
            if broken := move.broken or space.broken(after):
                walk.wrong = (state, after, broken)
                return []
            parents[after] = state
            layer.append(after)
    return layer


def _story(space: Space, parents: dict[State, State], before: State, after: State, broken: str) -> Iterator[str]:
    """The steps on the shortest way, each worker under one name although states do not tell them apart."""
    path = [after, before]
    while parents[path[-1]] != path[-1]:
        path.append(parents[path[-1]])
    path.reverse()
    names = [f"worker {number}" for number in range(1, len(after))]
    for state, following in pairwise(path):
        last = following is after
        place, move = _step(space, state, following, broken if last else None)
        yield move.said if place == CLIENT else f"{names[place]} {move.said}"
        names = _renamed(space, state[1:], names, place, move)
    yield f"=> {broken}"


def _step(space: Space, state: State, following: State, broken: str | None) -> tuple[int, Move]:
    """The step between two states; of several the one that breaks what is broken."""
    ways = [(place, move) for after, place, move in space.successors(state) if after == following]
    return next((way for way in ways if way[1].broken == broken), ways[0])


def _renamed(space: Space, workers: State, names: list[str], place: int, move: Move) -> list[str]:
    """Who stands where after a step."""
    after = [*space.others_after(workers, move)]
    if place != CLIENT:
        after[place] = move.worker
    return [name for _, name in sorted(zip(after, names, strict=True), key=lambda pair: pair[0])]
