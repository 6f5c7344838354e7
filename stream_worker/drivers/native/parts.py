"""What the native driver works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from shared.logging import Log
from shared.retry import Retry
from stream_worker.contract import RunAll
from stream_worker.lease import Lease
from stream_worker.state import State
from stream_worker.streams import StreamsApi


@dataclass(frozen=True, slots=True)
class Parts:
    """All of it, put together by `stream_worker.assembly`, or by a test."""

    api: StreamsApi
    state: State
    lease: Lease
    retry: Retry
    run_all: RunAll
    stop: Event
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    log: Log
    poll_s: float
    limit: int
    lease_s: float
