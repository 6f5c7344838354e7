"""The HTTP side: the Streams API here, the operator's commands beside it, all other calls to the engine."""

from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from devstack.relay import Relay, RelayServer, values_of
from devstack.streams.service import Service
from shared import errors

API = "DynamoDBStreams_20120810."
OURS = ("DescribeStream", "GetShardIterator", "GetRecords")
COMMANDS = "/_streams"

# The names under which AWS's clients know our errors: shared/refusals.py the other way round.
_CODES: dict[type[errors.AppError], str] = {
    errors.IteratorExpired: "com.amazonaws.dynamodb.v20120810#ExpiredIteratorException",
    errors.RecordsTrimmed: "com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException",
    errors.ShardMissing: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
    errors.Throttled: "com.amazonaws.dynamodb.v20120810#LimitExceededException",
    errors.RequestRefused: "com.amazon.coral.validate#ValidationException",
}
_UNAVAILABLE = "com.amazonaws.dynamodb.v20120810#InternalServerError"


class StreamsServer(RelayServer):
    """The Streams API of `service`, in front of an engine."""

    def __init__(self, port: int, engine: str, service: Service) -> None:
        self.service = service
        super().__init__(port, engine, _Handler)


class _Handler(Relay):
    server: StreamsServer

    def answer(self, body: bytes) -> None:
        """An API call, or a command."""
        operation = (self.headers.get("X-Amz-Target") or "").removeprefix(API)
        path = urlsplit(self.path)
        if path.path == COMMANDS or path.path.startswith(COMMANDS + "/"):
            self._command(path.path.removeprefix(COMMANDS).strip("/"), dict(parse_qsl(path.query)))
        elif operation in OURS:
            self.send_json(HTTPStatus.OK, self.server.service.call(operation, values_of(body)))
        else:
            self.send(self.pass_on(body))

    def _command(self, name: str, asked: dict[str, str]) -> None:
        service = self.server.service
        if bool(name) != (self.command == "POST"):
            raise errors.RequestRefused(f"GET {COMMANDS}, or POST {COMMANDS}/<command>")
        self.send_json(HTTPStatus.OK, service.command(name, asked) if name else service.state())

    def refuse(self, error: errors.AppError) -> None:
        """The body that AWS sends for this error; what is no client's fault is a 500."""
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
        status = HTTPStatus.BAD_REQUEST if code else HTTPStatus.INTERNAL_SERVER_ERROR
        self.send_json(status, {"__type": code or _UNAVAILABLE, "message": str(error)})
