"""Time that passes only when a test, or the main thread's waiting, lets it pass."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, current_thread

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """A wall clock and a monotonic one, and what is to happen when."""

    def __init__(self) -> None:
        self.wall, self.monotonic_s = NOON, 1000.0
        self._deeds: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> datetime:
        """The wall clock."""
        return self.wall

    def monotonic(self) -> float:
        """The clock that never jumps."""
        return self.monotonic_s

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks; what falls due is done."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic_s += seconds
        due = [deed for at, deed in self._deeds if at <= self.monotonic_s]
        self._deeds = [(at, deed) for at, deed in self._deeds if at > self.monotonic_s]
        for deed in due:
            deed()

    def jump(self, hours: float) -> None:
        """Somebody sets the wall clock."""
        self.wall += timedelta(hours=hours)

    def after(self, seconds: float, deed: Callable[[], object]) -> None:
        """Do something so many seconds from now."""
        self._deeds.append((self.monotonic_s + seconds, deed))


class Stop(Event):
    """A stop event on which the thread that made it waits in no time; other threads hardly wait at all."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock, self._owner = clock, current_thread()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Let `timeout` pass on the clock."""
        if self.is_set():
            return True
        if current_thread() is not self._owner:
            return super().wait(0.001)
        assert timeout is not None, "the main thread would wait for ever"
        self.waits.append(timeout)
        self._clock.advance(max(timeout, 0.001))
        return self.is_set()
