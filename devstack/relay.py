"""A server in front of an engine: it reads a request whole, passes it on byte for byte, and answers in one packet."""

import json
import re
import sys
import traceback
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import uuid4

from shared import errors

ENGINE_S = 60.0

_LENGTH = re.compile("[0-9]{1,9}")

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "content-length"})

Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """What goes back to the client."""

    status: int
    body: bytes
    headers: Headers


class RelayServer(ThreadingHTTPServer):
    """Listens on the loopback interface; `engine` is the URL it stands in front of."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, engine: str, handler: "type[Relay]") -> None:
        self.engine = urlsplit(engine)
        super().__init__(("127.0.0.1", port), handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; anything else is a bug of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Relay(BaseHTTPRequestHandler):
    """One connection of a client; it may carry many requests. A server of ours says in `answer` what it does."""

    server: RelayServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, body: bytes) -> None:
        """Answer a request whose body was read."""
        self.send(self.pass_on(body))

    def refuse(self, error: errors.AppError) -> None:
        """Say what is wrong."""
        self.send_json(HTTPStatus.INTERNAL_SERVER_ERROR, {"message": str(error)})

    def do_POST(self) -> None:
        """Any request."""
        length = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not _LENGTH.fullmatch(length):
            self.close_connection = True  # what follows would be taken for the next request
            return self.refuse(errors.RequestRefused("Send a body with its Content-Length."))
        body = self.rfile.read(int(length))
        try:
            self.answer(body)
        except errors.AppError as error:
            self.refuse(error)
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception:  # noqa: BLE001 - a bug of ours; the client is told, and asks again
            traceback.print_exc()
            self.refuse(errors.AppError("The server met an error that nobody foresaw: its trace says more."))

    do_GET = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Many a second; nobody reads them."""

    def pass_on(self, body: bytes) -> Answer:
        """What the engine answers.

        Raises:
            Unreachable: nothing.
        """
        engine = self.server.engine
        connection = HTTPConnection(engine.hostname or "", engine.port, timeout=ENGINE_S)
        try:
            connection.request(self.command, self.path, body, self._passed_on())
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), answer.getheaders())
        except (OSError, HTTPException) as error:
            raise errors.Unreachable(f"The engine does not answer: {type(error).__name__}.") from error
        finally:
            connection.close()

    def _passed_on(self) -> dict[str, str]:
        """What the engine hears; ministack never lets go of a connection that is closed without a word."""
        ours = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        return {**ours, "Connection": "close"}

    def send_json(self, status: int, values: Any) -> None:
        """An answer of our own."""
        headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-RequestId", str(uuid4()))]
        self.send(Answer(status, json.dumps(values).encode(), headers))

    def send(self, answer: Answer) -> None:
        """All in one packet: a second one would wait until the first is acknowledged."""
        kept = [(name, value) for name, value in answer.headers if name.lower() not in _HOP_BY_HOP]
        lines = [f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in [*kept, ("Content-Length", str(len(answer.body)))]]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + answer.body)


def values_of(body: bytes) -> dict[str, Any]:
    """A request's JSON object.

    Raises:
        RequestRefused: it is none.
    """
    try:
        values = json.loads(body)
    except ValueError as error:
        raise errors.RequestRefused("The body is no JSON.") from error
    if not isinstance(values, dict):
        raise errors.RequestRefused("The body is no object.")
    return values
