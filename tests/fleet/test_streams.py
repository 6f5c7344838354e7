"""The stream is another one, or away: switched off and on under two hosts, the engine restarted under them."""

from pathlib import Path

import pytest

from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from shared.dynamo import connect
from tests.acceptance.stack import wait_until
from tests.fleet.conftest import fleet_on
from tests.fleet.hosts import Fleet
from tests.places import settings_of

pytestmark = [pytest.mark.fleet, pytest.mark.slow, pytest.mark.timeout(400)]

SEND = ("producer", "send", "--from", "bayko", "--to", "andrewbrown", "--wait", "100")


def switch(fleet: Fleet, *, on: bool) -> None:
    clients = connect(fleet.settings)
    stream = {"StreamEnabled": on} | ({"StreamViewType": "NEW_IMAGE"} if on else {})
    table = fleet.settings.message_table
    clients.dynamodb.call("update_table", TableName=table, StreamSpecification=stream)
    clients.dynamodb.raw.close()
    clients.streams.raw.close()


def test_a_stream_that_was_switched_off_and_on(fleet: Fleet) -> None:
    """The old one is drained, the daemons start on the new one, with a sweep for what was written between the two."""
    first, second = fleet.host(), fleet.host()
    fleet.reader()
    fleet.stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "Hi")
    switch(fleet, on=False)
    fleet.stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "in no stream")
    switch(fleet, on=True)
    for host in (first, second):
        host.wait_for("daemon_started", 2)
    fleet.reader()
    fleet.stack.do(*SEND, "in the new one")
    fleet.stack.assert_right()
    assert [line["reason"] for line in fleet.said("sweep_owed")][-1] == "new stream"
    assert len(fleet.said("stream_drained")) >= 1


def test_the_engine_is_restarted(jar: Path, tmp_path: Path) -> None:
    """Hosts wait for it and go on by themselves; their processes are the same, or started again."""
    program = PROGRAMS[EngineName.DYNAMODB_LOCAL]
    with Engine(tmp_path, program=program) as engine:
        for fleet in fleet_on(settings_of(engine), jar, tmp_path):
            restart_under(fleet, engine)


def restart_under(fleet: Fleet, engine: Engine) -> None:
    for _ in range(2):
        fleet.host()
    fleet.reader()
    fleet.stack.do("producer", "start", "--from", "andrewbrown", "--to", "bayko", "Hi")
    engine.stop()
    wait_until(lambda: any("retry" in str(line.get("next")) for line in fleet.lines()), "somebody to wait")
    engine.start()
    fleet.stack.do(*SEND, "after it")
    fleet.stack.assert_right()
    assert all(host.process.poll() is None for host in fleet.up)
