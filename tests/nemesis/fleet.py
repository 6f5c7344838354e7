"""Some worker processes, of which one holds the lease; the dead are replaced."""

import signal
from dataclasses import dataclass
from random import Random
from time import monotonic

from shared.errors import Transient
from shared.models import string
from stream_worker.lease import NAME
from stream_worker.state import LEASE, State
from tests.acceptance.stack import PATIENCE_S, Stack, Worker

BATCHES = ("20", "100", "1000")  # small ones checkpoint often, large ones are killed in the middle
SIZE = 4  # one that works; others that may die, too, while one of them takes over


@dataclass(frozen=True, slots=True)
class Asleep:
    """A worker that is stopped (SIGSTOP) until `wakes_at`; `owner` is its name in the lease that it held."""

    worker: Worker
    owner: str
    wakes_at: float


class Fleet:
    """Workers, awake and asleep; `state` is read straight at the engine."""

    def __init__(self, stack: Stack, state: State, dice: Random) -> None:
        self.awake: list[Worker] = []
        self.asleep: list[Asleep] = []
        self.everyone: list[Worker] = []
        self.complaints: list[str] = []
        self._stack, self._state, self._dice = stack, state, dice

    def fill(self) -> None:
        """Start as many as are lacking; who ended by himself is a complaint."""
        for worker in list(self.awake):
            if (status := worker.process.poll()) is not None:
                self.complaints.append(f"a worker ended by itself, status {status}: {worker.text[-500:]}")
                self.awake.remove(worker)
        while len(self.awake) < SIZE:
            self.awake.append(self._stack.worker(WORKER_BATCH=self._dice.choice(BATCHES)))
            self.everyone.append(self.awake[-1])

    def owner(self) -> str:
        """The name in the lease; empty if there is none, or nobody can say now."""
        try:
            return string(self._state.get(LEASE, NAME) or {}, "owner")
        except Transient:
            return ""

    def called(self, owner: str) -> Worker | None:
        """The worker of this name (host-pid-hex), if it is awake."""
        number = owner.split("-")[-2] if owner.count("-") > 1 else ""
        return next((worker for worker in self.awake if str(worker.process.pid) == number), None)

    def kill(self, worker: Worker) -> None:
        """SIGKILL."""
        self.awake.remove(worker)
        worker.kill()

    def put_to_sleep(self, worker: Worker, owner: str, seconds: float) -> None:
        """SIGSTOP."""
        self.awake.remove(worker)
        worker.process.send_signal(signal.SIGSTOP)
        self.asleep.append(Asleep(worker, owner, monotonic() + seconds))

    def wake(self, sleeper: Asleep) -> None:
        """SIGCONT."""
        self.asleep.remove(sleeper)
        sleeper.worker.process.send_signal(signal.SIGCONT)
        self.awake.append(sleeper.worker)

    def terminate(self) -> list[tuple[int, float]]:
        """SIGTERM to all that are up; the exit status of each, and the seconds it took."""
        told = [worker for worker in self.awake if worker.has_said("worker_started")]
        began = monotonic()
        for worker in told:
            self.awake.remove(worker)
            worker.process.terminate()
        return [(worker.process.wait(PATIENCE_S), monotonic() - began) for worker in told]
