"""What may be told of records: kinds, keys, and whether a worker wrote them; never an image."""

from typing import Any

import pytest
from hypothesis import given

from shared.models import Item
from stream_worker.contract import Record, record_of
from stream_worker.hints import seen
from stream_worker.views import SHOWN
from tests.fakes.hostile import pages
from tests.fakes.table import texts

ROW = texts(message_group_uuid="g", message="at the old pier", user_display_name="Ann Brown")


def record(kind: str, pk: str, sk: str = "1", image: Item | None = None) -> Record:
    """A record of one item."""
    return Record(kind, texts(pk=pk, sk=sk), "100", 0.0, image)


def ours(**more: str) -> Item:
    """A row as a worker left it."""
    return {**ROW, **texts(**({"worker_rev": "r", "row_rev": "r"} | more))}


def by_worker(*records: Record) -> list[Any]:
    """Of each, in order."""
    return [one["by_worker"] for one in seen(records)]


def test_a_record_is_told_by_its_keys_and_kind() -> None:
    """Nothing of what the item holds, text or name."""
    [told] = seen([record("MODIFY", "GRP#ann", "1", ours())])
    assert told == {"sequence": "100", "kind": "MODIFY", "pk": "GRP#ann", "sk": "1", "by_worker": True}


def test_a_workers_mark_tells_its_own_rows() -> None:
    """People's messages and rows are theirs; who writes a row of ours leaves the mark, and another `row_rev`."""
    assert by_worker(record("INSERT", "MSG#g", "1", ROW), record("INSERT", "GRP#ann", "1", ROW)) == [False, False]
    assert by_worker(record("INSERT", "GRP#ann", "1", ours()), record("MODIFY", "GRP#ann", "1", ours())) == [True] * 2
    assert by_worker(record("MODIFY", "GRP#ann", "1", ours(row_rev="theirs"))) == [False]


def test_a_roster_item_says_who_put_it() -> None:
    """For rows of other software the worker does."""
    put = texts(created_by="worker")
    assert by_worker(record("INSERT", "ROS#g", "ann", put), record("INSERT", "ROS#g", "bob", {})) == [True, False]
    assert by_worker(record("MODIFY", "ROS#g", "ann", {**put, **texts(left_at="1")})) == [False]


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_that_moves_goes_and_comes(order: int) -> None:
    """One transaction, two records, in any order: what a worker takes away it puts elsewhere in the same list."""
    move = [record("REMOVE", "GRP#ann", "1"), record("INSERT", "GRP#ann", "2", ours())][::order]
    assert by_worker(*move) == [True, True]


def test_a_row_of_somebody_who_leaves_is_not_the_workers() -> None:
    """Nor is it because another's row moves, or the very row had just come there."""
    moved = [record("INSERT", "GRP#bob", "2", ours()), record("INSERT", "GRP#ann", "1", ours())]
    assert by_worker(*moved, record("REMOVE", "GRP#ann", "1")) == [True, True, False]


def test_of_a_large_batch_the_last_records_are_told() -> None:
    """In their order."""
    many = [record("INSERT", "MSG#g", str(number)) for number in range(1000)]
    assert [one["sk"] for one in seen(many)] == [str(number) for number in range(1000 - SHOWN, 1000)]


@given(pages())
def test_whatever_a_record_may_hold_is_told_or_left_out(page: list[Any]) -> None:
    """What nobody understands has a dead letter; here it must not stop the batch, or be as long as it likes."""
    for told in seen([record_of(raw) for raw in page]):
        assert told["kind"] in {"INSERT", "MODIFY", "REMOVE"}
        assert all(len(str(told[name])) <= 2048 for name in ("pk", "sk", "sequence"))


def test_a_key_that_no_table_takes_is_cut() -> None:
    """A batch's line has an end."""
    [told] = seen([record("INSERT", "p" * 9000, "s" * 9000)])
    assert (told["pk"], told["sk"]) == ("p" * 2048, "s" * 2048)
