"""Redriving a letter: from the table as it is, at once, and closed only if it worked."""

import pytest

from shared.errors import LetterUnknown, NeverSettled, Throttled
from stream_worker.contract import Batch, Record
from stream_worker.redrive import Redriver
from tests.fakes.table import at
from tests.fakes.upkeep import Upkeep


@pytest.fixture
def upkeep() -> Upkeep:
    """Two groups whose rows are behind, a letter about each."""
    upkeep = Upkeep()
    upkeep.stale(2)
    for group in ("g000", "g001"):
        upkeep.letters.put_group(group, "", NeverSettled())
    return upkeep


def redriver(upkeep: Upkeep) -> Redriver:
    return Redriver(upkeep.letters, upkeep.retrier)


def redriven(upkeep: Upkeep, name: str) -> bool:
    """Whether the letter of this name is settled now."""
    [letter] = redriver(upkeep).pick([name])
    return redriver(upkeep).redrive(letter).settled


def test_one_letter_before_its_time(upkeep: Upkeep) -> None:
    """The group is right at once; the other letter waits."""
    assert redriven(upkeep, "group#g000#")
    assert upkeep.rows.shown("u000") == [("g000", "new")]
    assert list(upkeep.open) == ["group#g001#"]


def test_what_does_not_settle_stays_open(upkeep: Upkeep) -> None:
    """Its letter is as it was."""
    upkeep.rows.broken["g000"] = Throttled()
    before = upkeep.open
    assert not redriven(upkeep, "group#g000#")
    assert upkeep.open == before


def test_what_is_put_again_meanwhile_stays_open(upkeep: Upkeep) -> None:
    """The new failure may be one that the reconcile has not seen."""
    upkeep.rows.before("newest", lambda: upkeep.letters.put_group("g000", "", NeverSettled()))
    assert not redriven(upkeep, "group#g000#")
    assert "group#g000#" in upkeep.open


def test_a_record_nobody_could_read_is_acknowledged(upkeep: Upkeep) -> None:
    """There is nothing to reconcile; the answer says so."""
    record = Record("EXPLODE", {"pk": {"S": "MSG#g"}, "sk": {"S": at(1)}}, "17", 0.0)
    upkeep.letters.put_record(Batch("arn", "shard", (record,)), record, "unknown event name")
    [letter] = redriver(upkeep).pick(["record#shard#17"])
    assert "nothing to reconcile" in redriver(upkeep).redrive(letter).said
    assert "record#shard#17" in upkeep.settled


def test_a_name_nobody_knows(upkeep: Upkeep) -> None:
    """One sentence, before anything is done."""
    with pytest.raises(LetterUnknown, match=r'no open dead letter "group#g9#"'):
        redriver(upkeep).pick(["group#g000#", "group#g9#"])
