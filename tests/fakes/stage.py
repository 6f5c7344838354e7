"""A table in memory on which tapes are replayed to the production handler, and what its rows should show."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Event

from shared.keys import MESSAGE, ROSTER
from shared.models import string
from shared.retry import Retry
from stream_worker.contract import Batch
from stream_worker.drivers.replay import ReplayDriver
from stream_worker.handler import Handler, Parts
from stream_worker.pool import Pool
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Newest, Row
from stream_worker.tape import last_states
from tests.fakes.clock import Clock
from tests.fakes.outlets import Letters, Lines
from tests.fakes.table import MemoryTable

TAPES = Path(__file__).parents[1] / "tapes"

Shown = dict[tuple[str, str], tuple[str, str]]
"""(group, user) -> (sort key of the message shown, its text); no sort key where a group has no message."""


class Stage:
    """Scratch tables; each `play` is a process of its own, that remembers nothing of those before."""

    def __init__(self) -> None:
        self.table, self.letters, self.log = MemoryTable(), Letters(), Lines()

    def play(self, batches: Iterable[Batch], *, load: bool = True) -> None:
        """Deliver the batches, each after its items were put into the table."""
        retry = Retry(Event(), sleep=lambda _: None)
        fill = self.load if load else lambda _: None
        ReplayDriver(batches, self.handler(retry), retry, before_batch=fill).run()

    def load(self, batch: Batch) -> None:
        """As `stream_worker.loader`, on a table that takes anything."""
        for keys, image in last_states(batch):
            if image is None:
                self.table.drop(keys)
            else:
                self.table.put(image)

    def handler(self, retry: Retry) -> Handler:
        """A handler with an empty memory."""
        memory, clock = Memory(), Clock()
        return Handler(
            Parts(
                store=self.table,
                reconciler=Reconciler(self.table, memory, retry),
                memory=memory,
                letters=self.letters,
                run_all=Pool(1, "stage"),
                stopped=retry.stop.is_set,
                clock=clock.now,
                monotonic=clock.monotonic,
                log=self.log,
            )
        )

    def shown(self) -> Shown:
        """What each member sees; the revisions, which differ from run to run, left out."""
        shown: Shown = {}
        for row in map(Row, self.table.items.values()):
            if row.group:
                assert (row.group, row.user) not in shown, f"two rows of {row.group} in one list"
                sk = row.shown if self._newest(row.group) else ""
                shown[row.group, row.user] = (sk, string(row.item, "message"))
        return shown

    def recomputed(self) -> Shown:
        """What each member should see, from messages and rosters alone."""
        members = [(pk.removeprefix(ROSTER), user) for pk, user in self.table.items if pk.startswith(ROSTER)]
        newest = {group: self._newest(group) for group, _ in members}
        return {(group, user): (one.sk, one.text) if (one := newest[group]) else ("", "") for group, user in members}

    def _newest(self, group: str) -> Newest | None:
        sks = [sk for pk, sk in self.table.items if pk == MESSAGE + group]
        return Newest(max(sks), self.table.items[MESSAGE + group, max(sks)].get("message")) if sks else None


def twice(batches: Sequence[Batch]) -> list[Batch]:
    """Each batch, and again."""
    return [batch for batch in batches for _ in range(2)]


def singly(batches: Sequence[Batch]) -> list[Batch]:
    """A batch for each record."""
    return [replace(batch, records=(record,)) for batch in batches for record in batch.records]


def together(batches: Sequence[Batch]) -> list[Batch]:
    """All in one batch."""
    return [replace(batches[0], records=tuple(record for batch in batches for record in batch.records))]


def overlapping(batches: Sequence[Batch]) -> list[Batch]:
    """Each batch with the one before it in front, as a page read again can be longer."""
    before = [replace(batch, records=()) for batch in batches[:1]] + list(batches)
    return [replace(one, records=two.records + one.records) for two, one in zip(before, batches, strict=False)]


def shuffled(seed: int) -> Callable[[Sequence[Batch]], list[Batch]]:
    """A batch for each record, in another order; kept is only what DynamoDB promises, the order of each partition."""

    def shuffle(batches: Sequence[Batch]) -> list[Batch]:
        queues: defaultdict[str, list[Batch]] = defaultdict(list)
        for batch in singly(batches):
            keys = batch.records[0].keys
            queues[str(keys.get("pk") if isinstance(keys, dict) else keys)].append(batch)
        turns = [name for name, queue in queues.items() for _ in queue]
        Random(seed).shuffle(turns)
        return [queues[name].pop(0) for name in turns]

    return shuffle


def crashes(batches: Sequence[Batch]) -> list[tuple[list[Batch], list[Batch]]]:
    """For every record: what was delivered when the process ended after it, and what the next one is given.

    [1 2] [3 4 5], after 4:  [1 2] [3 4] and then [3 4 5]
    """
    return [
        ([*batches[:number], replace(batch, records=batch.records[:count])], list(batches[number:]))
        for number, batch in enumerate(batches)
        for count in range(1, len(batch.records) + 1)
    ]
