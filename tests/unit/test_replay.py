"""The replay driver's own: what comes before a batch, and how long it is patient."""

from threading import Event

import pytest

from shared.errors import Throttled
from shared.retry import Retry
from stream_worker.contract import Batch
from stream_worker.drivers.replay import ReplayDriver
from tests.conftest import Tape


class Scene:
    """A processor that fails so often, and what happened in order."""

    def __init__(self, failures: int = 0) -> None:
        self.story: list[str] = []
        self.stop, self._failures = Event(), failures

    def driver(self, batches: list[Batch], *, rounds_s: float = 60.0) -> ReplayDriver:
        """A driver that does not wait."""
        retry = Retry(self.stop, total_s=rounds_s, sleep=lambda _: None)
        return ReplayDriver(
            batches,
            self,
            retry,
            before_batch=lambda batch: self.story.append(f"load {len(batch.records)}"),
            before_wait=lambda error, _: self.story.append(type(error).__name__),
        )

    def process(self, batch: Batch) -> None:
        """See `Processor`."""
        self.story.append(f"process {len(batch.records)}")
        if self._failures:
            self._failures -= 1
            raise Throttled


def test_a_batch_is_loaded_once_just_before_it_is_delivered(tape: Tape) -> None:
    """However often it is delivered."""
    scene, batches = Scene(failures=1), tape("hostile")[2:]
    scene.driver(batches).run()
    assert scene.story == ["load 4", "process 4", "Throttled", "process 4", "load 11", "process 11"]


def test_patience_ends(tape: Tape) -> None:
    """What does not settle in time is handed up; the position says how far it came."""
    driver = Scene(failures=1000).driver(tape("hostile"), rounds_s=0)
    with pytest.raises(Throttled):
        driver.run()
    assert driver.settled == 0


def test_a_stop_before_a_batch_touches_nothing(tape: Tape) -> None:
    """Not even the table is filled."""
    scene = Scene()
    scene.stop.set()
    scene.driver(tape("hostile")).run()
    assert scene.story == []
