"""The production reconcile on a table in memory."""

from threading import Event

import pytest

from shared.retry import Retry
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from tests.fakes.table import MemoryTable, at

G = "group"


class Scene:
    """A table, a memory and the production reconcile on them."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.memory = Memory()
        self.stop = Event()
        self.worker = Reconciler(self.table, self.memory, Retry(self.stop, sleep=lambda _: None))


@pytest.fixture
def scene() -> Scene:
    """Ann and Bob talk; both rows show the message at 1."""
    scene = Scene()
    scene.table.message(G, at(1))
    scene.table.member(G, "ann", at(1))
    scene.table.member(G, "bob", at(1))
    return scene
