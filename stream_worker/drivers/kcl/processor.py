"""One shard's life in a child of KCL's daemon: open, settle batch after batch, end or leave.

The daemon calls, one call at a time, and takes each that returns for done, whatever was raised in it. So every call
catches everything here, and what must not be passed over ends the process: the next one begins at the checkpoint.
"""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import NoReturn, Protocol

from shared.errors import AppError, LeaseLost, Misconfigured, Poison, SchemaUnknown, Stopping, Transient
from shared.keys import stamp
from shared.logging import Log
from stream_worker.contract import Batch, Processor
from stream_worker.drivers.kcl.checkpointer import Ask, Checkpointer
from stream_worker.drivers.kcl.position import Position
from stream_worker.drivers.kcl.records import Envelope, record_from
from stream_worker.drivers.kcl.wire import DaemonFailed, DaemonGone
from stream_worker.streams import Page
from stream_worker.trouble import back_off

POLLED_S = 5.0  # at most so often a line says how far the shard is
LEAVES_WITHIN_S = 60.0  # a daemon that goes on with a child that does nothing any more must notice
LEFT, FAILED, MISCONFIGURED = 0, 1, 2  # exit statuses


class End(Protocol):
    """How the process ends."""

    def __call__(self, status: int) -> NoReturn:
        """At once."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a shard is worked on with."""

    stream: str
    shard: str
    processor: Processor
    position: Position
    checkpointer: Checkpointer
    stop: Event
    monotonic: Callable[[], float]
    log: Log
    end: End


class ShardProcessor:
    """The calls of KCL's protocol, each with a way to ask for a checkpoint where there is one."""

    def __init__(self, parts: Parts) -> None:
        self._with = parts
        self._over_since: float | None = None
        self._said = float("-inf")

    def initialize(self, sequence: str | None) -> None:
        """The shard is ours, from this place on."""
        self._guarded(partial(self._open, sequence))

    def process_records(self, envelopes: Sequence[Envelope], ask: Ask) -> None:
        """Settle a batch, or hear that there was nothing to read."""
        self._guarded(partial(self._process, envelopes, ask))

    def lease_lost(self) -> None:
        """The shard is another worker's now."""
        self._guarded(partial(self._leave, "lease_lost", "another worker goes on at the last checkpoint"))

    def shard_ended(self, ask: Ask) -> None:
        """Everything was delivered; the shard's children wait for our word that it is settled."""
        self._guarded(partial(self._finish, ask), may_leave=False)

    def shutdown_requested(self, ask: Ask) -> None:
        """The daemon stops: the last chance to say how far we came."""
        self._guarded(partial(self._with.checkpointer.catch_up, ask))

    def left(self) -> None:
        """The daemon hung up."""
        self._leave("shard_left", "another worker goes on at the last checkpoint")

    def turn(self) -> None:
        """Say now and then how far it is; may be called by any thread."""
        now = self._with.monotonic()
        if now - self._said >= POLLED_S and self._over_since is None:
            self._said = now
            position = self._with.position
            self._with.log.debug(
                "shard_polled", shard=self._with.shard, settled=position.last, caught_up_at=stamp(position.until)
            )

    def _open(self, sequence: str | None) -> None:
        parts, position = self._with, self._with.position
        self._patiently(partial(position.open, sequence))
        if position.last:
            parts.checkpointer.begin(position.last)
        parts.log.info(
            "shard_opened",
            shard=parts.shard,
            parent=position.parent,
            after=position.last,
            caught_up_at=stamp(position.until),
        )

    def _process(self, envelopes: Sequence[Envelope], ask: Ask) -> None:
        self._with.position.begin_batch()
        if self._is_over():
            return
        if self._with.stop.is_set():
            raise Stopping
        self._patiently(self._with.position.owe_if_too_old)
        if envelopes:
            self._settle(Page(tuple(map(record_from, envelopes)), None), ask)
        else:
            self._with.position.rested()
        self._with.position.keep()
        self.turn()

    def _settle(self, page: Page, ask: Ask) -> None:
        batch = Batch(self._with.stream, self._with.shard, page.records)
        self._patiently(partial(self._with.processor.process, batch))
        self._say_what_was_read(page)
        self._with.position.settled(page.last, page.records[-1].created_at)
        if page.last:
            self._with.checkpointer.advance(ask, page.last.sequence_number)

    def _say_what_was_read(self, page: Page) -> None:
        """Before its checkpoint: so whoever lost a record can be found by the lines of all hosts."""
        first, last = (page.records[at].sequence_number for at in (0, -1))
        self._with.log.debug("batch_read", shard=self._with.shard, records=len(page.records), first=first, last=last)

    def _finish(self, ask: Ask) -> None:
        if self._over_since is not None:
            raise Stopping
        self._patiently(self._with.position.end)
        self._with.checkpointer.end(ask)
        self._over_since = self._with.monotonic()
        self._with.log.info("shard_ended", shard=self._with.shard)
        self._with.position.forget_old()

    def _patiently(self, work: Callable[[], object]) -> None:
        """Do it until it works, however long that takes: nothing may be passed over.

        Raises:
            Stopping: the process was asked to stop meanwhile.
            Exception: nobody foresaw it, or a new process would not do better.
        """
        failures = 0
        while True:
            try:
                work()
            except SchemaUnknown:
                raise
            except (Transient, Poison, Misconfigured) as error:
                failures += 1
                self._wait("shard_waits" if isinstance(error, Transient) else "reading_waits", error, failures)
            else:
                return

    def _wait(self, event: str, error: AppError, failures: int) -> None:
        wait_s = back_off(failures)
        self._with.log.warning(event, shard=self._with.shard, error=str(error), next=f"retry in {wait_s:.1f} s")
        if self._with.stop.wait(wait_s):
            raise Stopping

    def _is_over(self) -> bool:
        """Whether nothing is to be done any more; the daemon must not think for long that something is."""
        since = self._over_since
        if since is not None and self._with.monotonic() - since > LEAVES_WITHIN_S:
            self._with.log.warning("child_ends", shard=self._with.shard, next="the daemon goes on without a worker")
            self._with.end(FAILED)
        return since is not None

    def _leave(self, event: str, following: str) -> None:
        """Nothing more is processed in this life."""
        if self._over_since is None:
            self._over_since = self._with.monotonic()
            self._with.log.info(event, shard=self._with.shard, next=following)

    def _guarded(self, call: Callable[[], object], *, may_leave: bool = True) -> None:
        try:
            call()
        except Stopping:
            self._leave("shard_left", "what is not settled comes again")
            if not may_leave:
                self._with.end(FAILED)
        except LeaseLost:
            self._leave("lease_lost", "another worker goes on at the last checkpoint")
        except DaemonGone:
            self.left()
            self._with.end(LEFT)
        except (AppError, DaemonFailed) as error:
            self._with.log.error("child_failed", shard=self._with.shard, error=str(error))  # noqa: TRY400
            self._with.end(MISCONFIGURED if isinstance(error, Misconfigured) else FAILED)
        except BaseException as error:  # noqa: BLE001 - kclpy would swallow it, and the batch with it
            trace = traceback.format_exc()  # in one line, as JSON
            self._with.log.error("child_failed", shard=self._with.shard, error=repr(error), trace=trace)  # noqa: TRY400
            self._with.end(FAILED)
