"""One stream with many shards, as its readers and its operator see it. Pure: the time is an argument."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from random import Random

from devstack.streams.iterators import Place
from devstack.streams.limits import Limit
from devstack.streams.options import Options
from devstack.streams.shards import RecordBody, Shard
from devstack.streams.tree import Tree
from shared.errors import IteratorExpired, RequestRefused, Throttled

SHARDS_A_PAGE = 100
MOST_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of shards; `last` is where the next one starts, if there is one."""

    shards: Sequence[Shard]
    last: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of records; without an iterator the shard has ended."""

    records: Sequence[RecordBody]
    iterator: str | None


class ShardedStream:
    """A stream; whoever uses it from several threads takes turns.

    Args:
        arn: its name, part of every iterator.
        key: the name of the table's partition key.
        options: how its shards behave.
        now: the time, in seconds.
    """

    def __init__(self, arn: str, key: str, options: Options, now: float) -> None:
        self.arn = arn
        self._options = options
        self._dice = Random(options.seed)  # noqa: S311 # nosec B311 - lots for tests, not cryptography
        self.tree = Tree(key, options, self._dice, now)
        self._describes = Limit(options.describes_per_s)
        self._reads: defaultdict[str, Limit] = defaultdict(lambda: Limit(options.reads_per_s))
        self._split_due = now + (options.split_every_s or inf)
        self._roll_due = now + (options.roll_every_s or inf)
        self._aging_due = now
        self._expired_until = -inf
        self.ended = False

    def deal(self, records: Iterable[RecordBody], now: float) -> None:
        """Take what the engine's stream had."""
        self.tree.deal(records, now)

    def tick(self, now: float) -> None:
        """Do what is due: a split, a roll, forgetting what is too old."""
        if now >= self._split_due and self.tree.open:
            self.tree.split(self.tree.any_open(), now)
            self._split_due = now + (self._options.split_every_s or inf)
        if now >= self._roll_due and self.tree.open:
            self.tree.roll(self.tree.any_open(), now)
            self._roll_due = now + (self._options.roll_every_s or inf)
        if now >= self._aging_due:
            self.tree.grow_old(now)
            for shard in self._reads.keys() - self.tree.shards.keys():
                del self._reads[shard]
            self._aging_due = now + min(1.0, self._options.keep_s / 10)

    def end(self, now: float) -> None:
        """The engine's stream has ended: so do all shards."""
        self.ended = True
        for shard in self.tree.open:
            self.tree.close(shard, now)

    def trim(self, shard: Shard | None = None) -> None:
        """Forget all records that are there now, of one shard or of all."""
        for one in [shard] if shard else self.tree.shards.values():
            one.trim(inf)

    def expire_iterators(self, now: float) -> None:
        """No iterator that was given out so far is good any more."""
        self._expired_until = now

    def describe(self, now: float, *, start: str = "", limit: int = SHARDS_A_PAGE, children_of: str = "") -> Listing:
        """One page of shards: of all, or of one shard's children.

        Raises:
            Throttled: it is asked too often.
            RequestRefused: the limit cannot be used.
        """
        if not self._describes.allows(now):
            raise Throttled("Rate exceeded for DescribeStream")
        if not 1 <= limit <= SHARDS_A_PAGE:
            raise RequestRefused(f"Limit must be from 1 to {SHARDS_A_PAGE}")
        found = [shard for shard in self.tree.listed(now) if shard.id > start]
        if children_of:
            found = [shard for shard in found if shard.parent == children_of]
        page = found[:limit]
        return Listing(page, page[-1].id if len(found) > limit else None)

    def iterator(self, shard: str, kind: str, sequence: str | None, now: float) -> str:
        """An iterator of one of the four kinds.

        Raises:
            ShardMissing: there is no such shard (any more).
            RecordsTrimmed: the record of that number is gone.
            RequestRefused: no such kind, or no such number in this shard.
        """
        found = self.tree.get(shard)
        match kind:
            case "TRIM_HORIZON":
                position = None
            case "LATEST":
                position = found.entries[-1].sequence if found.entries else found.oldest
            case "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER":
                number = _number_in(found, sequence)
                found.may_start_after(number)
                position = number - (kind == "AT_SEQUENCE_NUMBER")
            case _:
                raise RequestRefused(f"Invalid ShardIteratorType: {kind}")
        return Place(self.arn, shard, position, now).encode()

    def records(self, place: Place, limit: int, now: float) -> Page:
        """The records at an iterator, and the iterator behind them.

        Raises:
            IteratorExpired, ShardMissing, RecordsTrimmed: the iterator leads nowhere any more.
            Throttled: the shard is read too often.
        """
        shard = self.tree.get(place.shard)
        if not self._reads[shard.id].allows(now):
            raise Throttled(f"Rate exceeded for shard {shard.id}")
        if now - place.since > self._options.iterator_s or place.since <= self._expired_until:
            raise IteratorExpired
        position = shard.oldest if place.position is None else place.position
        found = shard.after(position, limit)
        if self._options.empty_pages and self._dice.random() < self._options.empty_pages:
            found = []
        position = found[-1].sequence if found else position
        over = shard.is_read_to_its_end(position)
        return Page(
            [entry.body for entry in found], None if over else Place(self.arn, shard.id, position, now).encode()
        )


def _number_in(shard: Shard, sequence: str | None) -> int:
    """The number that a client names, if it can be one of this shard's."""
    if sequence is None or not sequence.isdecimal() or len(sequence) > MOST_DIGITS or int(sequence) < shard.start:
        raise RequestRefused("Invalid SequenceNumber")
    if shard.end is not None and int(sequence) > shard.end:
        raise RequestRefused("Invalid SequenceNumber")
    return int(sequence)
