"""KCL's checkpoint of one shard: it moves forward only, to a place that is said, and with patience."""

from collections.abc import Callable
from threading import Event
from typing import Protocol

from shared.errors import LeaseLost, Stopping
from shared.logging import Log
from stream_worker.drivers.kcl.wire import DaemonFailed
from stream_worker.trouble import back_off

PATIENCE_S = 30.0  # then the shard goes on without: the next checkpoint says this one, too

_LOST = "ShutdownException"
_BUSY = frozenset(
    {
        "ThrottlingException",
        "KinesisClientLibDependencyException",
        "KinesisClientLibRetryableException",
        "KinesisClientLibIOException",
        "BlockedOnParentShardException",
    }
)


class Ask(Protocol):
    """How the daemon is asked for a checkpoint."""

    def __call__(self, sequence: str | None) -> str | None:
        """Ask for one at a sequence number (None: at the end of the shard); the name of the daemon's error, if any.

        Raises:
            DaemonGone: nobody answers.
        """


class Checkpointer:
    """Moves the checkpoint.

    Args:
        stop: ends every wait.
        monotonic: seconds.
        log: for what is waited for.
    """

    def __init__(self, stop: Event, monotonic: Callable[[], float], log: Log) -> None:
        self._stop = stop
        self._monotonic = monotonic
        self._log = log
        self._wanted: str | None = None
        self._kept: str | None = None

    def begin(self, sequence: str) -> None:
        """KCL's checkpoint as it was found."""
        self._wanted = self._kept = sequence

    def advance(self, ask: Ask, sequence: str) -> None:
        """Everything up to `sequence` is settled.

        Raises:
            LeaseLost: the shard is another worker's now.
            DaemonFailed: the daemon is in a state that it does not come out of.
            DaemonGone: nobody answers.
        """
        if self._wanted is None or int(self._wanted) < int(sequence):
            self._wanted = sequence  # as it was said: some engines' numbers begin with zeros
        self.catch_up(ask)

    def catch_up(self, ask: Ask) -> None:
        """Ask for what is settled and was not kept yet, if there is something; raises what `advance` does."""
        if self._wanted is None or self._wanted == self._kept:
            return
        if self._is_kept(ask, self._wanted, PATIENCE_S):
            self._kept = self._wanted

    def end(self, ask: Ask) -> None:
        """The shard is settled to its end: its children wait for this, so it is asked for until it is kept.

        Raises:
            Stopping: the process was asked to stop meanwhile.
            LeaseLost, DaemonFailed, DaemonGone: as of `advance`.
        """
        if not self._is_kept(ask, None, float("inf")):
            raise Stopping

    def _is_kept(self, ask: Ask, sequence: str | None, patience_s: float) -> bool:
        until, failures = self._monotonic() + patience_s, 0
        while refusal := ask(sequence):
            if refusal == _LOST:
                raise LeaseLost("The shard is another worker's now.")
            if refusal not in _BUSY:
                raise DaemonFailed(f"KCL's daemon refused a checkpoint: {refusal}.")
            failures += 1
            wait_s = back_off(failures)
            if self._stop.is_set() or self._monotonic() + wait_s > until:
                return False
            self._log.warning("checkpoint_waits", error=refusal, next=f"asks again in {wait_s:.1f} s")
            self._stop.wait(wait_s)
        return True
