"""The sweep: every row is looked at once, through crashes, poison and being owed anew; and the chores around it."""

import pytest

from shared.errors import OutcomeUnknown, RequestRefused, Throttled
from stream_worker.contract import Gap
from stream_worker.sweep import PAGE, PAGE_TRIES
from stream_worker.upkeep import IDLE_S, LETTERS_EVERY_S
from tests.fakes.faulty import lost
from tests.fakes.native import fail
from tests.fakes.streams import ARN
from tests.fakes.table import at
from tests.fakes.upkeep import Upkeep


@pytest.fixture
def upkeep() -> Upkeep:
    """Nothing owed."""
    return Upkeep()


def test_every_row_is_looked_at_once(upkeep: Upkeep) -> None:
    """Page by page, to the end; then nothing is owed."""
    upkeep.stale(2 * PAGE + 1)
    upkeep.sweeps.owe(ARN, Gap.RECORDS_TRIMMED)
    assert upkeep.sweep() == 3
    assert (upkeep.wrong(), upkeep.owed) == (0, [])
    assert upkeep.facts("sweep_done")[0] | {"sweep": ARN} == {
        "sweep": ARN,
        "reason": "records trimmed",
        "rows": 2 * PAGE + 1,
        "repaired": 2 * PAGE + 1,
    }


def test_a_row_without_a_roster_item_gets_one(upkeep: Upkeep) -> None:
    """Rows of the original were never in a roster; from now on their members are known."""
    upkeep.rows.row("g", "ann", at(1))
    upkeep.rows.message("g", at(1))
    upkeep.sweeps.owe(ARN, Gap.FIRST_START)
    upkeep.sweep()
    assert upkeep.rows.roster("g") == ["ann"]


def test_a_crash_costs_one_page(upkeep: Upkeep) -> None:
    """The cursor is durable: the next process goes on where the page was begun."""
    upkeep.stale(3 * PAGE)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.sweep(most=2)
    upkeep.build()
    upkeep.rows.calls.clear()
    assert upkeep.sweep() == 1
    assert upkeep.rows.calls.count("ensure_roster") == PAGE
    assert upkeep.facts("sweep_done")[0]["rows"] == 3 * PAGE


def test_a_sweep_owed_again_while_it_runs_starts_over(upkeep: Upkeep) -> None:
    """What was looked at before the new gap must be looked at again."""
    upkeep.stale(2 * PAGE)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.rows.before("index_rows", lambda: None, lambda: upkeep.sweeps.owe(ARN, Gap.RECORDS_TRIMMED))
    assert upkeep.sweep() == 4
    assert upkeep.facts("sweep_restarted")[0]["reason"] == "shard lost"
    assert upkeep.facts("sweep_done") == [
        {"sweep": ARN, "reason": "records trimmed", "rows": 2 * PAGE, "repaired": 0},
    ]


def test_a_sweep_owed_again_in_its_first_page_starts_over(upkeep: Upkeep) -> None:
    """The same, where the cursor and not the end would be written."""
    upkeep.stale(2 * PAGE)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.rows.before("index_rows", lambda: upkeep.sweeps.owe(ARN, Gap.SHARD_LOST))
    assert upkeep.sweep() == 3


@pytest.mark.parametrize("gap", [Gap.FIRST_START, Gap.NEW_STREAM])
def test_a_new_stream_is_swept_again_when_the_index_has_settled(upkeep: Upkeep, gap: Gap) -> None:
    """Rows born around the switch-on may not be in the index yet: ten minutes after it they are."""
    upkeep.sweeps.owe(ARN, gap)  # switched on at 11:59, it is 12:00
    upkeep.sweep()
    assert upkeep.owed == [f"{ARN}#again"]
    upkeep.wait(minutes=8, seconds=59)
    assert upkeep.sweep() == 0
    upkeep.stale(1)
    upkeep.wait(seconds=1)
    assert upkeep.sweep() == 1
    assert (upkeep.wrong(), upkeep.owed) == (0, [])


def test_the_second_look_is_owed_before_the_first(upkeep: Upkeep) -> None:
    """Another process may finish the first at once, on an index that lacks rows (simulator: first-start 42)."""
    upkeep.client.meet("put_item", lost)
    with pytest.raises(OutcomeUnknown):
        upkeep.sweeps.owe(ARN, Gap.FIRST_START)
    assert upkeep.owed == [f"{ARN}#again"]


def test_an_old_stream_is_swept_once(upkeep: Upkeep) -> None:
    """A worker that comes to a stream of last week finds a settled index; other gaps too."""
    upkeep.wait(days=7)
    upkeep.sweeps.owe(ARN, Gap.FIRST_START)
    assert upkeep.owed == [ARN]


@pytest.mark.parametrize("stream", ["stream", "arn:aws:x/stream/soon"])
def test_a_stream_without_a_time_in_its_name_is_taken_for_new(upkeep: Upkeep, stream: str) -> None:
    """Engines name streams as they like."""
    upkeep.sweeps.owe(stream, Gap.NEW_STREAM)
    assert upkeep.owed == [stream, f"{stream}#again"]


