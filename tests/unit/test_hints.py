"""Reading a batch: what it says of each group, and what nobody can understand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models import Item
from stream_worker.contract import Record, record_of
from stream_worker.hints import read_hints
from tests.fakes.table import texts


def record(kind: str, pk: str, sk: str = "1", image: Item | None = None) -> Record:
    """A record of one item."""
    return Record(kind, texts(pk=pk, sk=sk), "100", 0.0, image)


def row_record(kind: str, user: str, sk: str = "1", **image: str) -> Record:
    """A record of a conversation row of group g."""
    return record(kind, f"GRP#{user}", sk, texts(**({"message_group_uuid": "g"} | image)))


def test_messages_of_a_group_are_one_hint() -> None:
    """300 messages of a group in a batch are one reconcile; the newest counts."""
    hints = read_hints(record("INSERT", "MSG#g", str(sk)) for sk in (3, 9, 4))
    assert list(hints.groups) == ["g"]
    assert (hints.groups["g"].inserted, hints.groups["g"].must_look) == ("9", False)


@pytest.mark.parametrize("kind", ["MODIFY", "REMOVE"])
def test_edits_and_deletes_must_be_looked_at(kind: str) -> None:
    """No memory of what was applied can answer them."""
    assert read_hints([record(kind, "MSG#g")]).groups["g"].must_look


def test_who_wrote_a_row_matters() -> None:
    """A row without worker_rev was written by somebody else; one of ours is compared first."""
    hints = read_hints([row_record("INSERT", "ann"), row_record("MODIFY", "bob", worker_rev="r")])
    assert hints.groups["g"].foreign == {"ann"}
    assert [user for user, _ in hints.groups["g"].own] == ["bob"]


def test_a_deleted_row_says_nothing() -> None:
    """Its successor, if it has one, has a record of its own."""
    assert read_hints([record("REMOVE", "GRP#ann")]).groups == {}


def test_of_a_bursts_own_rows_the_last_state_is_looked_at() -> None:
    """Order holds per item: what a later record of the same key overtakes needs no look."""
    first = row_record("INSERT", "ann", "1", worker_rev="r")
    gone = record("REMOVE", "GRP#ann", "1")
    second = row_record("INSERT", "ann", "2", worker_rev="r", message="new")
    hint = read_hints([first, gone, second]).groups["g"]
    assert [image["message"] for _, image in hint.own] == [{"S": "new"}]


def test_a_row_of_somebody_else_counts_even_if_it_moved() -> None:
    """Its roster item must be written before its record is settled."""
    hint = read_hints([row_record("INSERT", "ann", "1"), record("REMOVE", "GRP#ann", "1")]).groups["g"]
    assert hint.foreign == {"ann"}


def test_other_items_are_nobodys_business() -> None:
    """Roster items and whatever else lives in the table."""
    hints = read_hints([record("INSERT", "ROS#g"), record("INSERT", "USER#1")])
    assert (hints.groups, hints.poison) == ({}, ())


@pytest.mark.parametrize(
    "bad",
    [
        record("DELETE", "MSG#g"),
        Record("INSERT", {}, "1", 0.0),
        Record("INSERT", {"pk": {"N": "7"}, "sk": {"S": "1"}}, "1", 0.0),
        Record("INSERT", {"pk": {"S": "MSG#g"}, "sk": {"B": b"1"}}, "1", 0.0),
        record("INSERT", "MSG#"),
        record("INSERT", "MSG#" + "g" * 2000),
        record("INSERT", "MSG#half of a pair: \ud83d"),
        record("INSERT", "GRP#\ud83d", image=texts(message_group_uuid="g")),
        record("INSERT", "GRP#ann", image=texts(message_group_uuid="\ud83d")),
        record("INSERT", "GRP#ann"),
        record("INSERT", "GRP#ann", image={"message": {"S": "no group"}}),
        record("INSERT", "GRP#ann", image={"message_group_uuid": {"N": "5"}}),
        record("MODIFY", "GRP#", image=texts(message_group_uuid="g")),
    ],
)
def test_what_nobody_understands_is_set_aside_alone(bad: Record) -> None:
    """The rest of the batch is understood all the same."""
    hints = read_hints([record("INSERT", "MSG#fine"), bad])
    assert [found for found, _ in hints.poison] == [bad]
    assert list(hints.groups) == ["fine"]


def test_no_record_hides_another_that_nobody_understands() -> None:
    """What is overtaken is dropped only among records that are understood."""
    number_keys = {"pk": {"N": "1"}, "sk": {"N": "2"}}
    pair = [Record("INSERT", number_keys, str(n), 0.0, texts(worker_rev="r")) for n in range(2)]
    unknown = row_record("DELETE", "ann", worker_rev="r")
    assert len(read_hints([*pair, unknown, row_record("INSERT", "ann", worker_rev="r")]).poison) == 3


json_like: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["pk", "sk", "S", "N", "message_group_uuid", "worker_rev"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["eventName", "dynamodb"]), json_like), max_size=4), json_like)
def test_no_record_is_a_crash(raw: list[dict[str, Any]], change: Any) -> None:
    """The stream is input: whatever it says is a hint, poison, or nothing."""
    hostile = [{"eventName": kind, "dynamodb": {"Keys": change, "NewImage": change}} for kind in ("INSERT", "X")]
    read_hints([record_of(item) for item in [*raw, *hostile]])
