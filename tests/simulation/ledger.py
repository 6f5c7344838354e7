"""Which records of the stream are settled: by what the checkpoints say, and by nothing else."""

from collections import Counter
from collections.abc import Sequence

from shared.keys import MESSAGE, ROW
from shared.models import string
from stream_worker.contract import Record
from tests.simulation.cloud.streams import StreamService


class Ledger:
    """For every group, how many of its records no checkpoint has passed yet."""

    def __init__(self, streams: StreamService) -> None:
        self._streams = streams
        self._known: dict[str, int] = {}
        self._passed: dict[str, int] = {}
        self._owed_at = float("-inf")
        self.unsettled: Counter[str] = Counter()
        self.lost: set[str] = set()
        """Groups of which records are gone that nobody has settled, and no sweep was owed since those were written."""

    def note(self) -> None:
        """Take the records that were written since."""
        for name, shard in self._streams.shards.items():
            known = self._known.get(name, 0)
            if known < len(shard.records):
                self.unsettled.update(group_of(record) for _, _, record in shard.records[known:])
                self._known[name] = len(shard.records)

    def passed(self, name: str, sequence: str) -> Sequence[str]:
        """A checkpoint stands at `sequence`: the groups of which nothing is unsettled any more."""
        return self._settle(name, int(sequence))

    def owed(self, now: float) -> None:
        """A sweep of all rows is owed from now on: it answers for whatever was written before."""
        self._owed_at = now
        self.lost.clear()

    def gone(self) -> None:
        """Records were trimmed: nobody will ever settle those; a worker has to notice, and owe a sweep."""
        listed = self._streams.shards
        self._known = {name: count for name, count in self._known.items() if name in listed}
        for shard in listed.values():
            unread = shard.records[self._passed.get(shard.id, 0) : shard.trimmed]
            self.lost |= {group_of(record) for _, written, record in unread if written > self._owed_at} - {""}
            if shard.trimmed:
                self._settle(shard.id, int(shard.records[shard.trimmed - 1][2].sequence_number))

    def _settle(self, name: str, sequence: int) -> list[str]:
        shard = self._streams.shards.get(name)
        if shard is None:
            return []
        place, free = self._passed.get(name, 0), []
        while place < len(shard.records) and int(shard.records[place][2].sequence_number) <= sequence:
            group = group_of(shard.records[place][2])
            self.unsettled[group] -= 1
            if not self.unsettled[group]:
                free.append(group)
            place += 1
        self._passed[name] = place
        return free

    def is_behind(self) -> bool:
        """Whether some record was passed by no checkpoint."""
        return any(len(shard.records) > self._passed.get(name, 0) for name, shard in self._streams.shards.items())

    def left(self, name: str) -> int:
        """How many records of a shard no checkpoint has passed."""
        shard = self._streams.shards.get(name)
        return len(shard.records) - self._passed.get(name, 0) if shard else 0


def group_of(record: Record) -> str:
    """The group a record is about; a deleted row's record tells none."""
    pk = string(record.keys, "pk")
    if pk.startswith(MESSAGE):
        return pk.removeprefix(MESSAGE)
    return string(record.new_image or {}, "message_group_uuid") if pk.startswith(ROW) else ""
