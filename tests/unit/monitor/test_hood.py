"""The stream at work, as /status tells it to people who learn the pattern."""

import json
from typing import Any

import pytest

from shared.logging import logger
from stream_worker.contract import Record
from stream_worker.drivers.kcl.hearing import Hearing
from stream_worker.hints import seen
from stream_worker.monitor.calls import CallEars, CallLines
from stream_worker.monitor.ears import HeardLog
from stream_worker.monitor.hood import WINDOW_S, Hood
from stream_worker.reconcile.decision import Decision, Verdict, told_to
from stream_worker.views import SHOWN
from tests.fakes.clock import Clock
from tests.fakes.outlets import Lines, talkative
from tests.fakes.table import texts


class Scene:
    """A hood and its clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.hood = Hood(self.clock.monotonic)
        self.calls = CallEars((self.hood,))

    def come(self, *sequences: str, shard: str = "a") -> None:
        """A batch."""
        record = {"kind": "INSERT", "pk": "MSG#g", "sk": "1", "by_worker": False}
        self.hood.hear("records_came", {"shard": shard, "records": [{"sequence": one, **record} for one in sequences]})

    def told(self, what: str) -> Any:
        """A part of /status, as it is over the wire."""
        return json.loads(json.dumps(self.hood.status()))[what]


@pytest.fixture
def scene() -> Scene:
    """Nothing yet."""
    return Scene()


def test_nothing_has_happened_yet(scene: Scene) -> None:
    """All three are there from the start."""
    assert scene.hood.status() == {"records": [], "decisions": [], "calls": {}}


def test_the_last_records_are_told_newest_first(scene: Scene) -> None:
    """Each with the seconds since it came, the shard, its keys and kind."""
    scene.come("1", "2")
    scene.clock.advance(1.5)
    scene.come("3", shard="b")
    records = scene.told("records")
    assert [(one["at"], one["shard"], one["sequence"]) for one in records] == [
        (0, "b", "3"),
        (1.5, "a", "2"),
        (1.5, "a", "1"),
    ]
    assert set(records[0]) == {"at", "shard", "sequence", "kind", "pk", "sk", "by_worker"}


def test_a_batch_that_comes_again_is_told_once(scene: Scene) -> None:
    """One that does not settle is delivered every second, and would be all there is to see."""
    for _ in range(3):
        scene.come("1", "2")
        scene.clock.advance(1)
    assert [(one["sequence"], one["at"]) for one in scene.told("records")] == [("2", 3), ("1", 3)]


def test_decisions_are_told_newest_first(scene: Scene) -> None:
    """One a row, with the group they are about."""
    row = {"user": "ann", "decision": "moved", "old_sk": "1", "new_sk": "2", "shows": "2", "actions": 5}
    scene.hood.hear("rows_decided", {"group": "g", "rows": [row, {**row, "user": "bob"}]})
    scene.clock.advance(2)
    assert scene.told("decisions") == [{"at": 2, "group": "g", **row, "user": "bob"}, {"at": 2, "group": "g", **row}]


def test_only_so_many_of_each_are_kept(scene: Scene) -> None:
    """A backlog of a day is no book."""
    for number in range(SHOWN + 5):
        scene.come(str(number))
        scene.hood.hear("rows_decided", {"group": str(number), "rows": [{}]})
    assert [one["sequence"] for one in scene.told("records")] == [str(SHOWN + 4 - place) for place in range(SHOWN)]
    assert [one["group"] for one in scene.told("decisions")] == [str(SHOWN + 4 - place) for place in range(SHOWN)]


def test_calls_are_those_of_the_last_minute(scene: Scene) -> None:
    """By AWS's names of them, with what they cost."""
    scene.calls.called("transact_write_items", 0.1, 14.0, None)
    scene.clock.advance(WINDOW_S - 1)
    scene.calls.called("transact_write_items", 0.1, 14.0, None)
    scene.calls.called("get_records", 0.1, 0.0, None)
    expected = {"GetRecords": {"calls": 1, "capacity": 0}, "TransactWriteItems": {"calls": 2, "capacity": 28}}
    assert scene.told("calls") == expected
    scene.clock.advance(2)
    assert scene.told("calls")["TransactWriteItems"] == {"calls": 1, "capacity": 14}
    scene.clock.advance(3600)
    assert scene.told("calls") == {}


def test_a_fleets_children_are_shown_by_their_host(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """Their lines of the log say all of it: what a process of a shard did is under its host's hood."""
    with talkative():
        log = logger("child").bind(pid=7, shard="a")
        log.debug("records_came", shard="a", records=seen([Record("REMOVE", texts(pk="MSG#g", sk="1"), "100", 0.0)]))
        told_to(log)("g", [Decision("ann", Verdict.BLANKED, "1", "1", None, 3)])
        CallLines(log).called("query", 0.1, 0.5, None)
    hearing = Hearing(HeardLog(Lines(), (scene.hood,)), lambda _event, _facts: None)
    for line in capsys.readouterr().err.splitlines():
        hearing.line(line)
    assert [(one["shard"], one["kind"]) for one in scene.told("records")] == [("a", "REMOVE")]
    assert [(one["group"], one["decision"]) for one in scene.told("decisions")] == [("g", "blanked")]
    assert scene.told("calls") == {"Query": {"calls": 1, "capacity": 0.5}}


def test_what_else_is_said_is_not_kept(scene: Scene) -> None:
    """Lines about batches and leases have places of their own."""
    scene.hood.hear("batch_settled", {"shard": "a", "records": 5})
    assert scene.hood.status()["records"] == []
