"""Many shards with nothing to say: what a worker that reads them all costs."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from shared.settings import Settings
from tests.acceptance.stack import Stack, wait_until
from tests.acceptance.usage import cpu_s, most_memory_mb
from tests.places import ManyShards

SHARDS = 150
WATCHED_S = 20.0


@dataclass(frozen=True, slots=True)
class Idle:
    """What one worker used."""

    shards: int
    core: float
    """Of one core, on average."""
    memory_mb: float


def idle(settings: Settings, folder: Path, shards: int = SHARDS, seconds: float = WATCHED_S) -> Idle:
    """A worker opens all shards, and is watched while nothing happens."""
    with ExitStack() as cleanup:
        control = cleanup.enter_context(ManyShards(settings, "--shards", str(shards)))
        stack = Stack(control.settings, folder)
        cleanup.callback(stack.close)
        stack.do("producer", "schema-load")
        worker = stack.worker(WORKER_POLL_MS="200")
        wait_until(lambda: worker.has_said("shard_opened", shards), "every shard to be opened")
        Event().wait(seconds / 4)
        began, before = monotonic(), cpu_s(worker.process.pid)
        Event().wait(seconds)
        core = (cpu_s(worker.process.pid) - before) / (monotonic() - began)
        return Idle(shards, core, most_memory_mb(worker.process.pid))
