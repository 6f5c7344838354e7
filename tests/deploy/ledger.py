"""A gate in front of an engine: it keeps who asked for what, in the words of IAM, and denies what no document allows.

The engine behind it judges as well; of leading keys and of streams the gate alone knows.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any, Self

from devstack import ports
from devstack.relay import Answer, Relay, RelayServer
from tests.deploy.policy import Request, Statement, allowing

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"

_WHO = re.compile("Credential=([^/]+)/")
_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One call.

    Args:
        who: the id of the access key.
        requests: what it asks of IAM; a transaction asks for each of its actions.
        denied: why not, in the words of whoever denied it.
    """

    who: str
    requests: tuple[Request, ...]
    denied: str = ""

    @property
    def actions(self) -> set[str]:
        """What it needs to be allowed."""
        return {request.action for request in self.requests}


class Ledger(RelayServer):
    """Entered, it listens at `url`."""

    def __init__(self, engine: str) -> None:
        port = ports.choose(None, None)
        self.url = f"http://127.0.0.1:{port}"
        self.entries: list[Entry] = []
        self.streams: dict[str, str] = {}
        self._policies: dict[str, Sequence[Statement]] = {}
        super().__init__(port, engine, _Recorder)

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def guard(self, who: str, policy: Sequence[Statement]) -> None:
        """From now on this access key may do what its policy says."""
        self._policies[who] = policy

    def beyond(self, who: str, requests: Sequence[Request]) -> str:
        """What the policy does not allow, as a sentence; whoever has none may do anything."""
        policy = self._policies.get(who)
        refused = [] if policy is None else [one for one in requests if not allowing(policy, one)]
        return f"{refused[0]} is not allowed by any statement" if refused else ""

    def of(self, who: str) -> list[Entry]:
        """All that an access key asked for."""
        return [entry for entry in list(self.entries) if entry.who == who]


class _Recorder(Relay):
    server: Ledger

    def answer(self, body: bytes) -> None:
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        found = _WHO.search(self.headers.get("Authorization") or "")
        if not operation or not found:
            return self.send(self.pass_on(body))
        asked = json.loads(body)
        requests = tuple(requests_of(operation, asked, self.server.streams))
        answer = self._judged(self.server.beyond(found[1], requests), body)
        self.server.entries.append(Entry(found[1], requests, _denial(answer)))
        self._remember(asked, answer)
        return self.send(answer)

    def _judged(self, beyond: str, body: bytes) -> Answer:
        if not beyond:
            return self.pass_on(body)
        said = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": beyond}
        return Answer(400, json.dumps(said).encode(), [("Content-Type", "application/x-amz-json-1.0")])

    def _remember(self, asked: Mapping[str, Any], answer: Answer) -> None:
        """An iterator does not say whose it is on every engine."""
        before = asked.get("StreamArn") or self.server.streams.get(asked.get("ShardIterator", ""))
        if before and answer.status == 200:
            said = json.loads(answer.body)
            for name in ("ShardIterator", "NextShardIterator"):
                self.server.streams[said.get(name) or ""] = before


def requests_of(operation: str, asked: Mapping[str, Any], streams: Mapping[str, str]) -> Iterator[Request]:
    """What IAM is asked about a call; `streams` knows whose an iterator is."""
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for kind, one in [pair for action in asked["TransactItems"] for pair in action.items()]:
            yield Request(f"dynamodb:{_ACTIONS[kind]}", arn(one["TableName"]), _keys(one), operation)
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in asked["RequestItems"]:
            yield Request(f"dynamodb:{operation}", arn(table))
    elif "ShardIterator" in asked:
        yield Request(f"dynamodb:{operation}", streams[asked["ShardIterator"]])
    elif "StreamArn" in asked:
        yield Request(f"dynamodb:{operation}", asked["StreamArn"])
    else:
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        yield Request(f"dynamodb:{operation}", arn(asked.get("TableName", "*")) + index, _keys(asked))


def arn(table: str) -> str:
    """A table's, on the embedded engines; it may be one already."""
    return table if table.startswith("arn:") else ARN + table


def _keys(asked: Mapping[str, Any]) -> tuple[str, ...]:
    key = asked.get("Key") or asked.get("Item") or {}
    return tuple(key[name]["S"] for name in ("pk",) if name in key)


def _denial(answer: Answer) -> str:
    said = answer.body.decode(errors="replace")
    return said if answer.status >= 400 and "AccessDenied" in said else ""
