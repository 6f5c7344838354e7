"""A rate is kept by pauses; reads are patient; what is consumed is counted."""

from threading import Event
from typing import Any

import pytest

from shared.dynamo import Answer
from shared.errors import OutcomeUnknown, Throttled
from shared.retry import Retry
from stream_worker.pace import Meter, Paced
from tests.fakes.clock import Clock


class Engine:
    """Answers with the next of these; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    def query(self, **params: Any) -> Answer:
        assert params["ReturnConsumedCapacity"] == "TOTAL"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"ConsumedCapacity": answer} if answer else {}

    transact_write_items = query

    def describe_table(self, **params: Any) -> Answer:
        return params


def paced(*answers: Any, rate: float | None = None) -> tuple[Paced, Meter, Clock]:
    """A client of such an engine, on a clock that its pauses move."""
    clock = Clock()
    meter = Meter(rate, clock.advance, clock.monotonic)
    retry = Retry(Event(), sleep=lambda _: None)
    return Paced(Engine(*answers), meter=meter, retry=retry), meter, clock


def test_a_rate_is_kept() -> None:
    """100 units at 10 a second: the next call waits for ten seconds."""
    client, meter, clock = paced({"CapacityUnits": 100.0}, {"CapacityUnits": 1.0}, rate=10)
    before = clock.monotonic()
    client.call("query")
    assert clock.monotonic() == before
    client.call("query")
    assert clock.monotonic() == before + 10
    assert meter.units == 101


def test_no_rate_no_pause() -> None:
    """Several tables in one answer are added up; an engine that says nothing counts as one."""
    client, meter, clock = paced([{"CapacityUnits": 6.0}, {"CapacityUnits": 2.0}], None)
    before = clock.monotonic()
    client.call("query")
    client.call("query")
    assert (meter.units, clock.monotonic()) == (9, before)


def test_reads_are_patient() -> None:
    """A throttle and a lost answer are asked again."""
    client, meter, _ = paced(Throttled(), OutcomeUnknown(), {"CapacityUnits": 0.5})
    client.call("query")
    assert meter.units == 0.5


def test_a_write_is_its_callers_to_judge() -> None:
    """Whether it happened is not known here."""
    client, _, _ = paced(OutcomeUnknown(), {})
    with pytest.raises(OutcomeUnknown):
        client.call("transact_write_items")


def test_other_calls_pass() -> None:
    """They consume nothing, and know no such parameter."""
    assert paced()[0].call("describe_table", TableName="chat") == {"TableName": "chat"}
