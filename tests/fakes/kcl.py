"""KCL's daemon without a JVM: says what its script says, answers checkpoints as KCL does, keeps what it is told."""

import json
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NoReturn

from stream_worker.contract import Record
from stream_worker.drivers.kcl.wire import Wire
from tests.lacking import lacking

Message = dict[str, Any]

EMPTY: Message = {"action": "processRecords", "records": [], "millisBehindLatest": 0}
LEASE_LOST, SHARD_ENDED, SHUTDOWN = ({"action": name} for name in ("leaseLost", "shardEnded", "shutdownRequested"))

FRESH, ENDED = "TRIM_HORIZON", "SHARD_END"


def needs_kclpy() -> None:
    """A missing extra is a reason to skip on somebody's machine, and a failure in CI."""
    if find_spec("amazon_kclpy") is None:
        lacking("amazon_kclpy is not installed: install the extra `kcl`")


class Ended(SystemExit):
    """The process ended itself; `__context__` is why."""


def end(status: int) -> NoReturn:
    """How a process of a test ends."""
    raise Ended(status)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is, whatever it is."""

    text: str


Step = Message | Line | Callable[[], object]
"""What a script says: a message, a line, or something that is done in between."""


Answers = Sequence[str | Line | None]
"""To checkpoints, in turn: None is yes, else an error's name, or a line that is no answer."""


def initialize(sequence: str | None = FRESH, shard: str = "a") -> Message:
    """The first message."""
    return {"action": "initialize", "shardId": shard, "sequenceNumber": sequence, "subSequenceNumber": 0}


def batch(*records: Record) -> Message:
    """Records, as the daemon hands them over."""
    return {**EMPTY, "records": [enveloped(record.sequence_number, as_adapter_says(record)) for record in records]}


def as_adapter_says(record: Record) -> str:
    """The JSON that the streams adapter makes of a record."""
    change = {
        "ApproximateCreationDateTime": round(record.created_at * 1000),
        "Keys": record.keys,
        "NewImage": record.new_image or {},
        "OldImage": record.old_image or {},
        "SequenceNumber": record.sequence_number,
        "SizeBytes": 1,
        "StreamViewType": "NEW_IMAGE",
    }
    about = {"awsRegion": "ddblocal", "eventID": "e", "eventSource": "aws:dynamodb", "eventVersion": "1.1"}
    return json.dumps({**about, "dynamodb": change, "eventName": record.kind})


def enveloped(sequence: str, data: str | bytes) -> Message:
    """Data as the protocol carries it."""
    data = data.encode() if isinstance(data, str) else data
    return {
        "action": "record",
        "data": b64encode(data).decode(),
        "partitionKey": sequence,
        "sequenceNumber": sequence,
        "subSequenceNumber": 0,
        "approximateArrivalTimestamp": 1,
    }


class Daemon:
    """Both ends of the pipes; `checkpoint` is KCL's, `said` what the child wrote."""

    def __init__(self, *script: Step) -> None:
        self.said: list[Message] = []
        self.answers: deque[str | Line | None] = deque()
        self.checkpoint = FRESH
        self.before_line: Callable[[], object] = lambda: None
        """Done before each line, in either direction."""
        self.hangs_up = False
        self._script = iter(script)
        self._answer: str | None = None
        self._now: Message = {}
        self._permitted = 0

    @property
    def wire(self) -> Wire:
        """The child's ends of the pipes."""
        return Wire(self, self)

    def now_answers(self, *answers: str | Line | None) -> None:
        """Whatever was planned."""
        self.answers = deque(answers)

    @property
    def answered(self) -> list[str]:
        """The messages that the child said to be done."""
        return [said["responseFor"] for said in self.said if said["action"] == "status"]

    @property
    def asked(self) -> list[str | None]:
        """The checkpoints that the child asked for."""
        return [said["sequenceNumber"] for said in self.said if said["action"] == "checkpoint"]

    def readline(self) -> str:
        """The child reads."""
        self.before_line()
        answer, self._answer = self._answer, None
        if self.hangs_up:
            return ""
        return answer if answer is not None else next(self._lines(), "")

    def write(self, text: str) -> None:
        """The child writes; whatever is not the protocol's fails the test."""
        self.before_line()
        if self.hangs_up:
            raise BrokenPipeError
        for line in filter(None, text.split("\n")):
            said = json.loads(line)
            assert said["action"] in {"status", "checkpoint"}, line
            self.said.append(said)
            if said["action"] == "checkpoint":
                self._answer = self._reply(said["sequenceNumber"])

    def flush(self) -> None:
        """The child is in a hurry."""
        if self.hangs_up:
            raise BrokenPipeError

    def _lines(self) -> Iterator[str]:
        for step in self._script:
            if callable(step):
                step()
            elif isinstance(step, Line):
                yield step.text
            else:
                yield self._message(step)

    def _message(self, message: Message) -> str:
        self._now = message
        for record in message.get("records", []):
            if record["sequenceNumber"].isdigit():
                self._permitted = max(self._permitted, int(record["sequenceNumber"]))
        return json.dumps(message) + "\n"

    def _reply(self, sequence: str | None) -> str:
        planned = self.answers.popleft() if self.answers else None
        if isinstance(planned, Line):
            return planned.text
        error = planned or self._refusal(sequence)
        if not error:
            self.checkpoint = sequence or ENDED
        reply = {"action": "checkpoint", "sequenceNumber": sequence, "subSequenceNumber": None, "error": error}
        return json.dumps(reply) + "\n"

    def _refusal(self, sequence: str | None) -> str | None:
        """As KCL: not back, not beyond what was delivered, and without a place only at the end."""
        if sequence is None:
            assert self._now == SHARD_ENDED, "a checkpoint without a place passes whatever was prefetched"
            return None
        before = int(self.checkpoint) if self.checkpoint.isdigit() else 0
        return None if before <= int(sequence) <= self._permitted else "IllegalArgumentException"
