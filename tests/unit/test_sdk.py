"""What we leave to botocore, asked of botocore itself: which answers it asks again for, and under which name."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from pydantic import SecretStr

from shared.dynamo import connect
from shared.errors import CredentialsRejected, IteratorExpired, RecordsTrimmed, TransactionCancelled
from shared.settings import Settings
from stream_worker.reconcile.plan import Create
from stream_worker.store import DynamoStore
from tests.fakes.clock import NOON


class Line:
    """Both clients on a line that is cut short: these answers, the last one for ever; `sent` is what was asked."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self._answers, self.sent = list(answers), list[dict[str, Any]]()
        secret = SecretStr("s")
        clients = connect(
            Settings(region="us-east-1", endpoint="http://127.0.0.1:9", access_key_id="k", secret_access_key=secret)
        )
        self.dynamodb, self.streams = clients.dynamodb, clients.streams
        for client in (self.dynamodb, self.streams):
            client.raw.meta.events.register("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        self.sent.append(json.loads(request.body))
        status, code = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": ""} if code else {}).encode()
        return AWSResponse(request.url, status, {}, type("Raw", (), {"stream": lambda *_, **__: iter([body])})())


OURS = {
    "ExpiredTokenException": CredentialsRejected,
    "ExpiredIteratorException": IteratorExpired,
    "TrimmedDataAccessException": RecordsTrimmed,
    "TransactionCanceledException": TransactionCancelled,
}


@pytest.mark.parametrize("code", ["LimitExceededException", "ProvisionedThroughputExceededException"])
def test_a_throttled_stream_is_asked_again(code: str) -> None:
    """F13: botocore's default mode would give up LimitExceeded at once."""
    line = Line((400, code), (200, ""))
    line.streams.call("get_records", ShardIterator="it")
    assert len(line.sent) == 2


@pytest.mark.parametrize("code", OURS)
def test_what_asking_again_does_not_mend_is_said_at_once(code: str) -> None:
    """F09, F27, F50: each is answered by us, with a new iterator, new reads or new credentials."""
    line = Line((400, code))
    with pytest.raises(OURS[code]):
        line.dynamodb.call("describe_limits")
    assert len(line.sent) == 1


def test_a_repeated_transaction_keeps_its_name_and_a_new_one_has_its_own() -> None:
    """F29, F30: the SDK's repetition of an applied write is no second one, our next attempt is another."""
    line = Line((500, "InternalServerError"), (200, ""))
    store = DynamoStore(line.dynamodb, "messages", lambda: NOON)
    for _ in range(2):
        store.commit([Create({"pk": {"S": "a"}})])
    first, again, second = [asked["ClientRequestToken"] for asked in line.sent]
    assert first == again != second


def test_no_call_waits_for_ever() -> None:
    """F49: half-open connections are given up after seconds, not after botocore's minute."""
    for client in (Line((200, "")).dynamodb, Line((200, "")).streams):
        config = client.raw.meta.config
        assert (config.connect_timeout, config.read_timeout, config.tcp_keepalive) == (2, 10, True)
