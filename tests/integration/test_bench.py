"""The bench counts as AWS bills, and its small scenes end as they must."""

import pytest

from shared.settings import Settings
from tests.bench.scenes import Scene, play, row_writes_of_a_new_conversation

SMALL = Scene("small", messages=5, groups=1, step=1, batch=1000)


@pytest.mark.only_on("ministack", reason="DynamoDB Local does not count a transaction's writes twice")
def test_a_move_of_two_rows_is_14_write_units(settings: Settings) -> None:
    """A transaction bills twice on the table (8), once on the index (4), and a check as a write (2)."""
    result = play(SMALL, "ours", settings)
    assert result.write_units == 14 * 5
    assert result.wrong == 0


def test_the_reference_is_8_write_units_and_5_calls(settings: Settings) -> None:
    """One Query, two deletes, two puts; each write bills on table and index."""
    result = play(SMALL, "reference", settings)
    assert (result.write_units, result.calls) == (8 * 5, 5 * 5)


def test_calls_one_by_one(settings: Settings) -> None:
    """Roster, rows, message, transaction, and a look at its own records; the index only until it is remembered."""
    result = play(SMALL, "ours", settings)
    assert result.calls <= 5 * 5 + 2


def test_a_new_conversation_is_not_written(settings: Settings) -> None:
    """Its rows are right already."""
    assert row_writes_of_a_new_conversation(settings) == 0
