"""The calls of the DynamoDB Streams API, and the operator's commands, in Python values."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any

from devstack.streams.iterators import Place
from devstack.streams.model import SHARDS_A_PAGE, ShardedStream
from devstack.streams.options import Options
from devstack.streams.shards import Shard
from devstack.streams.source import Source
from devstack.streams.tree import numeral
from shared.dynamo import Client
from shared.errors import RequestRefused, ShardMissing

Values = Mapping[str, Any]
Answer = dict[str, Any]

PULL_EVERY_S = 0.02  # the engine is not asked more often, however many shards are polled
MOST_RECORDS = 1000


class Room:
    """One stream of the engine and its many shards; one visitor at a time."""

    def __init__(self, arn: str, client: Client, options: Options, now: float) -> None:
        self.lock = RLock()
        self.source = Source(client, arn)
        [key] = [part["AttributeName"] for part in self.source.describe()["KeySchema"] if part["KeyType"] == "HASH"]
        self.stream = ShardedStream(arn, key, options, now)
        self._pulled_at = float("-inf")

    def refresh(self, now: float) -> None:
        """Deal what the engine's stream has got since, and do what is due."""
        if not self.stream.ended and now - self._pulled_at >= PULL_EVERY_S:
            pulled = self.source.pull()
            self._pulled_at = now
            if pulled.has_gap:
                self.stream.tree.lose()
            self.stream.deal(pulled.records, now)
            if pulled.is_over:
                self.stream.end(now)
        self.stream.tick(now)


class Service:
    """All streams of an engine; a stream is dealt from its oldest record on when it is first asked for."""

    def __init__(self, streams: Client, options: Options, clock: Callable[[], float]) -> None:
        self._client = streams
        self._options = options
        self._clock = clock
        self._rooms: dict[str, Room] = {}

    def call(self, operation: str, body: Values) -> Answer:
        """What the API answers.

        Raises:
            AppError: what it refuses, by the error of ours that a client of ours would get.
        """
        calls = {
            "DescribeStream": self._describe,
            "GetShardIterator": self._iterator,
            "GetRecords": self._records,
        }
        return calls[operation](body)

    def command(self, name: str, asked: Mapping[str, str]) -> list[Answer]:
        """Do to the shards what the operator asks for; the streams as they are then.

        Raises:
            ShardMissing: there is no such stream or shard.
            RequestRefused: no such command, or not to this shard.
        """
        streams = [asked["stream"]] if "stream" in asked else list(self._rooms)
        obeyed = [self._obeys(arn, name, asked) for arn in streams]
        if "shard" in asked and not any(obeyed):
            raise ShardMissing
        return self.state()

    def _obeys(self, arn: str, name: str, asked: Mapping[str, str]) -> bool:
        with self._entered(arn) as (room, now):
            is_meant = "shard" not in asked or asked["shard"] in room.stream.tree.shards
            if is_meant:
                _obey(room.stream, name, asked, now)
            return is_meant

    def state(self) -> list[Answer]:
        """Every stream that was asked for so far, and its shards as they really are."""
        streams = []
        for arn in list(self._rooms):
            with self._entered(arn) as (room, _):
                streams.append(
                    {"stream": arn, "shards": [_really(shard) for shard in room.stream.tree.shards.values()]}
                )
        return streams

    def _describe(self, body: Values) -> Answer:
        parent = _parent(body)
        with self._entered(_text(body, "StreamArn")) as (room, now):
            listing = room.stream.describe(
                now,
                start=_text_if_any(body, "ExclusiveStartShardId") or "",
                limit=_number(body, "Limit", SHARDS_A_PAGE),
                children_of=parent,
            )
            theirs = room.source.describe()
            theirs.pop("LastEvaluatedShardId", None)  # of its own shards
            shards = [_listed(shard) for shard in listing.shards]
        more = {"LastEvaluatedShardId": listing.last} if listing.last else {}
        created = {"CreationRequestDateTime": theirs["CreationRequestDateTime"].timestamp()}
        return {"StreamDescription": {**theirs, **created, "Shards": shards, **more}}

    def _iterator(self, body: Values) -> Answer:
        with self._entered(_text(body, "StreamArn")) as (room, now):
            found = room.stream.iterator(
                _text(body, "ShardId"),
                _text(body, "ShardIteratorType"),
                _text_if_any(body, "SequenceNumber"),
                now,
            )
        return {"ShardIterator": found}

    def _records(self, body: Values) -> Answer:
        limit = _number(body, "Limit", MOST_RECORDS)
        if not 1 <= limit <= MOST_RECORDS:
            raise RequestRefused(f"Limit must be from 1 to {MOST_RECORDS}")
        place = Place.decode(_text(body, "ShardIterator"))
        with self._entered(place.stream) as (room, now):
            page = room.stream.records(place, limit, now)
        following = {"NextShardIterator": page.iterator} if page.iterator else {}
        return {"Records": page.records, **following}

    @contextmanager
    def _entered(self, arn: str) -> Iterator[tuple[Room, float]]:
        room = self._rooms.get(arn)
        if room is None:  # of two who come first, one throws his away: nobody waits while the engine is asked
            room = self._rooms.setdefault(arn, Room(arn, self._client, self._options, self._clock()))
        with room.lock:
            now = self._clock()
            room.refresh(now)
            yield room, now


def _text(body: Values, name: str) -> str:
    """A parameter that must be there."""
    value = _text_if_any(body, name)
    if not value:
        raise RequestRefused(f"{name} is required")
    return value


def _text_if_any(body: Values, name: str) -> str | None:
    """A parameter that may be left out."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise RequestRefused(f"{name} must be a string")
    return value


def _number(body: Values, name: str, default: int) -> int:
    """A whole number that may be left out."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise RequestRefused(f"{name} must be a whole number")
    return value


def _parent(body: Values) -> str:
    """The shard whose children are asked for; empty: no filter."""
    wanted = body.get("ShardFilter")
    if wanted is None:
        return ""
    if not isinstance(wanted, dict):
        raise RequestRefused("ShardFilter must be an object")
    if (kind := _text(wanted, "Type")) != "CHILD_SHARDS":
        raise RequestRefused(f"Invalid ShardFilter type: {kind}")
    return _text(wanted, "ShardId")


def _obey(stream: ShardedStream, name: str, asked: Mapping[str, str], now: float) -> None:
    """One command to one stream."""
    tree = stream.tree
    named = tree.get(asked["shard"]) if "shard" in asked else None
    match name:
        case "split" | "roll" | "close":
            for shard in tree.open if asked.get("all") else [named or tree.any_open()]:
                {"split": tree.split, "roll": tree.roll, "close": tree.close}[name](shard, now)
        case "trim":
            stream.trim(named)
        case "forget":
            tree.forget()
        case "expire":
            stream.expire_iterators(now)
        case _:
            raise RequestRefused(f"There is no command {name}: split, roll, close, trim, forget, expire.")


def _listed(shard: Shard) -> Answer:
    """A shard as DescribeStream shows it."""
    numbers = {"StartingSequenceNumber": numeral(shard.start)}
    if shard.end is not None:
        numbers["EndingSequenceNumber"] = numeral(shard.end)
    parent = {"ParentShardId": shard.parent} if shard.parent else {}
    return {"ShardId": shard.id, "SequenceNumberRange": numbers, **parent}


def _really(shard: Shard) -> Answer:
    """A shard as nobody but the operator sees it."""
    first, end = shard.range.first, shard.range.end
    return {**_listed(shard), "records": len(shard.entries), "range": [f"{first:016x}", f"{end - 1:016x}"]}
