"""The engine goes away under the worker and comes back without the stream's history."""

from pathlib import Path

import pytest

from devstack.engine import Engine
from tests.acceptance.stack import Stack
from tests.places import settings_of


@pytest.mark.engine
def test_the_engine_is_restarted(tmp_path: Path) -> None:
    """The history after the checkpoint is trimmed: the worker sweeps every row, and goes on by itself."""
    with Engine(tmp_path) as engine:
        stack = Stack(settings_of(engine), tmp_path)
        try:
            restart_under_a_worker(stack, engine)
        finally:
            stack.close()


def restart_under_a_worker(stack: Stack, engine: Engine) -> None:
    """A message lands while no worker runs, and its record is lost with the engine's stream."""
    stack.do("producer", "schema-load")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "before")
    first = stack.worker()
    first.wait_for("batch_settled")
    assert first.terminate() == 0
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "unseen")
    engine.stop()
    second = stack.worker()
    second.wait_for("engine_awaited")
    engine.start()
    second.wait_for("records_trimmed")
    second.wait_for("sweep_done")
    assert "unseen" in stack.do("producer", "list-conversations", "andrewbrown")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "after")
    stack.assert_right()
