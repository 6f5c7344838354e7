"""Hosts of a fleet: each a supervisor, KCL's daemon in a process group of its own, and a child for every shard."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from shared.dynamo import Clients, connect
from shared.models import Item, string
from shared.settings import Settings
from stream_worker.drivers.kcl.course import ENDED
from stream_worker.drivers.kcl.leases import LeaseTables
from stream_worker.drivers.kcl.properties import application_of
from stream_worker.streams import DynamoStreams
from tests.acceptance.stack import Stack, Worker, wait_until

Line = dict[str, Any]
TAP = Path(__file__).parent / "tap"
OVER = frozenset({"shard_ended", "lease_lost", "shard_left"})


class Host(Worker):
    """`stream-worker run --driver kcl`, and everything that it starts."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        super().__init__(log, environment, "--driver", "kcl")

    @property
    def jvm(self) -> int:
        """The process, and the process group, of its last daemon."""
        return int(self._last("daemon_started")["pid"])

    @property
    def children(self) -> dict[str, int]:
        """The process of each shard that it reads now, as far as its last daemon has said."""
        read: dict[str, int] = {}
        for line in self.lines:
            if line["event"] in {"daemon_started", "daemon_stopped"}:
                read = {}
            elif line["event"] == "shard_opened":
                read[line["shard"]] = line["pid"]
            elif line["event"] in OVER:
                read.pop(line.get("shard", ""), None)
        return read

    def kill(self) -> None:
        """The machine is gone: SIGKILL to all of it."""
        super().kill()
        for daemon in [line["pid"] for line in self.lines if line["event"] == "daemon_started"]:
            tell(-daemon, signal.SIGKILL)

    def pause(self) -> None:
        """The machine stands still: SIGSTOP to all of it."""
        self.process.send_signal(signal.SIGSTOP)
        tell(-self.jvm, signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on as if nothing had happened."""
        tell(-self.jvm, signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)

    def _last(self, event: str) -> Line:
        return next(line for line in reversed(self.lines) if line["event"] == event)


class Fleet:
    """Hosts on one table; `stack` has its commands."""

    def __init__(self, stack: Stack, folder: Path, jar: Path) -> None:
        self.stack = stack
        self.everyone: list[Host] = []
        self.up: list[Host] = []
        self._folder = folder
        self._jar = jar
        self._tap = folder / "children.jsonl"
        self._tap.touch()
        self._clients: Clients = connect(stack.settings)

    @property
    def settings(self) -> Settings:
        """Of all of them."""
        return self.stack.settings

    def host(self, **settings: str) -> Host:
        """Start one more."""
        log = self._folder / f"host-{len(self.everyone)}.log"
        ours = {"WORKER_KCL_JAR": str(self._jar), "WORKER_LEASE_S": "6", "PYTHONPATH": str(TAP)}
        environment = self.stack.environment(**{**ours, "FLEET_TAP": str(self._tap), **settings})
        self.everyone.append(Host(log, environment))
        self.up.append(self.everyone[-1])
        return self.everyone[-1]

    def lose(self, host: Host) -> None:
        """It is killed, and counted among the lost."""
        self.up.remove(host)
        host.kill()

    def reader(self, *, but: Host | None = None) -> Host:
        """A host that reads a shard, when there is one."""
        wait_until(lambda: self._readers(but), "a host that reads")
        return self._readers(but)[0]

    def _readers(self, but: Host | None) -> list[Host]:
        return [host for host in self.up if host is not but and host.children]

    def leases(self) -> dict[str, Item]:
        """KCL's leases of the table's current stream, by shard."""
        stream = DynamoStreams(self._clients, self.settings.message_table).latest_stream()
        tables = LeaseTables(self._clients.dynamodb, lambda of: application_of(self.settings, of))
        return {string(lease, "leaseKey"): lease for lease in tables.items(stream)}

    def owned(self) -> list[str]:
        """Shards whose lease somebody holds; of one that is settled to its end nobody asks any more."""
        return [shard for shard, lease in self.leases().items() if _is_owned(lease)]

    def lines(self) -> Iterator[Line]:
        """What all of them said, in the order of time."""
        yield from sorted((line for host in self.everyone for line in host.lines), key=lambda line: line["timestamp"])

    def tapped(self) -> list[Line]:
        """What all children said, in the order in which they said it, although nobody may have heard it."""
        lines = self._tap.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def said(self, event: str) -> list[Line]:
        """All lines of one event."""
        return [line for line in self.lines() if line["event"] == event]

    def too_early(self, *, zombies: tuple[Host, ...] = ()) -> list[str]:
        """Shards that were opened before the last batch of their parent was settled."""
        sleepers = {line["timestamp"] for host in zombies for line in host.lines}
        found: list[str] = []
        opened: dict[str, set[str]] = {}
        for line in self.lines():
            if line["event"] == "shard_opened" and line["parent"]:
                opened.setdefault(line["parent"], set()).add(line["shard"])
            elif line["event"] == "batch_settled" and line["timestamp"] not in sleepers:
                found += opened.get(line["shard"], ())
        return found

    def close(self) -> None:
        """Leave no process behind."""
        for host in self.everyone:
            host.kill()
        self._clients.dynamodb.raw.close()
        self._clients.streams.raw.close()


def _is_owned(lease: Item) -> bool:
    return bool(string(lease, "leaseOwner")) and string(lease, "checkpoint") != ENDED


def tell(process: int, number: int) -> None:
    """A signal to a process, or with a minus to a group; who is gone need not hear it."""
    with suppress(ProcessLookupError):
        os.kill(process, number) if process > 0 else os.killpg(-process, number)


def is_there(process: int) -> bool:
    """Whether the process runs; one that ended and was not waited for does not."""
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
