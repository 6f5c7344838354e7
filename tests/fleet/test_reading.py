"""What `reading` finds, by lines that no child ever said."""

from typing import Any

from tests.fleet.reading import Written, reading

PARENT, CHILD = Written(None, [1, 2, 3]), Written("p", [4, 5])
STREAM = {"p": PARENT, "c": CHILD}


def opened(shard: str) -> dict[str, Any]:
    return {"event": "shard_opened", "shard": shard}


def batch(shard: str, first: int, last: int, records: int | None = None) -> dict[str, Any]:
    count = last - first + 1 if records is None else records
    return {"event": "batch_read", "shard": shard, "first": f"00{first}", "last": f"00{last}", "records": count}


def test_all_in_order() -> None:
    """By several readers; what came again is counted, and is no fault."""
    found = reading(STREAM, [opened("p"), batch("p", 1, 2), batch("p", 2, 3), opened("c"), batch("c", 4, 5)])
    assert (found.is_right, found.records, found.again) == (True, 5, 1)


def test_a_record_that_was_in_no_batch() -> None:
    """Whether it lies between two batches, or within one that is too small."""
    assert dict(reading(STREAM, [batch("p", 1, 1), batch("p", 3, 3), batch("c", 4, 5)]).missing) == {"p": 1}
    assert len(reading(STREAM, [batch("p", 1, 3, records=2), batch("c", 4, 5)]).holes) == 1


def test_a_child_before_its_parents_end() -> None:
    """Even if all is read later."""
    found = reading(STREAM, [batch("p", 1, 2), opened("c"), batch("c", 4, 5), batch("p", 3, 3)])
    assert (found.too_early, found.missing) == (["c"], {})


def test_lines_of_other_streams_do_not_count() -> None:
    """A table that was made anew has another one."""
    assert reading(STREAM, [opened("x"), batch("x", 1, 9), {"event": "child_failed"}]).missing == {"p": 3, "c": 2}
