"""One shard: an iterator, a position that moves only when records are settled, and what to do when one is gone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.errors import AppError, IteratorExpired, RecordsTrimmed, ShardMissing, Throttled
from shared.logging import Log
from stream_worker.checkpoints import Checkpoint, Checkpoints
from stream_worker.contract import Batch, Gap, OnGap, Processor, Record
from stream_worker.drivers.native.lineage import GONE_AFTER
from stream_worker.streams import Page, StreamsApi
from stream_worker.views import ShardView

ITERATOR_LIVES_S = 600.0  # AWS: 15 minutes; ours is given up before
EMPTY_PAGES_AT_TIP = 5  # so many empty pages in a row mean that there is nothing to read
REFRESH_S = 60.0  # how often an idle shard's checkpoint says that it is still being read
CATCH_UP_S = 5.0  # records older than this ask for the next page at once


@dataclass(frozen=True, slots=True)
class Reading:
    """What all shards of a stream are read with."""

    api: StreamsApi
    checkpoints: Checkpoints
    processor: Processor
    on_gap: OnGap
    limit: int
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    log: Log

    def owe(self, stream: str, gap: Gap) -> datetime:
        """Owe a sweep; it answers for all that was written up to the answer.

        That moment comes first: the process may be stopped for a day between any two lines.
        """
        moment = self.clock()
        self.on_gap(stream, gap)
        return moment


class ShardReader:
    """Reads one shard to its end."""

    def __init__(self, reading: Reading, stream: str, checkpoint: Checkpoint) -> None:
        self._with = reading
        self._stream = stream
        self.shard = checkpoint.shard
        self.checkpoint = checkpoint
        self._unsure = False
        self._iterator: str | None = None
        self._iterator_since = 0.0
        self._written = self._opened_at = reading.monotonic()
        self._empty_pages = 0
        self._missed = 0
        self._at_tip: datetime | None = None
        self._polled_at: float | None = None

    def view(self, failures: int) -> ShardView:
        """What others may know of it; may be asked by any thread."""
        checkpoint, at_tip = self.checkpoint, self._at_tip
        caught_up_at = max(checkpoint.settled_until, at_tip or checkpoint.settled_until)
        return ShardView(
            shard=self.shard,
            parent=checkpoint.parent,
            settled=checkpoint.sequence,
            caught_up_at=caught_up_at,
            opened_at=self._opened_at,
            polled_at=self._polled_at,
            failures=failures,
        )

    def turn(self) -> bool:
        """Read one page and settle it; whether there is probably more to read at once.

        Raises:
            Transient: this time it did not work; the next turn starts at the last settled record.
        """
        began = self._with.clock()  # first of all: a day may pass between any two lines, and trim what they would read
        try:
            self._reload_if_unsure()
            if self.checkpoint.ended:
                return False
            self._owe_if_too_old()
            page = self._next_page()
            return page is not None and self._settle(page, began)
        except Throttled:
            raise  # the iterator is as good as before
        except AppError:
            self._iterator = None
            raise

    def _reload_if_unsure(self) -> None:
        """After a write that failed the table says what the checkpoint is: an answer may have been lost."""
        if self._unsure:
            self.checkpoint = self._with.checkpoints.reload(self.shard) or self.checkpoint
            self._unsure = False

    def _keep(self, write: Callable[[], Checkpoint]) -> None:
        self._unsure = True
        self.checkpoint = write()
        self._unsure = False
        self._written = self._with.monotonic()

    def _owe_if_too_old(self) -> None:
        """Records after an old checkpoint may be gone without an error: look at all rows before going on."""
        if self._with.checkpoints.is_too_old(self.checkpoint):
            owed_at = self._with.owe(self._stream, Gap.CHECKPOINT_OLD)
            self._keep(lambda: self._with.checkpoints.refresh(self.checkpoint, owed_at))

    def _next_page(self) -> Page | None:
        try:
            page = self._with.api.records(self._fresh_iterator(), self._with.limit)
        except IteratorExpired:
            self._with.log.info("iterator_expired", shard=self.shard, next="a new one after the last settled record")
            self._iterator = None
            page = self._with.api.records(self._fresh_iterator(), self._with.limit)
        except RecordsTrimmed:
            self._start_over()
            return None
        except ShardMissing:
            self._end_if_gone()
            return None
        self._missed = 0
        self._polled_at = self._with.monotonic()
        return page

    def _fresh_iterator(self) -> str:
        now = self._with.monotonic()
        if self._iterator is None or now - self._iterator_since > ITERATOR_LIVES_S:
            self._iterator = self._with.api.iterator(self._stream, self.shard, self.checkpoint.sequence)
            self._iterator_since = now
        return self._iterator

    def _settle(self, page: Page, began: datetime) -> bool:
        if page.records:
            self._empty_pages = 0
            self._with.processor.process(Batch(self._stream, self.shard, page.records))
            if page.last:
                self._advance(page.last)
        else:
            self._rest(began)
        self._iterator, self._iterator_since = page.next_iterator, self._with.monotonic()
        if page.next_iterator is None:
            self._owe_if_too_old()
            self._keep(lambda: self._with.checkpoints.end(self.checkpoint))
            self._with.log.info("shard_ended", shard=self.shard)
        return self._is_more_likely(page)

    def _advance(self, last: Record) -> None:
        advance = self._with.checkpoints.advance
        self._keep(lambda: advance(self.checkpoint, last.sequence_number, last.created_at))

    def _is_more_likely(self, page: Page) -> bool:
        if not page.records:
            return self._is_behind(CATCH_UP_S) and self._empty_pages < EMPTY_PAGES_AT_TIP
        lag = self._with.clock().timestamp() - page.records[-1].created_at
        return len(page.records) >= self._with.limit or lag > 60 + CATCH_UP_S  # engines may cut times to the minute

    def _is_behind(self, seconds: float) -> bool:
        return self._with.clock().timestamp() - self.checkpoint.settled_until.timestamp() > seconds

    def _rest(self, began: datetime) -> None:
        """An empty page: not the end; several in a row are the tip, and all of before this turn is settled."""
        self._empty_pages += 1
        if self._empty_pages < EMPTY_PAGES_AT_TIP:
            return
        self._at_tip = began
        if self._with.monotonic() - self._written >= REFRESH_S:
            self._keep(lambda: self._with.checkpoints.refresh(self.checkpoint, began))

    def _start_over(self) -> None:
        """Records after our position are gone: owe a sweep, then read what is left."""
        self._iterator = None
        if self.checkpoint.sequence is None:  # some engines say so of a fresh shard: nothing was skipped
            raise Throttled("The shard cannot be read from its start yet.")
        self._with.log.warning(
            "records_trimmed", shard=self.shard, next="sweeps all rows, reads on from the oldest record"
        )
        owed_at = self._with.owe(self._stream, Gap.RECORDS_TRIMMED)
        self._keep(lambda: self._with.checkpoints.rewind(self.checkpoint, owed_at))

    def _end_if_gone(self) -> None:
        """The shard is not known any more: only if several full listings in a row agree is it lost."""
        self._iterator = None
        self._missed = 0 if self._is_listed() else self._missed + 1
        if self._missed < GONE_AFTER:
            raise Throttled("The shard cannot be found now.")
        self._with.log.warning("shard_lost", shard=self.shard, next="sweeps all rows, goes on with its children")
        self._with.owe(self._stream, Gap.SHARD_LOST)
        self._keep(lambda: self._with.checkpoints.end(self.checkpoint))

    def _is_listed(self) -> bool:
        try:
            return any(shard.id == self.shard for shard in self._with.api.shards(self._stream))
        except ShardMissing:  # the stream itself is gone
            return False
