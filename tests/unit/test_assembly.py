"""What is put together: a process that works on something large is not one that hangs."""

from threading import Event

import pytest

from shared.dynamo import Client, Clients
from shared.errors import Throttled
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Batch, Record, Work
from stream_worker.drivers.native.parts import Parts
from stream_worker.pool import Pool
from tests.fakes.outlets import Lines
from tests.fakes.table import at, texts


class Turning:
    """A driver that counts its signs of life."""

    def __init__(self, parts: Parts, work: Work) -> None:
        self.parts, self.work, self.turns = parts, work, 0

    def turn(self) -> None:
        """One."""
        self.turns += 1


class Refusing:
    """A boto3 client that has no capacity."""

    def query(self, **_: object) -> None:
        raise Throttled


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Turning:
    """What `native_driver` is given to work with."""
    monkeypatch.setattr(assembly, "NativeDriver", Turning)
    clients = Clients(Client(Refusing()), Client(Refusing(), streams=True))
    driver: object = assembly.native_driver(clients, Settings.read(), Event(), "ann", Lines())
    assert isinstance(driver, Turning)
    return driver


def test_each_group_of_a_batch_is_a_sign_of_life(driver: Turning) -> None:
    """A thousand groups on an engine that hangs take an hour; a restart would mend nothing, and begin them anew."""
    records = tuple(Record("MODIFY", texts(pk=f"MSG#{group}", sk=at(1)), "1", 0.0) for group in "abc")
    with pytest.raises(Throttled):
        driver.work.processor.process(Batch("stream", "shard", records))
    assert driver.turns == 3


def test_each_shard_of_a_round_is_a_sign_of_life(driver: Turning) -> None:
    """Many shards wait for each other's batches."""
    driver.parts.run_all([lambda: None] * 5)
    assert driver.turns == 5


def test_a_job_that_fails_is_over_as_well() -> None:
    """And what it raised is raised."""
    over: list[int] = []
    with pytest.raises(Throttled):
        Pool(1, "test", lambda: over.append(1))([Refusing().query])
    assert over == [1]
