"""The engine goes away under the worker and comes back, with the stream's history or without it."""

from pathlib import Path

import pytest

from devstack.engine import Engine
from devstack.program import Program
from tests.acceptance.stack import Stack, wait_until
from tests.places import settings_of


@pytest.mark.engine
def test_the_engine_is_restarted(tmp_path: Path, program: Program) -> None:
    """If the history after the checkpoint is trimmed the worker sweeps every row; it goes on by itself."""
    with Engine(tmp_path, program=program) as engine:
        stack = Stack(settings_of(engine), tmp_path)
        try:
            restart_under_a_worker(stack, engine, forgets=program.name == "ministack")
        finally:
            stack.close()


def restart_under_a_worker(stack: Stack, engine: Engine, *, forgets: bool) -> None:
    """A message lands while no worker runs; ministack loses its record with the rest of its stream."""
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
    if forgets:
        second.wait_for("records_trimmed")
        second.wait_for("sweep_done")
    wait_until(lambda: "unseen" in stack.do("producer", "list-conversations", "andrewbrown"), "the message")
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "after")
    stack.assert_right()
