"""KCL's MultiLang protocol by amazon_kclpy, the one module that imports it: from its objects to ours.

What it does with the protocol's mistakes is not what we need: an exception of a call is printed and taken for done,
and a daemon that went away while a checkpoint was asked for is a JSON error.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from amazon_kclpy.kcl import CheckpointError, KCLProcess
from amazon_kclpy.v3.processor import RecordProcessorBase

from shared.logging import Log
from stream_worker.drivers.kcl.checkpointer import Ask
from stream_worker.drivers.kcl.processor import FAILED, ShardProcessor
from stream_worker.drivers.kcl.records import Envelope
from stream_worker.drivers.kcl.wire import DaemonGone, Wire

Make = Callable[[str], ShardProcessor]

STRAY = "InvalidStateException"  # kclpy's own word for a line that is no answer


class _Checkpointer(Protocol):
    """kclpy's."""

    def checkpoint(self, sequence_number: str | None = None) -> None: ...


def serve(make: Make, wire: Wire, log: Log) -> None:
    """Do what the daemon says until it hangs up.

    Args:
        make: the processor of a shard, once it is known which.
        wire: the protocol's pipes.
        log: for what kclpy says.
    """
    child = _Child(make, wire)
    with suppress(DaemonGone):
        KCLProcess(child, input_file=wire, output_file=wire, error_file=_Complaints(log)).run()
    child.left()


class _Child(RecordProcessorBase):  # type: ignore[misc] # kclpy has no types
    """The hooks that kclpy calls; they never raise."""

    def __init__(self, make: Make, wire: Wire) -> None:
        self._make = make
        self._wire = wire
        self._processor: ShardProcessor | None = None

    def initialize(self, said: Any) -> None:
        """See `ShardProcessor`."""
        self._processor = self._make(said.shard_id)
        self._processor.initialize(said.sequence_number)

    def process_records(self, said: Any) -> None:
        """See `ShardProcessor`."""
        envelopes = [Envelope(record.sequence_number, record.data) for record in said.records]
        self._opened.process_records(envelopes, self._ask(said.checkpointer))

    def lease_lost(self, _said: Any) -> None:
        """See `ShardProcessor`."""
        self._opened.lease_lost()

    def shard_ended(self, said: Any) -> None:
        """See `ShardProcessor`."""
        self._opened.shard_ended(self._ask(said.checkpointer))

    def shutdown_requested(self, said: Any) -> None:
        """See `ShardProcessor`."""
        self._opened.shutdown_requested(self._ask(said.checkpointer))

    def left(self) -> None:
        """The daemon hung up."""
        if self._processor:
            self._processor.left()

    @property
    def _opened(self) -> ShardProcessor:
        if self._processor is None:
            raise SystemExit(FAILED)  # the protocol begins with `initialize`
        return self._processor

    def _ask(self, checkpointer: _Checkpointer) -> Ask:
        def ask(sequence: str | None) -> str | None:
            try:
                checkpointer.checkpoint(sequence)
            except CheckpointError as error:
                return str(error.value)
            except Exception as error:
                if self._wire.is_over:
                    raise DaemonGone from error
                return STRAY
            return None

        return ask


class _Complaints:
    """kclpy's error file, as lines of our log."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._text = ""

    def write(self, text: str) -> None:
        """Keep it."""
        self._text += text

    def flush(self) -> None:
        """Say what was kept."""
        self._log.error("kclpy_failed", error=self._text)
        self._text = ""
