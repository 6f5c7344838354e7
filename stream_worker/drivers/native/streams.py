"""The table's streams: its current one, and older ones until they are drained."""

from shared.errors import Misconfigured, Poison, Transient
from shared.models import string
from stream_worker.checkpoints import Checkpoints
from stream_worker.contract import Work
from stream_worker.drivers.native.parts import Parts
from stream_worker.drivers.native.reader import Reading
from stream_worker.drivers.native.stream import StreamReader
from stream_worker.state import STREAMS
from stream_worker.views import StreamView

STREAM_LOOK_S = 60.0  # how often the table is asked whether its stream is another one now
LOOK_AGAIN_S = 5.0  # the same, after it could not tell, or while the stream has nothing left


class Streams:
    """Every stream that is being read: the table's current one, and older ones until they are drained."""

    def __init__(self, parts: Parts, work: Work) -> None:
        self._parts = parts
        self._work = work
        self._readers: dict[str, StreamReader] = {}
        self._latest = ""
        self._look_due = 0.0
        self._is_resumed = False

    def step(self) -> float:
        """One round over all streams; in how many seconds to come again."""
        if not self._is_resumed:
            self._resume()
        if self._parts.monotonic() >= self._look_due:
            self._look()
        wait = min(reader.step() for reader in self._readers.values())
        self._drop_drained()
        if self._latest and self._readers[self._latest].is_at_its_end:
            self._look_due = min(self._look_due, self._parts.monotonic() + LOOK_AGAIN_S)
        return min(wait, max(0.0, self._look_due - self._parts.monotonic()))

    def view(self) -> tuple[StreamView, ...]:
        """What others may know of them; may be asked by any thread."""
        return tuple(reader.view() for reader in list(self._readers.values()))

    def _resume(self) -> None:
        """The streams that were being read before: an old one may not be drained yet."""
        begun = [string(item, "sk") for item in self._parts.state.all(STREAMS)]
        self._readers = {stream: self._reader(stream) for stream in begun}
        self._is_resumed = True

    def _look(self) -> None:
        """A stream that was switched off and on has a new name: the old one is read to its end as well."""
        try:
            latest = self._parts.api.latest_stream()
        except (Transient, Poison, Misconfigured) as error:
            if not self._readers:
                raise
            self._look_due = self._parts.monotonic() + LOOK_AGAIN_S
            self._parts.log.warning("stream_unknown", error=str(error), next="reads on what is known, looks again")
            return
        self._look_due = self._parts.monotonic() + STREAM_LOOK_S
        if latest not in self._readers:
            self._parts.log.info("stream_opened", stream=latest)
            self._readers[latest] = self._reader(latest)
            self._work.forget()  # it may be the stream of another table of that name
        self._latest = latest
        for stream, reader in self._readers.items():
            reader.is_latest = stream == latest

    def _reader(self, stream: str) -> StreamReader:
        parts = self._parts
        reading = Reading(
            api=parts.api,
            checkpoints=Checkpoints(parts.state, stream, parts.retry, parts.clock),
            processor=self._work.processor,
            on_gap=self._work.on_gap,
            limit=parts.limit,
            clock=parts.clock,
            monotonic=parts.monotonic,
            log=parts.log,
        )
        return StreamReader(stream, reading, parts.state, parts.run_all, parts.poll_s)

    def _drop_drained(self) -> None:
        for stream, reader in list(self._readers.items()):
            if self._latest and stream != self._latest and reader.is_drained:
                reader.close()
                self._parts.log.info("stream_drained", stream=stream)
                del self._readers[stream]
