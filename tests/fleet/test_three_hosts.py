"""Three hosts share the shards of a stream that splits under load; they are killed in every way meanwhile."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devstack.engine import Engine
from tests.acceptance.stack import wait_until
from tests.fleet.conftest import fleet_on
from tests.fleet.hosts import Fleet, tell
from tests.fleet.witness import Witness
from tests.places import ManyShards, settings_of

pytestmark = [pytest.mark.fleet, pytest.mark.slow, pytest.mark.timeout(600)]

SHARDS = ("--shards", "8", "--split-every", "6", "--most-open", "12", "--seed", "4", "--describes", "0")
TRAFFIC = ("producer", "traffic", "--groups", "30", "--users", "20", "--edits", "0.1", "--deletes", "0.05")
LEASE_S = 6.0


class Many:
    """A fleet in front of a stream of many shards."""

    def __init__(self, fleet: Fleet, control: ManyShards) -> None:
        self.fleet, self.control = fleet, control

    def all_open_are_read(self) -> bool:
        """Whether each shard that is open now is read by a host that is up."""
        read = {shard for host in self.fleet.up for shard in host.children}
        return {
            shard["ShardId"]
            for shard in self.control.shards()
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        } <= read

    def all_were_opened(self) -> bool:
        """Whether each shard that there ever was was opened by somebody."""
        opened = {line["shard"] for line in self.fleet.said("shard_opened")}
        return {shard["ShardId"] for shard in self.control.shards()} <= opened


@pytest.fixture
def many(local: Engine, jar: Path, tmp_path: Path) -> Iterator[Many]:
    """Eight shards, soon more."""
    with ExitStack() as stack:
        control = stack.enter_context(ManyShards(settings_of(local), *SHARDS))
        for fleet in fleet_on(control.settings, jar, tmp_path):
            yield Many(fleet, control)


def test_kills_of_every_kind_lose_nothing(many: Many) -> None:
    """Rows are right, no letter is left, all was read, children after parents; who stays ends in order."""
    fleet = many.fleet
    for _ in range(3):
        fleet.host()
    wait_until(lambda: len([host for host in fleet.up if host.children]) > 1, "two hosts with shards")
    traffic = fleet.stack.start(*TRAFFIC, "--total", "700", "--rate", "12")
    fleet.lose(fleet.reader())
    fleet.host()
    tell(fleet.reader().jvm, signal.SIGKILL)
    tell(next(iter(fleet.reader().children.values())), signal.SIGKILL)
    sleeper = fleet.reader()
    sleeper.pause()
    fleet.up.remove(sleeper)
    wait_until(many.all_open_are_read, "the others to take the sleeper's shards")
    sleeper.resume()
    fleet.up.append(sleeper)
    left = fleet.reader(but=sleeper)
    fleet.up.remove(left)
    assert left.terminate() == 0
    fleet.host()
    orphaned = fleet.reader()
    fleet.up.remove(orphaned)
    orphaned.process.kill()
    assert traffic.wait(300) == 0, traffic.communicate()[1]
    wait_until(many.all_were_opened, "every shard to be opened")
    fleet.stack.assert_right()
    assert_all_was_read(many)
    assert fleet.too_early(zombies=(sleeper,)) == []
    assert [host.terminate() for host in fleet.up] == [0] * len(fleet.up)
    assert fleet.owned() == []


def assert_all_was_read(many: Many) -> None:
    """Every record of every shard was in a batch, and those of parents before those of children."""
    with Witness(many.fleet, many.control) as witness:
        found = witness.wait_for_all()
    assert found.is_right, found
