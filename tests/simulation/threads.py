"""Events and threads that the scheduler owns, in the places where production code makes real ones."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Event
from typing import Any
from unittest.mock import patch

from tests.simulation.scheduler import Scheduler

_MODULES = ("stream_worker.drivers.native.driver", "stream_worker.lease")


class SimEvent(Event):
    """An event on which one waits in simulated time."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler

    def wait(self, timeout: float | None = None) -> bool:
        """Let others act for so long."""
        assert timeout is not None, "nothing waits for ever"
        if not self.is_set():
            self._scheduler.sleep(timeout)
        return self.is_set()


class SimThread:
    """A thread that is a task of the same process."""

    def __init__(
        self, scheduler: Scheduler, target: Callable[..., object], args: Sequence[object] = (), name: str = "", **_: Any
    ) -> None:
        self._scheduler = scheduler
        self._work: Callable[[], object] = partial(target, *args)
        self._name = name
        self._is_over = True

    def start(self) -> None:
        """Begin, when its turn comes."""
        self._is_over = False
        self._scheduler.spawn(f"{self._scheduler.actor}/{self._name}", self._run, self._scheduler.owner)

    def join(self) -> None:
        """Wait for its end."""
        while not self._is_over:
            self._scheduler.sleep(0.01)

    def _run(self) -> None:
        self._work()
        self._is_over = True


@contextmanager
def owned_by(scheduler: Scheduler) -> Iterator[None]:
    """The native driver's threads and events are the scheduler's meanwhile."""

    def event() -> SimEvent:
        return SimEvent(scheduler)

    def thread(**facts: Any) -> SimThread:
        return SimThread(scheduler, **facts)

    with ExitStack() as stack:
        for module in _MODULES:
            stack.enter_context(patch(f"{module}.Event", event))
            stack.enter_context(patch(f"{module}.Thread", thread))
        yield
