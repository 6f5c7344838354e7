"""An open load on a port, in a process of its own: a request goes out at its moment, however slow the answers are.

A time counts from that moment: a request that waited for a connection has waited for the server (no coordinated
omission). The requests are made by whoever starts this, so that nothing is left to do here but send and read.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import NamedTuple

_ROOT = Path(__file__).parents[2]

_CONNECTIONS = 256
_OPEN_AT_ONCE = 8
_IDLE_S = 3.0  # the server closes a connection that was idle for 5 s
_OVERTIME_S = 1.0
_PATIENCE_S = 30.0
_FIRST_S = 0.1  # from the first connection to the first request


class Shot(NamedTuple):
    """A request as it goes over the wire, of which kind it is, and the status it should be answered with."""

    kind: str
    wants: int
    request: str


@dataclass(frozen=True, slots=True)
class Plan:
    """So many requests a second, for so long; the shots in turn."""

    port: int
    rate: float
    seconds: float
    shots: Sequence[Shot]


@dataclass(frozen=True, slots=True)
class Tally:
    """Milliseconds of each answered request by kind, errors by what they were, and what the sending has cost."""

    ms: Mapping[str, Sequence[float]]
    errors: Mapping[str, int]
    cpu_s: float


def fire(plan: Plan) -> Tally:
    """Carry out the plan in another process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.api_load"],
        cwd=_ROOT,
        input=json.dumps(asdict(plan)),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return Tally(**json.loads(done.stdout))


class _Line(NamedTuple):
    """A connection that is kept."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    since: float


class _Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._idle: list[_Line] = []
        self._room = asyncio.Semaphore(_CONNECTIONS)
        self._ms: dict[str, list[float]] = defaultdict(list)
        self._errors: Counter[str] = Counter()
        self._until = 0.0

    async def run(self) -> Tally:
        """All of it, until the last answer."""
        plan, now = self._plan, asyncio.get_running_loop().time
        self._idle = [await self._opened() for _ in range(_OPEN_AT_ONCE)]
        began, used = now() + _FIRST_S, _cpu_s()
        self._until = began + plan.seconds + _OVERTIME_S
        sent = []
        for number in range(max(1, round(plan.rate * plan.seconds))):
            planned = began + number / plan.rate
            await asyncio.sleep(planned - now())
            sent.append(asyncio.create_task(self._send(plan.shots[number % len(plan.shots)], planned)))
        await asyncio.gather(*sent)
        return Tally(dict(self._ms), dict(self._errors), _cpu_s() - used)

    async def _send(self, shot: Shot, planned: float) -> None:
        now = asyncio.get_running_loop().time
        async with self._room:
            if now() > self._until:
                self._errors["not sent in time"] += 1
                return
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    status = await self._asked(shot.request)
            except (OSError, EOFError, ValueError) as error:
                self._errors[type(error).__name__] += 1
                return
        if status == shot.wants:
            self._ms[shot.kind].append(1000 * (now() - planned))
        else:
            self._errors[f"HTTP {status}"] += 1

    async def _asked(self, request: str) -> int:
        """The answer's status, when its body is here; a connection that failed is not used again."""
        line = await self._line()
        try:
            line.writer.write(request.encode())
            head = await line.reader.readuntil(b"\r\n\r\n")
            await line.reader.readexactly(_length(head))
        except BaseException:
            line.writer.close()
            raise
        if b"\r\nconnection: close" in head.lower():
            line.writer.close()
        else:
            self._idle.append(line._replace(since=asyncio.get_running_loop().time()))
        return int(head[9:12])

    async def _line(self) -> _Line:
        """The connection that was used last, or a new one."""
        while self._idle:
            line = self._idle.pop()
            if asyncio.get_running_loop().time() - line.since < _IDLE_S:
                return line
            line.writer.close()
        return await self._opened()

    async def _opened(self) -> _Line:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._plan.port)
        return _Line(reader, writer, asyncio.get_running_loop().time())


def _length(head: bytes) -> int:
    name, rest = head.lower().partition(b"\r\ncontent-length:")[1:]
    if not name:
        raise ValueError("an answer without a length")
    return int(rest.partition(b"\r\n")[0])


def _cpu_s() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _main() -> None:
    said = json.load(sys.stdin)
    plan = Plan(**{**said, "shots": [Shot(*shot) for shot in said["shots"]]})
    json.dump(asdict(asyncio.run(_Load(plan).run())), sys.stdout)


if __name__ == "__main__":
    _main()
