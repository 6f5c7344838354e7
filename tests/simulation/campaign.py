"""Many runs on all cores, and what they add up to."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import Pool
from multiprocessing.pool import Pool as Processes
from signal import SIG_DFL, SIG_IGN, SIGINT, SIGTERM, signal

from tests.simulation.original import original
from tests.simulation.run import Result, run
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.world import Contender, ours

CHUNK = 10  # runs that one process does before it reports
GARBAGE = 10_000  # objects between two looks for garbage: a run leaves little of it before its end
KEPT = 5  # violating runs whose details are kept

CONTENDERS: dict[str, Contender] = {"ours": ours, "original": original}

EVENTS = (
    "answer lost",
    "carried out late",
    "repeated",
    "process terminated",
    "somebody was seated",
    "all of a group was settled",
    "lease_doubtful",
    "conflict",
    "throttled",
    "unsent",
    "stalled",
    "killed before the call",
    "killed after the call",
    "worker's commit refused",
    "zombie commit refused",
    "zombie commit carried out",
    "row moved back",
    "row blanked",
    "row's place was taken",
    "row's place was its own",
    "message's place was taken",
    "own message recognised",
    "two met in the roster",
    "duplicate made",
    "duplicates removed",
    "transaction of 100 actions",
    "an attribute added without row_rev was lost",
    "index was stale",
    "index frozen",
    "query passed a row that moved",
    "list read",
    "shard split",
    "shard stolen",
    "shard given up",
    "shard_ended",
    "iterator_expired",
    "records_trimmed",
    "shard_lost",
    "standby",
    "lease_lost",
    "checkpoint_taken",
    "sweep_done",
    "sweep_restarted",
    "sweep_repaired",
    "group_dead_lettered",
    "dead_letter_settled",
    "a new failure while a letter is closed",
    "batch_unsettled",
)
"""What must have happened somewhere in a whole set: where one stays at zero, the simulator has lost a tooth."""


@dataclass(slots=True)
class Tally:
    """What the runs of one scenario add up to."""

    runs: int = 0
    bad: int = 0
    lasting: int = 0
    """Runs that ended with rows wrong, doubled or lost, for ever."""
    calls: int = 0
    messages: int = 0
    steps: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    worst: list[Result] = field(default_factory=list)
    """A few of the runs with violations."""

    def add(self, result: Result) -> None:
        """Count one run."""
        self.runs += 1
        self.bad += bool(result.violations)
        self.lasting += result.is_lasting
        self.calls += result.calls
        self.messages += result.messages
        self.steps += result.steps
        self.seen.update(result.seen)
        self.faults.update(result.faults)
        if result.violations:
            self.worst = [*self.worst, result][:KEPT]

    def join(self, other: "Tally") -> None:
        """Count what another tally holds."""
        self.runs += other.runs
        self.bad += other.bad
        self.lasting += other.lasting
        self.calls += other.calls
        self.messages += other.messages
        self.steps += other.steps
        self.seen.update(other.seen)
        self.faults.update(other.faults)
        self.worst = [*self.worst, *other.worst][:KEPT]


def campaign(
    contender: str,
    names: Sequence[str],
    seeds: int,
    *,
    jobs: int | None = None,
    tell: Callable[[int], object] = lambda _runs: None,
) -> dict[str, Tally]:
    """So many seeds of each scenario.

    Args:
        contender: ours, or original.
        names: of scenarios.
        seeds: 0 up to this, of each.
        jobs: processes; one a core if not given.
        tell: told how many runs were done since it was told.
    """
    tallies = {name: Tally() for name in names}
    with processes(jobs) as pool:
        for name, tally in pool.imap_unordered(_chunk, _chunks(contender, names, seeds)):
            tallies[name].join(tally)
            tell(tally.runs)
    return tallies


def processes(jobs: int | None = None) -> Processes:
    """A process a core; they end with the `with` block, however that ends."""
    return Pool(jobs, initializer=_begin)


def _begin() -> None:
    """Signals are left to the parent; garbage is looked for seldom, and never among the modules."""
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_DFL)
    gc.freeze()
    gc.set_threshold(GARBAGE)


def silent(tallies: dict[str, Tally]) -> list[str]:
    """The interesting events that never happened."""
    seen: Counter[str] = Counter()
    for tally in tallies.values():
        seen.update(tally.seen)
        seen.update(tally.faults)
    return [event for event in EVENTS if not seen[event]]


def _chunks(contender: str, names: Sequence[str], seeds: int) -> Iterator[tuple[str, str, range]]:
    for start in range(0, seeds, CHUNK):
        for name in names:
            yield contender, name, range(start, min(start + CHUNK, seeds))


def _chunk(work: tuple[str, str, range]) -> tuple[str, Tally]:
    contender, name, seeds = work
    tally = Tally()
    for seed in seeds:
        tally.add(run(SCENARIOS[name], seed, contender=CONTENDERS[contender]))
    return name, tally
