"""Shard iterators: opaque to clients, all of their state in the text."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from typing import Self

from shared.errors import RequestRefused


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is in a shard; a position of None is the oldest record there is, whatever that is by then."""

    stream: str
    shard: str
    position: int | None
    since: float

    def encode(self) -> str:
        """The iterator."""
        facts = json.dumps([self.shard, self.position, self.since])
        return f"{self.stream}|1|{urlsafe_b64encode(facts.encode()).decode()}"

    @classmethod
    def decode(cls, iterator: str) -> Self:
        """The place that an iterator of ours stands for.

        Raises:
            RequestRefused: it is none of ours.
        """
        stream, _, facts = iterator.partition("|1|")
        try:
            shard, position, since = json.loads(urlsafe_b64decode(facts))
            return cls(stream, str(shard), None if position is None else int(position), float(since))
        except (Error, ValueError, TypeError, OverflowError) as error:
            raise RequestRefused("Invalid ShardIterator") from error
