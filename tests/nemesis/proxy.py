"""A proxy in front of an engine that does to requests what networks and AWS do to them.

Its control surface: GET /_nemesis tells the counters; POST /_nemesis/rates takes `Rates` as JSON ({} is peace);
POST /_nemesis/close and /_nemesis/open shut and open the way to the engine (closing waits for what is under way, so
that an engine can be stopped without having promised anything that it then forgets).
"""

import os
import socket
import struct
from http import HTTPStatus
from threading import Condition, Event
from urllib.parse import urlsplit

from devstack.relay import Answer, Relay, RelayServer, values_of
from shared import errors
from tests.nemesis import bodies
from tests.nemesis.faults import REFUSALS, Dice, Fault, Rates, Tally
from tests.nemesis.index import OldAnswers

CONTROL = "/_nemesis"
DELAY_S = (0.01, 0.3)
UNDER_WAY_S = 60.0

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, zero seconds


class Door:
    """The way to the engine: open or closed, and how many are on it."""

    def __init__(self) -> None:
        self._is_open = True
        self._inside = 0
        self._changed = Condition()

    def enter(self) -> bool:
        """Whether one may pass; who may must `leave`."""
        with self._changed:
            self._inside += self._is_open
            return self._is_open

    def leave(self) -> None:
        """Back again."""
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def set(self, *, is_open: bool) -> bool:
        """Open it; or close it and wait until nobody is under way: whether that came true."""
        with self._changed:
            self._is_open = is_open
            return is_open or self._changed.wait_for(lambda: self._inside == 0, UNDER_WAY_S)


class Proxy(RelayServer):
    """One proxy; `stall_s`: the least and the longest stall."""

    def __init__(self, port: int, engine: str, seed: int, rates: Rates, stall_s: tuple[float, float]) -> None:
        self.dice = Dice(seed, rates)
        self.stall_s = stall_s
        self.tally = Tally()
        self.old = OldAnswers(self.dice)
        self.door = Door()
        self.peace = Event()
        super().__init__(port, engine, _Handler)

    def load(self, rates: Rates) -> None:
        """Other rates from now on; peace ends the waits of those who are held."""
        self.dice.load(rates)
        (self.peace.clear if rates else self.peace.set)()


class _Handler(Relay):
    server: Proxy

    def answer(self, body: bytes) -> None:
        path = urlsplit(self.path).path
        if path == CONTROL or path.startswith(CONTROL + "/"):
            return self._control(path.removeprefix(CONTROL).strip("/"), body)
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        fault = self.server.dice.throw(operation)
        old = self.server.old.about(operation, body) if fault is Fault.STALE and b'"IndexName"' in body else None
        if fault is Fault.STALE and old is None:
            fault = None
        self.server.tally.add(fault or "none", operation)
        return self.send(old) if old else self._meet(fault, operation, body)

    def refuse(self, error: errors.AppError) -> None:
        """An engine that does not answer looks like one that is not there."""
        if isinstance(error, errors.Unreachable):
            self._reset()
        else:
            super().refuse(error)

    def _meet(self, fault: Fault | None, operation: str, body: bytes) -> None:
        if fault in REFUSALS:
            return self.send(self._refusal(fault, operation, body))
        if fault is Fault.CUT:
            return self._reset()
        if fault in {Fault.DELAY, Fault.STALL}:
            low, high = DELAY_S if fault is Fault.DELAY else self.server.stall_s
            self.server.peace.wait(self.server.dice.between(operation, low, high))
        answer = self._asked(body)
        return self._reset() if fault is Fault.LOST or answer is None else self.send(answer)

    def _refusal(self, fault: Fault, operation: str, body: bytes) -> Answer:
        if fault is Fault.CONFLICT and operation == "TransactWriteItems":
            actions = len(values_of(body)["TransactItems"])
            return bodies.cancelled(actions, self.server.dice.choice(operation, range(actions)))
        return bodies.refusal(fault)

    def _asked(self, body: bytes) -> Answer | None:
        """The engine's answer; None: the way is closed."""
        if not self.server.door.enter():
            return None
        try:
            answer = self.pass_on(body)
        finally:
            self.server.door.leave()
        if b'"IndexName"' in body and answer.status == HTTPStatus.OK:
            self.server.old.remember(body, answer)
        return answer

    def _control(self, name: str, body: bytes) -> None:
        server, is_settled = self.server, True
        match name:
            case "rates":
                server.load(values_of(body))
            case "close":
                is_settled = server.door.set(is_open=False)
                server.old.forget()  # whatever comes back will have caught up
            case "open":
                server.door.set(is_open=True)
        self.send_json(HTTPStatus.OK, {"counts": server.tally.as_values(), "settled": is_settled})

    def _reset(self) -> None:
        """The client sees `connection reset by peer`."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        os.close(self.connection.detach())  # at once: files made of the socket would keep it open
