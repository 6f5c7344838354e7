"""The pure decision."""

from hypothesis import given
from hypothesis import strategies as st

from shared.keys import row_key
from shared.models import Item
from stream_worker.reconcile.plan import (
    LARGEST_TRANSACTION,
    Change,
    Create,
    MessageGone,
    MessageStands,
    Newest,
    Remove,
    Rewrite,
    Row,
    RowStands,
    actions,
    plan_member,
    slices,
)
from tests.fakes.table import MemoryTable, at, texts

stamps = st.integers(0, 20).map(at)
words = st.sampled_from(["", "hi", "ho", "x" * 1024])
newests = st.none() | st.builds(Newest, stamps, words.map(lambda text: {"S": text}) | st.none())


@st.composite
def members(draw: st.DrawFn) -> list[Row]:
    """One to four rows of a group in one list, with and without `last_message_sk`, with attributes of others."""
    places = draw(st.lists(stamps, min_size=1, max_size=4, unique=True))
    rows = []
    for sk in places:
        shown = draw(st.none() | stamps)
        extra: Item = {"mood": {"SS": ["blue", "calm"]}, **({"last_message_sk": {"S": shown}} if shown else {})}
        rows.append(Row({**row_key("u", sk), **texts(message_group_uuid="g", message=draw(words)), **extra}))
    return rows


def carried_out(rows: list[Row], change: Change) -> list[Row]:
    """The rows after a change, on a table where nobody interferes."""
    table = MemoryTable()
    for row in rows:
        table.put(row.item)
    table.commit(change.writes)
    return table.rows("u")


@given(members(), newests)
def test_one_right_row_is_left(rows: list[Row], newest: Newest | None) -> None:
    """Whatever stands there, one row remains, and it shows the newest message."""
    change = plan_member(rows, newest, "rev")
    after = carried_out(rows, change) if change else rows
    assert len(after) == 1
    assert after[0].shows(newest)


@given(members(), newests)
def test_nothing_to_do_the_second_time(rows: list[Row], newest: Newest | None) -> None:
    """A reconcile of a clean group writes nothing; else the worker would feed itself."""
    change = plan_member(rows, newest, "rev")
    after = carried_out(rows, change) if change else rows
    assert plan_member(after, newest, "other rev") is None


@given(members(), newests)
def test_attributes_of_others_are_carried(rows: list[Row], newest: Newest | None) -> None:
    """What the worker does not own is as it was, sets included."""
    change = plan_member(rows, newest, "rev")
    after = carried_out(rows, change) if change else rows
    assert after[0].item["mood"] == {"SS": ["blue", "calm"]}


def row(sk: str, shown: str | None = None, text: str = "hi") -> Row:
    """A row of group g in u's list."""
    more = {"last_message_sk": shown} if shown else {}
    return Row({**row_key("u", sk), **texts(message_group_uuid="g", message=text, **more)})


def test_a_moved_row_is_deleted_and_put() -> None:
    """The sort key is part of the key, so a move is a delete and a put."""
    change = plan_member([row(at(1), at(1))], Newest(at(2), {"S": "new"}), "rev")
    assert change is not None
    assert [type(write) for write in change.writes] == [Remove, Create]
    assert (change.sk, change.gone) == (at(2), frozenset())


def test_an_edit_of_the_newest_is_one_update() -> None:
    """Two actions of a transaction must not touch one item."""
    change = plan_member([row(at(1), at(1), "old")], Newest(at(1), {"S": "new"}), "rev")
    assert change is not None
    assert [type(write) for write in change.writes] == [Rewrite]


def test_a_bumped_row_stays_where_it_is() -> None:
    """What is compared is the message a row shows, never the row's own sort key."""
    assert plan_member([row(at(2), at(1))], Newest(at(1), {"S": "hi"}), "rev") is None


def test_a_row_of_the_original_is_compared_by_its_sort_key() -> None:
    """The original never wrote `last_message_sk`."""
    assert plan_member([row(at(1))], Newest(at(1), {"S": "hi"}), "rev") is None


def test_moving_back_needs_the_message_gone() -> None:
    """Else a worker that slept would move a row away from a message that was put meanwhile."""
    change = plan_member([row(at(5), at(5))], Newest(at(2), {"S": "hi"}), "rev")
    assert change is not None
    assert change.gone == {at(5)}


def test_blanking_keeps_the_position_and_needs_the_message_gone() -> None:
    """A group without messages keeps its place in the list."""
    change = plan_member([row(at(5), at(5))], None, "rev")
    assert change is not None
    assert (change.sk, change.gone) == (at(5), frozenset({at(5)}))


def test_a_text_is_cut_where_a_message_may_end() -> None:
    """A longer text, written by somebody else, is shown cut; one without text is shown blank."""
    assert len(Newest(at(1), {"S": "x" * 5000}).text) == 1024
    assert Newest(at(1), {"N": "7"}).text == ""


def test_checks_are_made_once_a_transaction() -> None:
    """Members who move back from the same message share one check; no two actions touch one item."""
    newest = Newest(at(1), {"S": "hi"})
    changes = [Change(user, (Create(texts(pk=user)),), at(1), gone=frozenset({at(5)})) for user in "abc"]
    found = actions("g", newest, changes)
    assert [type(action) for action in found] == [MessageStands, MessageGone, Create, Create, Create]


@given(st.lists(st.integers(1, 7), max_size=90))
def test_slices_are_as_large_as_a_transaction_may_be(sizes: list[int]) -> None:
    """No slice is larger than AWS allows, none is empty, nobody is left out."""
    newest = Newest(at(1), {"S": "hi"})
    write = Create(texts(pk="x"))
    changes = [Change(str(i), (write,) * size, at(1), gone=frozenset({at(5 + i)})) for i, size in enumerate(sizes)]
    found = list(slices("g", newest, changes))
    assert [change for together in found for change in together] == changes
    assert all(0 < len(actions("g", newest, together)) <= LARGEST_TRANSACTION for together in found)


def test_only_some_duplicates_are_deleted_at_once() -> None:
    """Six items of the largest size and the row itself fit into a transaction's 4 MB."""
    change = plan_member([row(at(i)) for i in range(20)], Newest(at(30), {"S": "hi"}), "rev")
    assert change is not None
    assert not change.complete
    assert [type(write) for write in change.writes] == [Remove] * 7 + [Create]


def test_of_duplicates_the_highest_stays() -> None:
    """None is on the message's own key: the one that other writers touched last is carried."""
    rows = [row(at(1), text="low"), row(at(3), text="high"), row(at(2), text="middle")]
    change = plan_member(rows, Newest(at(9), {"S": "hi"}), "rev")
    assert change is not None
    assert Remove(rows[1]) in change.writes[-2:]
    assert change.writes[:-2] == (Remove(rows[0]), Remove(rows[2]))


def test_the_duplicate_that_stays_must_be_there() -> None:
    """Two workers that keep different ones would otherwise delete both: the member's last row."""
    kept, other = row(at(2), at(2)), row(at(3), at(3))
    change = plan_member([kept, other], Newest(at(2), {"S": "hi"}), "rev")
    assert change is not None
    assert change.writes == (RowStands(kept), Remove(other))


@given(members(), newests)
def test_no_row_goes_back_from_a_message_that_stands(rows: list[Row], newest: Newest | None) -> None:
    """Whatever is deleted or moved away from a message that is further on, that message must be gone."""
    change = plan_member(rows, newest, "rev")
    lost = {write.row.shown for write in change.writes if isinstance(write, Remove | Rewrite)} if change else set()
    assert {sk for sk in lost if newest is None or sk > newest.sk} <= (change.gone if change else set())
