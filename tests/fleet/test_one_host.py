"""One host: all that is written arrives, whatever it is; a stop in order; every process of it killed in turn."""

import signal
from collections.abc import Callable

import pytest

from shared.dynamo import connect
from shared.models import string
from stream_worker.drivers.kcl.course import ENDED
from tests.acceptance.stack import wait_until
from tests.fleet.hosts import Fleet, Host, is_there, tell

pytestmark = [pytest.mark.fleet, pytest.mark.slow, pytest.mark.timeout(400)]

TRAFFIC = ("producer", "traffic", "--groups", "10", "--users", "8", "--edits", "0.1", "--deletes", "0.05")
HOSTILE = [
    {"pk": {"S": "MSG#"}, "sk": {"S": "2026-13-45T99:99:99.999999+00:00"}},
    {"pk": {"S": "MSG#g"}, "sk": {"S": "\U0001f680"}, "message": {"M": {"odd": {"NS": ["1", "-2.50"]}}}},
    {"pk": {"S": "GRP#u"}, "sk": {"S": "0"}, "message_group_uuid": {"S": "x" * 1500}},
    {
        "pk": {"S": "ODD"},
        "sk": {"S": "1"},
        "b": {"B": b"\xff\x00"},
        "n": {"NULL": True},
        "l": {"L": []},
        "s": {"S": ""},
    },
]


def records(fleet: Fleet) -> int:
    return sum(line["records"] for line in fleet.said("batch_settled"))


def test_all_that_is_written_arrives_once_and_a_stop_loses_nothing(fleet: Fleet) -> None:
    """Exit 0, the lease given back, the next process goes on behind the last record; nothing is settled twice."""
    host = fleet.host()
    host.wait_for("shard_opened")
    fleet.stack.do(*TRAFFIC, "--total", "120")
    fleet.stack.assert_right()
    assert host.terminate() == 0
    assert fleet.owned() == []
    [lease] = fleet.leases().values()
    before = records(fleet)
    fleet.host().wait_for("shard_opened")
    assert fleet.said("shard_opened")[-1]["after"] == string(lease, "checkpoint") != ENDED
    fleet.stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "--wait", "100", "and on")
    assert records(fleet) - before <= 10


def test_hostile_records_end_nobody(fleet: Fleet) -> None:
    """What nobody understands becomes a dead letter; all else of its batch is settled."""
    clients = connect(fleet.settings)
    host = fleet.host()
    host.wait_for("shard_opened")
    for item in HOSTILE:
        clients.dynamodb.call("put_item", TableName=fleet.settings.message_table, Item=item)
    fleet.stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "Hi")
    fleet.stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "--wait", "100", "Hello")
    assert len(fleet.said("record_dead_lettered")) == 2
    assert not fleet.said("daemon_ended")
    clients.dynamodb.raw.close()
    clients.streams.raw.close()


def a_child(host: Host) -> None:
    tell(next(iter(host.children.values())), signal.SIGKILL)


def the_jvm(host: Host) -> None:
    tell(host.jvm, signal.SIGKILL)


@pytest.mark.parametrize("deed", [a_child, the_jvm])
def test_what_was_killed_is_started_again(fleet: Fleet, deed: Callable[[Host], None]) -> None:
    """By the supervisor, which names the reason; the same worker goes on, and no process stays behind."""
    host = fleet.host()
    host.wait_for("shard_opened")
    processes = [host.jvm, *host.children.values()]
    deed(host)
    host.wait_for("daemon_ended")
    host.wait_for("shard_opened", 2)
    assert not any(map(is_there, processes))
    fleet.stack.do(*TRAFFIC, "--total", "40")
    fleet.stack.assert_right()


def test_without_its_supervisor_a_daemon_leaves(fleet: Fleet) -> None:
    """In order: its shards are free for the next host at once."""
    host = fleet.host()
    host.wait_for("shard_opened")
    processes = [host.jvm, *host.children.values()]
    host.process.kill()
    host.process.wait()
    wait_until(lambda: not any(map(is_there, processes)), "the daemon and its child to leave")
    assert fleet.owned() == []
