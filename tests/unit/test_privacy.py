"""What was deleted or edited away is in no row, no dead letter and no log line, whatever went wrong meanwhile."""

import json
import logging
from collections.abc import Callable
from functools import partial

import pytest

from shared.errors import (
    ConditionFailed,
    Conflict,
    OutcomeUnknown,
    Reason,
    RequestRefused,
    Throttled,
    TransactionCancelled,
    Transient,
)
from shared.keys import message_key
from shared.logging import logger
from shared.models import Item
from stream_worker.contract import Batch, Record
from stream_worker.monitor.ears import HeardLog
from stream_worker.monitor.hood import Hood
from stream_worker.monitor.recent import Recent
from tests.fakes.clock import Clock
from tests.fakes.hostile import Room
from tests.fakes.native import fail
from tests.fakes.outlets import Lines, talkative
from tests.fakes.table import at, texts

SECRET = "meet me at the old pier"
KEY = message_key("g0", at(3))
IMAGE = {**KEY, **texts(message=SECRET)}

Gone = Callable[[Room], Record]
Capture = pytest.CaptureFixture[str]


def deleted(room: Room) -> Record:
    """The message is deleted."""
    room.table.unsend("g0", at(3))
    return record("REMOVE", old=IMAGE)


def last_deleted(room: Room) -> Record:
    """The message is deleted, and it was the last one of its group."""
    room.table.unsend("g0", at(2))
    return deleted(room)


def edited(room: Room) -> Record:
    """The message has another text."""
    room.table.message("g0", at(3), "see you")
    return record("MODIFY", {**KEY, **texts(message="see you")}, IMAGE)


each_way = pytest.mark.parametrize("gone", [deleted, last_deleted, edited])
each_style = pytest.mark.parametrize("style", ["json", "console"])


def record(kind: str, new: Item | None = None, old: Item | None = None, number: str = "7") -> Record:
    """A record of the message."""
    return Record(kind, KEY, number, 0.0, new, old)


def deliver(room: Room, *records: Record) -> None:
    """One batch; what does not settle now does later."""
    try:
        room.process(Batch("stream", "shard", records))
    except Transient:
        room.clock.advance(1)
        deliver(room, *records)


def everything(room: Room) -> str:
    """Both tables, as text."""
    return repr([room.table.items, room.state.items])


def shown_then_gone(room: Room, gone: Gone) -> None:
    """The text lands, is in the member's row, and goes."""
    room.table.message("g0", at(3), SECRET)
    deliver(room, record("INSERT", IMAGE))
    assert room.shown()[0] == SECRET
    deliver(room, gone(room))


@each_style
@each_way
def test_what_is_gone_is_nowhere(capsys: Capture, style: str, gone: Gone) -> None:
    """The row was moved, written about, and cleaned; nothing has kept the text."""
    with talkative(style):
        room = Room(logger("worker"))
        shown_then_gone(room, gone)
    said = capsys.readouterr().err
    assert said.count("batch_settled") == 2
    assert SECRET not in everything(room) + said


@each_way
def test_what_is_shown_under_the_hood_is_nobodys_words(gone: Gone) -> None:
    """Records, decisions, calls, and the last lines: keys and kinds, for a page that many may look at."""
    hood, recent = Hood(Clock().monotonic), Recent(Clock().monotonic)
    room = Room(HeardLog(Lines(), (hood, recent)))
    shown_then_gone(room, gone)
    told = hood.status()
    assert [len(told[name]) for name in ("records", "decisions")] == [1, 2]
    assert SECRET not in json.dumps([told, recent.status()])


TROUBLE = [
    RequestRefused(f"transact_write_items was refused: ValidationException: {SECRET}"),
    TransactionCancelled([Reason("ConditionalCheckFailed", IMAGE)]),
    TransactionCancelled([Reason("ValidationError", IMAGE)]),
    OutcomeUnknown(),
    Throttled(),
    Conflict(),
]


@each_way
@pytest.mark.parametrize("error", TROUBLE, ids=lambda error: type(error).__name__)
def test_trouble_keeps_nothing_of_it(capsys: Capture, gone: Gone, error: Exception) -> None:
    """Refused, cancelled, lost: letters and warnings name keys and classes, though an error may quote the text."""
    hood = Hood(Clock().monotonic)
    with talkative():
        room = Room(HeardLog(logger("worker"), (hood,)))
        room.table.before("commit", *[partial(fail, error)] * 2)
        shown_then_gone_later(room, gone)
    assert SECRET not in everything(room) + capsys.readouterr().err + json.dumps(hood.status())


def shown_then_gone_later(room: Room, gone: Gone) -> None:
    """The text lands and goes, and what went wrong with it is tried again."""
    room.table.message("g0", at(3), SECRET)
    deliver(room, record("INSERT", IMAGE))
    deliver(room, gone(room))
    room.clock.advance(7200)
    room.retrier.run_due()


@each_way
def test_records_nobody_understands_keep_nothing_of_it(capsys: Capture, gone: Gone) -> None:
    """Their letters wait for a person, for years if need be: they hold keys, never images."""
    row = {**texts(pk="GRP#ann", sk=at(3)), **texts(message=SECRET)}
    poison = Record("INSERT", texts(pk="GRP#ann", sk=at(3)), "8", 0.0, row)
    with talkative():
        room = Room(logger("worker"))
        deliver(room, poison, record("RENAME", IMAGE, IMAGE, "9"))
        shown_then_gone(room, gone)
    assert len(list(room.letters.open())) == 2
    assert SECRET not in everything(room) + capsys.readouterr().err


@each_style
def test_no_library_speaks_of_requests(capsys: Capture, style: str) -> None:
    """LOG_LEVEL=DEBUG is ours alone: botocore would print every body it sends."""
    with talkative(style):
        for name in ("botocore.endpoint", "botocore.parsers", "urllib3.connectionpool", "anything"):
            logging.getLogger(name).debug("body: %s", SECRET)
            logging.getLogger(name).info("body: %s", SECRET)
        logger("worker").debug("heard")
    said = capsys.readouterr().err
    assert ("heard" in said, SECRET in said) == (True, False)


def test_no_error_speaks_of_what_stood_in_the_way() -> None:
    """Its sentence goes into the log, and the item that AWS sends along holds a text."""
    reason = Reason("ConditionalCheckFailed", IMAGE)
    errors = [reason, TransactionCancelled([reason]), ConditionFailed(item=IMAGE)]
    assert SECRET not in "".join(str(error) + repr(error) for error in errors)
