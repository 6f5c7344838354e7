"""DynamoDB Streams in memory: a model of sharded streams that also plays lists of answers and errors."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.errors import IteratorExpired, RecordsTrimmed, ShardMissing
from stream_worker.contract import Record
from stream_worker.streams import Page, Shard
from tests.fakes.clock import Clock

ARN = "arn:aws:dynamodb:local:000000000000:table/messages/stream/2026-11-22T11:59:00.000"
LATER_ARN = ARN.replace("11:59", "12:30")
EXPIRES_S = 900.0


@dataclass(slots=True)
class ModelShard:
    """A shard as it really is; `trimmed` counts its oldest records that are gone."""

    parent: str | None = None
    records: list[Record] = field(default_factory=list)
    closed: bool = False
    trimmed: int = 0


class Streams:
    """`StreamsApi`. `meet` puts answers before the model's own: an error is raised, a deed done, None is "as it is"."""

    def __init__(self, clock: Clock) -> None:
        self.latest = ARN
        self.by_arn: dict[str, dict[str, ModelShard]] = {ARN: {}}
        self.calls: list[tuple[str, ...]] = []
        self.knows_children = True
        self._clock = clock
        self._script: defaultdict[str, deque[Any]] = defaultdict(deque)
        self._sequence = 100

    def meet(self, call: str, *answers: object) -> None:
        """What the next calls of this name answer, one each."""
        self._script[call].extend(answers)

    def build(self, tree: Mapping[str, Sequence[str]], *, arn: str = ARN) -> None:
        """Shards from parent -> children; "" is the parent of roots; whoever has children is closed."""
        shards = self.by_arn.setdefault(arn, {})
        for parent, children in tree.items():
            if parent:
                shards[parent].closed = True
            shards.update({child: ModelShard(parent or None) for child in children})

    def write(self, shard: str, count: int = 1, *, arn: str = ARN) -> list[str]:
        """Let records land in a shard now; their sequence numbers."""
        made = []
        for _ in range(count):
            self._sequence += 1
            made.append(record(self._sequence, self._clock))
        self.by_arn[arn][shard].records += made
        return [one.sequence_number for one in made]

    def shard(self, shard: str, arn: str = ARN) -> ModelShard:
        """A shard as it really is."""
        return self.by_arn[arn][shard]

    def count(self, call: str) -> int:
        """How often it was called."""
        return sum(1 for name, *_ in self.calls if name == call)

    def latest_stream(self) -> str:
        """See `StreamsApi`."""
        answer = self._scripted("latest_stream")
        return self.latest if answer is None else str(answer)

    def shards(self, stream: str) -> list[Shard]:
        """See `StreamsApi`; a scripted list of names shows only those."""
        shown = self._scripted("shards", stream)
        shards = self._stream(stream)
        names = shards if shown is None else [name for name in shown if name in shards]
        return [Shard(name, shards[name].parent, shards[name].closed) for name in names]

    def children(self, stream: str, parent: str) -> list[Shard]:
        """See `StreamsApi`."""
        shown = self._scripted("children", stream, parent)
        shards = self._stream(stream) if self.knows_children else {}
        names = shards if shown is None else [name for name in shown if name in shards]
        return [Shard(name, parent) for name in names if shards[name].parent == parent]

    def iterator(self, stream: str, shard: str, after: str | None) -> str:
        """See `StreamsApi`."""
        answer = self._scripted("iterator", shard, after or "TRIM_HORIZON")
        if answer is not None:
            return str(answer)
        found = self._shard(stream, shard)
        place = found.trimmed
        if after:
            place = 1 + [one.sequence_number for one in found.records].index(after)
            if place <= found.trimmed:
                raise RecordsTrimmed
        return f"{stream} {shard} {place} {self._clock.monotonic()}"

    def records(self, iterator: str, limit: int) -> Page:
        """See `StreamsApi`."""
        answer = self._scripted("records", iterator)
        if isinstance(answer, Page):
            return answer
        stream, shard, place, since = iterator.split(" ")
        found, start = self._shard(stream, shard), int(place)
        if self._clock.monotonic() - float(since) > EXPIRES_S:
            raise IteratorExpired
        if start < found.trimmed:
            raise RecordsTrimmed
        records = found.records[start : start + limit]
        is_last = found.closed and start + len(records) == len(found.records)
        following = f"{stream} {shard} {start + len(records)} {self._clock.monotonic()}"
        return Page(tuple(records), None if is_last else following)

    def _scripted(self, call: str, *facts: str) -> Any:
        self.calls.append((call, *facts))
        answer = self._script[call].popleft() if self._script[call] else None
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def _stream(self, stream: str) -> dict[str, ModelShard]:
        if stream not in self.by_arn:
            raise ShardMissing
        return self.by_arn[stream]

    def _shard(self, stream: str, shard: str) -> ModelShard:
        if shard not in self._stream(stream):
            raise ShardMissing
        return self.by_arn[stream][shard]


def record(sequence: int | str, clock: Clock) -> Record:
    """A record about nothing in particular, written now (whole seconds, as AWS says it)."""
    return Record(
        "INSERT", {"pk": {"S": "MSG#g"}, "sk": {"S": str(sequence)}}, str(sequence), int(clock.now().timestamp())
    )
