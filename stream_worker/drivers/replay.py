"""A driver whose stream is a tape: for tests, and for an incident that is to be seen again."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

from shared.errors import Stopping
from shared.retry import Retry
from stream_worker.contract import Batch, Processor

Told = Callable[[BaseException, float], object]


class ReplayDriver:
    """Delivers batches in their order, each until it is settled.

    Args:
        retry: a batch that meets a `Transient` is delivered again, for as long as this allows.
        before_batch: called once before a batch is delivered, whatever becomes of it (loading, crash points).
        before_wait: told the error and the seconds until the next delivery.
    """

    def __init__(
        self,
        batches: Iterable[Batch],
        processor: Processor,
        retry: Retry,
        *,
        before_batch: Callable[[Batch], object] = lambda _: None,
        before_wait: Told | None = None,
    ) -> None:
        self._batches = batches
        self._processor = processor
        self._retry = retry
        self._before_batch = before_batch
        self._before_wait = before_wait
        self.settled = 0
        """How many batches are settled: the position."""

    def run(self) -> None:
        """Deliver the tape; ends early, the batch in hand unsettled, when asked to stop.

        Raises:
            Transient: a batch did not settle in time.
            AppError: what the processor, or the tape itself, raised.
        """
        with suppress(Stopping):
            for batch in self._batches:
                self._deliver(batch)
                self.settled += 1

    def _deliver(self, batch: Batch) -> None:
        if self._retry.stop.is_set():
            raise Stopping
        self._before_batch(batch)
        self._retry.call(partial(self._processor.process, batch), before_wait=self._before_wait)
