"""What is done to hosts: all of one killed, or a part of it; put to sleep past its leases; asked to stop."""

import signal
from collections import Counter
from enum import StrEnum
from random import Random

from shared.models import string
from tests.acceptance.stack import wait_until
from tests.fleet.hosts import Fleet, Host, is_there, tell


class Deed(StrEnum):
    """One of them."""

    HOST = "whole host"
    JVM = "JVM"
    CHILD = "child"
    SUPERVISOR = "supervisor"
    SLEEP = "SIGSTOP past its leases, SIGCONT"
    TERM = "SIGTERM"


KILLS = (Deed.HOST, Deed.JVM, Deed.CHILD, Deed.SUPERVISOR)


class Deeds:
    """One at a time, to a host that reads; whoever is gone is replaced.

    Args:
        fleet: whose hosts they are done to.
        dice: who it is.
    """

    def __init__(self, fleet: Fleet, dice: Random) -> None:
        self.done: Counter[Deed] = Counter()
        self.complaints: list[str] = []
        self._fleet, self._dice = fleet, dice

    @property
    def kills(self) -> int:
        """So far."""
        return sum(self.done[deed] for deed in KILLS)

    def do(self, deed: Deed) -> None:
        """Choose one that reads, and do it."""
        self._fill()
        self._fleet.reader()
        host = self._dice.choice([host for host in self._fleet.up if host.children])
        {
            Deed.HOST: self._fleet.lose,
            Deed.JVM: self._kill_jvm,
            Deed.CHILD: self._kill_child,
            Deed.SUPERVISOR: self._kill_supervisor,
            Deed.SLEEP: self._sleep,
            Deed.TERM: self._terminate,
        }[deed](host)
        self.done[deed] += 1
        self._fill()

    def _fill(self) -> None:
        """There are three; who ended by himself is a complaint."""
        for host in list(self._fleet.up):
            if (status := host.process.poll()) is not None:
                self.complaints.append(f"a host ended by itself, status {status}: {host.text[-500:]}")
                self._fleet.up.remove(host)
        while len(self._fleet.up) < 3:
            self._fleet.host()

    def _kill_jvm(self, host: Host) -> None:
        tell(host.jvm, signal.SIGKILL)

    def _kill_child(self, host: Host) -> None:
        if children := list(host.children.values()):
            tell(self._dice.choice(children), signal.SIGKILL)

    def _kill_supervisor(self, host: Host) -> None:
        """Its JVM and its children must leave by themselves."""
        processes = [host.jvm, *host.children.values()]
        self._fleet.up.remove(host)
        host.process.kill()
        host.process.wait()
        wait_until(lambda: not any(map(is_there, processes)), "a JVM and its children to leave without supervisor")

    def _sleep(self, host: Host) -> None:
        """Until nothing of it is its own any more, by KCL's word."""
        owner = next(line["owner"] for line in host.lines if line["event"] == "worker_started")
        host.pause()
        self._fleet.up.remove(host)
        wait_until(lambda: owner not in self._owners(), "the leases of a sleeper to be taken")
        host.resume()
        self._fleet.up.append(host)

    def _owners(self) -> set[str]:
        return {string(lease, "leaseOwner") for lease in self._fleet.leases().values()}

    def _terminate(self, host: Host) -> None:
        self._fleet.up.remove(host)
        processes = [host.jvm, *host.children.values()]
        if status := host.terminate():
            self.complaints.append(f"SIGTERM ended a host with status {status}")
        if any(map(is_there, processes)):
            self.complaints.append("SIGTERM left a process behind")