def test_a_poison_row_becomes_a_letter_and_the_sweep_goes_on(upkeep: Upkeep) -> None:
    """One row that can never be written costs no other row anything."""
    upkeep.stale(3)
    upkeep.rows.before("ensure_roster", lambda: None, lambda: fail(RequestRefused("too large")))
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.sweep()
    assert list(upkeep.open) == ["group#g001#u001"]
    assert upkeep.wrong() == 1
    assert upkeep.facts("sweep_done")[0]["repaired"] == 2


def test_a_row_that_fails_this_time_brings_the_page_again(upkeep: Upkeep) -> None:
    """A throttle is no reason to pass a row over."""
    upkeep.stale(3)
    upkeep.rows.before("newest", lambda: fail(Throttled()))
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    with pytest.raises(Throttled):
        upkeep.sweep()
    assert upkeep.owed == [ARN]
    upkeep.sweep()
    assert upkeep.wrong() == 0


def test_repairs_nobody_can_explain_are_an_incident(upkeep: Upkeep) -> None:
    """Wrong rows are expected at a first start, not in a table that has been kept."""
    upkeep.stale(1)
    upkeep.sweeps.owe(ARN, Gap.FIRST_START)
    upkeep.sweep()
    assert upkeep.facts("sweep_repaired") == []
    upkeep.rows.message("g000", at(3), "newer")
    upkeep.sweeps.owe(ARN, Gap.CHECKPOINT_OLD)
    upkeep.sweep()
    assert [facts["repaired"] for facts in upkeep.facts("sweep_repaired")] == [1]


def test_a_gap_found_before_the_first_look_is_over_explains_nothing_new(upkeep: Upkeep) -> None:
    """A first listing that lacked a shard is no reason to ask why a table nobody has kept yet was wrong."""
    upkeep.stale(2)
    upkeep.sweeps.owe(ARN, Gap.FIRST_START)
    upkeep.sweeps.owe(ARN, Gap.CHECKPOINT_MISSING)
    upkeep.sweep()
    assert upkeep.wrong() == 0
    assert upkeep.facts("sweep_repaired") == []


def test_a_cursor_whose_answer_was_lost_is_kept(upkeep: Upkeep) -> None:
    """The page may come again, the sweep does not start over."""
    upkeep.stale(2 * PAGE)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.client.meet("put_item", lost)
    with pytest.raises(OutcomeUnknown):
        upkeep.sweep()
    assert upkeep.sweep() == 1
    assert upkeep.facts("sweep_restarted") == []


def test_chores_are_a_page_a_step_and_letters_now_and_then(upkeep: Upkeep) -> None:
    """A long sweep does not hold up the letters, nor the letters a sweep."""
    upkeep.stale(2 * PAGE)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.letters.put_group("g000", "", Throttled())
    upkeep.wait(minutes=1)
    upkeep.client.calls.clear()
    assert [upkeep.chores.step() for _ in range(3)] == [0.0, 0.0, IDLE_S]
    assert upkeep.open == {}
    upkeep.letters.put_group("g000", "", Throttled())
    upkeep.wait(seconds=LETTERS_EVERY_S + 60)
    upkeep.chores.step()
    assert upkeep.open == {}


def test_letters_that_cannot_be_read_do_not_stop_a_sweep(upkeep: Upkeep) -> None:
    """Trouble with the one is said by the driver; the next step does the other."""
    upkeep.stale(1)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    upkeep.client.meet("query", lambda _go: fail(Throttled()))
    with pytest.raises(Throttled):
        upkeep.chores.step()
    upkeep.chores.step()
    assert upkeep.wrong() == 0


def broken_page(upkeep: Upkeep, *groups: str) -> None:
    """A page on which these groups' newest message cannot be read now."""
    upkeep.stale(2)
    upkeep.sweeps.owe(ARN, Gap.SHARD_LOST)
    real = upkeep.rows.newest
    upkeep.rows.newest = lambda group: fail(Throttled()) if group in groups else real(group)  # type: ignore[method-assign]


def test_a_row_that_alone_does_not_settle_stops_no_sweep(upkeep: Upkeep) -> None:
    """After ten tries it is a dead letter, and the sweep goes on."""
    broken_page(upkeep, "g000")
    for _ in range(PAGE_TRIES - 1):
        with pytest.raises(Throttled):
            upkeep.sweep()
    assert upkeep.open == {}
    assert upkeep.sweep() == 1
    assert list(upkeep.open) == ["group#g000#u000"]


def test_a_page_of_which_nothing_settles_is_never_given_up(upkeep: Upkeep) -> None:
    """That is the table, not the rows."""
    broken_page(upkeep, "g000", "g001")
    for _ in range(2 * PAGE_TRIES):
        with pytest.raises(Throttled):
            upkeep.sweep()
    assert upkeep.open == {}
