"""How long nobody reads the one shard of a stream after the host that did was killed, or asked to stop."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from time import time

from devstack.engine import Engine
from shared.dynamo import connect
from shared.models import Item, string
from stream_worker.drivers.kcl.properties import application_of
from stream_worker.streams import DynamoStreams
from tests.acceptance.stack import Stack, wait_until
from tests.fleet.hosts import Fleet, Host
from tests.places import settings_of

LEASE_S = "10"  # as in production
TRICKLE = ("producer", "traffic", "--rate", "5", "--total", "1000000", "--groups", "10", "--users", "10")
MOST = 4  # rounds for each that is wanted: who leads is KCL's to decide


class End(StrEnum):
    """How the reader ends."""

    TERM = "SIGTERM"
    FOLLOWER = "kill -9 of a follower"
    LEADER = "kill -9 of the leader"


Times = Mapping[End, list[float]]
"""Seconds until another host had settled a batch."""


def takeovers(engine: Engine, jar: Path, folder: Path, rounds: int) -> Times:
    """Three hosts, of which one reads and one leads; so many rounds of each end, if the lots allow it."""
    with ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        return _Scene(stack, engine, jar, folder).play(rounds)


class _Scene:
    def __init__(self, stack: ExitStack, engine: Engine, jar: Path, folder: Path) -> None:
        settings = settings_of(engine)
        self._stack = Stack(settings, folder)
        stack.callback(self._stack.close)
        self._stack.do("producer", "schema-load")
        self._fleet = Fleet(self._stack, folder, jar)
        stack.callback(self._fleet.close)
        clients = connect(settings)
        stack.callback(clients.dynamodb.raw.close)
        stack.callback(clients.streams.raw.close)
        self._client = clients.dynamodb
        self._tables = application_of(settings, DynamoStreams(clients, settings.message_table).latest_stream())

    def play(self, rounds: int) -> Times:
        times: dict[End, list[float]] = {end: [] for end in End}
        self._stack.start(*TRICKLE)
        for _ in range(MOST * len(times) * rounds):
            if min(map(len, times.values())) >= rounds:
                break
            reader = self._ready()
            end = self._end_of(reader, times)
            if len(times[end]) < rounds:
                times[end].append(self._until_read_again(reader, end))
            else:
                self._deal_anew(reader)
        return times

    def _ready(self) -> Host:
        """The one that reads, when all three are there and the leader knows of them."""
        while len(self._fleet.up) < 3:
            self._fleet.host(WORKER_LEASE_S=LEASE_S)

        def is_ready() -> bool:
            known = {string(item, "wid") for item in self._items("WorkerMetricStats")}
            return {_name(host) for host in self._fleet.up} <= known and len(self._readers()) == 1

        for host in self._fleet.up:
            host.wait_for("worker_started")
        self._fleet.reader()
        wait_until(is_ready, "three hosts that know each other, and one that reads")
        return self._readers()[0]

    def _readers(self) -> list[Host]:
        return [host for host in self._fleet.up if host.children]

    def _end_of(self, reader: Host, times: Times) -> End:
        """What its place allows, or SIGTERM, which anybody can be sent: whichever was rarer."""
        killed = End.LEADER if _name(reader) == self._leader() else End.FOLLOWER
        return min(killed, End.TERM, key=lambda end: len(times[end]))

    def _deal_anew(self, reader: Host) -> None:
        """Who leads and who reads is KCL's to decide: without the one that leads it decides again."""
        leader = next((host for host in self._fleet.up if _name(host) == self._leader()), reader)
        self._fleet.lose(leader)
        wait_until(lambda: self._leader() not in {"", _name(leader)}, "another host to lead")

    def _leader(self) -> str:
        return next((string(item, "ownerName") for item in self._items("CoordinatorState") if "ownerName" in item), "")

    def _items(self, table: str) -> list[Item]:
        return list(self._client.items("scan", TableName=f"{self._tables}-{table}", ConsistentRead=True))

    def _until_read_again(self, reader: Host, end: End) -> float:
        heard, began = len(self._fleet.tapped()), time()
        self._fleet.up.remove(reader)
        if end is End.TERM:
            reader.process.terminate()
        else:
            reader.kill()
        mine = {line["pid"] for line in reader.lines if line["event"] == "shard_opened"}
        found: list[str] = []

        def is_read() -> bool:
            fresh = [line for line in self._fleet.tapped()[heard:] if line["event"] == "batch_read"]
            found[:] = [line["timestamp"] for line in fresh if line["pid"] not in mine]
            return bool(found)

        wait_until(is_read, "another host to read")
        reader.process.wait()
        return datetime.fromisoformat(found[0]).timestamp() - began


def _name(host: Host) -> str:
    return next((line["owner"] for line in host.lines if line["event"] == "worker_started"), "?")
