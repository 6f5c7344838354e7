"""The HTTP side: the Streams API here, the operator's commands beside it, all other calls to the engine."""

import json
import re
import sys
import traceback
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from devstack.streams.service import Service
from shared import errors

API = "DynamoDBStreams_20120810."
OURS = ("DescribeStream", "GetShardIterator", "GetRecords")
COMMANDS = "/_streams"
ENGINE_S = 60.0

_LENGTH = re.compile("[0-9]{1,9}")

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "content-length"})

# The names under which AWS's clients know our errors: shared/refusals.py the other way round.
_CODES: dict[type[errors.AppError], str] = {
    errors.IteratorExpired: "com.amazonaws.dynamodb.v20120810#ExpiredIteratorException",
    errors.RecordsTrimmed: "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException",
    errors.ShardMissing: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
    errors.Throttled: "com.amazonaws.dynamodb.v20120810#LimitExceededException",
    errors.RequestRefused: "com.amazon.coral.validate#ValidationException",
}
_UNAVAILABLE = "com.amazonaws.dynamodb.v20120810#InternalServerError"


class StreamsServer(ThreadingHTTPServer):
    """Listens on the loopback interface."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, engine: str, service: Service) -> None:
        self.engine = urlsplit(engine)
        self.service = service
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news; anything else is a bug of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client; it may carry many requests."""

    server: StreamsServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """An API call, or a command."""
        length = self.headers.get("Content-Length") or "0"
        if self.headers.get("Transfer-Encoding") or not _LENGTH.fullmatch(length):
            self.close_connection = True  # what follows would be taken for the next request
            return self._refuse(errors.RequestRefused("Send a body with its Content-Length."))
        body = self.rfile.read(int(length))
        try:
            self._answer(body)
        except errors.AppError as error:
            self._refuse(error)
        except ConnectionError:
            raise  # nobody is there to be answered
        except Exception:  # noqa: BLE001 - a bug of ours; the client is told, and asks again
            traceback.print_exc()
            self._refuse(errors.AppError("The stream's server met an error that nobody foresaw: its trace says more."))

    do_GET = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Many a second; nobody reads them."""

    def _answer(self, body: bytes) -> None:
        operation = (self.headers.get("X-Amz-Target") or "").removeprefix(API)
        path = urlsplit(self.path)
        if path.path == COMMANDS or path.path.startswith(COMMANDS + "/"):
            self._command(path.path.removeprefix(COMMANDS).strip("/"), dict(parse_qsl(path.query)))
        elif operation in OURS:
            self._send_json(HTTPStatus.OK, self.server.service.call(operation, _values(body)))
        else:
            self._pass_on(body)

    def _command(self, name: str, asked: dict[str, str]) -> None:
        service = self.server.service
        if bool(name) != (self.command == "POST"):
            raise errors.RequestRefused(f"GET {COMMANDS}, or POST {COMMANDS}/<command>")
        self._send_json(HTTPStatus.OK, service.command(name, asked) if name else service.state())

    def _pass_on(self, body: bytes) -> None:
        """Let the engine answer, byte for byte."""
        engine = self.server.engine
        connection = HTTPConnection(engine.hostname or "", engine.port, timeout=ENGINE_S)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            self._send(answer.status, answer.read(), answer.getheaders())
        except (OSError, HTTPException) as error:
            raise errors.Unreachable(f"The engine does not answer: {type(error).__name__}.") from error
        finally:
            connection.close()

    def _refuse(self, error: errors.AppError) -> None:
        """The body that AWS sends for this error; what is no client's fault is a 500."""
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
        status = HTTPStatus.BAD_REQUEST if code else HTTPStatus.INTERNAL_SERVER_ERROR
        self._send_json(status, {"__type": code or _UNAVAILABLE, "message": str(error)})

    def _send_json(self, status: int, answer: Any) -> None:
        headers = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-RequestId", str(uuid4()))]
        self._send(status, json.dumps(answer).encode(), headers)

    def _send(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
        """All in one packet: a second one would wait until the first is acknowledged."""
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        lines = [f"HTTP/1.1 {status} {self.responses.get(status, ('',))[0]}"]
        lines += [f"{name}: {value}" for name, value in [*kept, ("Content-Length", str(len(body)))]]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + body)


def _values(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except ValueError as error:
        raise errors.RequestRefused("The body is no JSON.") from error
    if not isinstance(values, dict):
        raise errors.RequestRefused("The body is no object.")
    return values
