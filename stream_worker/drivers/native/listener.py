"""A stream read by somebody who only listens: no lease, no checkpoint, nothing written anywhere."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import IteratorExpired, RecordsTrimmed, ShardMissing
from stream_worker.contract import Batch, Processor
from stream_worker.drivers.native.lineage import PARENT_S, Lineage
from stream_worker.streams import StreamsApi

LISTING_S = 30.0
CHILD_S = 5.0  # an ended shard's children are looked for as often; DescribeStream is shared with the worker
HASTY_PAGES = 5  # so many empty pages of a shard are walked through at once: records may come after them


@dataclass(slots=True)
class _Place:
    """Where one shard is read."""

    after: str | None = None
    iterator: str | None = None
    empty_pages: int = 0


class Listener:
    """Reads all shards of a stream from their oldest record on, parents first, one page after the other.

    Args:
        on_loss: told in a sentence when records can never be heard.
    """

    def __init__(
        self,
        api: StreamsApi,
        stream: str,
        processor: Processor,
        monotonic: Callable[[], float],
        *,
        limit: int,
        poll_s: float,
        on_loss: Callable[[str], object],
    ) -> None:
        self.stream = stream
        self._api = api
        self._processor = processor
        self._monotonic = monotonic
        self._limit = limit
        self._poll_s = poll_s
        self._on_loss = on_loss
        self._lineage = Lineage()
        self._ended: dict[str, bool] = {}
        self._places: dict[str, _Place] = {}
        self._listing_due = 0.0

    def step(self) -> float:
        """A page of every shard that may be read; in how many seconds to come again.

        Raises:
            Transient: this time it did not work; the next step goes on where this one stopped.
        """
        if self._monotonic() >= self._listing_due:
            self._list()
        turns = [self._turn(shard.id) for shard in self._lineage.readable(self._ended)]
        return 0.0 if any(turns) else self._poll_s

    def _list(self) -> None:
        self._lineage = self._lineage.listed(self._api.shards(self.stream), self._monotonic())
        wait = CHILD_S if self._lineage.childless(self._ended) else LISTING_S
        self._listing_due = self._monotonic() + (PARENT_S if self._lineage.is_waiting(self._ended) else wait)

    def _turn(self, shard: str) -> bool:
        """One page of one shard; whether to go on at once."""
        place = self._places.setdefault(shard, _Place())
        try:
            place.iterator = place.iterator or self._api.iterator(self.stream, shard, place.after)
            page = self._api.records(place.iterator, self._limit)
        except IteratorExpired:
            place.iterator = None
            return True
        except RecordsTrimmed:
            if place.after:  # some engines say so of a fresh shard: nothing was skipped
                self._on_loss(f"The stream no longer has the records after {place.after} of {shard}.")
            self._places[shard] = _Place(empty_pages=HASTY_PAGES)
            return False
        except ShardMissing:
            self._on_loss(f"The stream does not know {shard} any more.")
            self._ended[shard] = True
            return False
        if page.records:
            self._processor.process(Batch(self.stream, shard, page.records))
            place.after = page.last.sequence_number if page.last else place.after
        else:
            place.empty_pages += 1
        place.iterator = page.next_iterator
        if page.next_iterator is None:
            self._ended[shard] = True
            self._listing_due = self._monotonic()
            return True
        return bool(page.records) or place.empty_pages < HASTY_PAGES
