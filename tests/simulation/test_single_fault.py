"""One fault at every call: complete for single faults, in one small day of two workers and four people."""

from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from shared.dynamo import Clients
from shared.errors import Transient
from shared.retry import Retry
from stream_worker.assembly import Surroundings
from stream_worker.contract import Batch, Processor, Work
from tests.simulation.cloud.faults import NEED_A_WRITE, Fault
from tests.simulation.scenario import Driver
from tests.simulation.single_fault import everywhere, live
from tests.simulation.world import World, ours

STRIDE = 20  # scripts/prove leaves no call out
WORKERS = list(Fault)
PEOPLE = [Fault.THROTTLED, Fault.CONFLICT, Fault.UNSENT, Fault.LOST]  # a person who is killed just does less


@pytest.mark.parametrize("driver", Driver, ids=lambda driver: driver.value)
@pytest.mark.parametrize("fault", WORKERS, ids=lambda fault: fault.name.lower())
def test_workers_stand_one_fault_at_every_twentieth_call(driver: Driver, fault: Fault) -> None:
    """Whatever one call of a worker meets, no promise is broken, and the day ends as it would have."""
    _live_all(driver, fault, "worker", STRIDE)


@pytest.mark.parametrize("fault", PEOPLE, ids=lambda fault: fault.name.lower())
def test_people_stand_one_fault_at_every_call(fault: Fault) -> None:
    """A person tries again until it is done: no message is stored twice, no row is missing, none is left over."""
    _live_all(Driver.FLEET, fault, "person", 1)


def test_a_worker_that_shrugs_is_caught() -> None:
    """For a worker that settles what failed, a single throttle breaks the promise: these days are able to fail."""
    days = [live(Driver.FLEET, Fault.THROTTLED, at, contender=_shrugging) for at in range(1, 200, 10)]
    broken = [day for day in days if day.violations]
    print(f"{len(broken)} of {len(days)} days broken")  # noqa: T201 - the proof's figures
    assert broken


@dataclass(frozen=True, slots=True)
class _Shrug:
    """A processor that takes a batch for settled when it could not be."""

    processor: Processor

    def process(self, batch: Batch) -> None:
        """See `contract.Processor`."""
        with suppress(Transient):
            self.processor.process(batch)


def _shrugging(world: World, clients: Clients, retry: Retry, around: Surroundings) -> Work:
    work = ours(world, clients, retry, around)
    return replace(work, processor=_Shrug(work.processor))


def _live_all(driver: Driver, fault: Fault, whose: str, stride: int) -> None:
    found = everywhere(driver, fault, whose, stride)
    print(f"{found.days} days, {found.met} met the fault")  # noqa: T201 - the proof's figures
    assert found.wrong == {}
    assert found.met == found.days or (fault in NEED_A_WRITE and found.met > found.days / 10)
