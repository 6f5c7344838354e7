"""The worker's own table: conditions over what was read, lost answers recognised, unknown schemas refused."""

import pytest

from shared.errors import Conflict, LeaseLost, OutcomeUnknown, Reason, SchemaUnknown, TransactionCancelled
from stream_worker.state import OPEN_LETTERS, SETTLED_LETTERS, SWEEPS, State, attributes_of
from tests.fakes.faulty import Faulty, Go, lost, meanwhile, refused
from tests.fakes.state import StateTable
from tests.fakes.table import texts


class Room:
    """A state table, and two consumers of it."""

    def __init__(self) -> None:
        self.table = StateTable()
        self.client = Faulty(self.table)
        self.state = State(self.client, "state", "pattern-e")
        self.other = State(self.client, "state", "other")


@pytest.fixture
def room() -> Room:
    """Empty."""
    return Room()


def twice(go: Go) -> dict[str, object]:
    """The SDK repeats a write whose answer was lost."""
    go()
    return go()


def test_consumers_do_not_see_each_other(room: Room) -> None:
    """The consumer's name is part of every key."""
    room.state.put(SWEEPS, "a", texts(reason="mine"))
    assert room.other.get(SWEEPS, "a") is None
    assert list(room.other.all(SWEEPS)) == []


def test_a_drawer_is_read_to_its_last_page(room: Room) -> None:
    """More items than a page holds, in the order of their names."""
    for number in range(10):
        room.state.put(SWEEPS, f"s{number}", {})
    assert [item["sk"]["S"] for item in room.state.all(SWEEPS)] == [f"s{number}" for number in range(10)]


def test_replace_writes_over_what_was_read_only(room: Room) -> None:
    """Of two who read the same, one wins; the other learns it."""
    read = room.state.replace(SWEEPS, "a", texts(v="1"), None)
    room.state.replace(SWEEPS, "a", texts(v="2"), read)
    with pytest.raises(LeaseLost):
        room.state.replace(SWEEPS, "a", texts(v="3"), read)
    with pytest.raises(LeaseLost):
        room.state.replace(SWEEPS, "a", texts(v="4"), None)
    assert attributes_of(room.table.drawer(SWEEPS)["a"]) == texts(v="2")


def test_a_write_the_sdk_repeats_has_succeeded(room: Room) -> None:
    """A failed condition over one's own item is no failure."""
    room.client.meet("put_item", twice)
    read = room.state.replace(SWEEPS, "a", texts(v="1"), None)
    room.client.meet("delete_item", twice)
    assert room.state.delete(SWEEPS, "a", as_read=read)


def test_a_write_whose_answer_is_lost_can_be_offered_again(room: Room) -> None:
    """The same item over the same item: whether it was written is found out."""
    room.client.meet("put_item", lost)
    with pytest.raises(OutcomeUnknown):
        room.state.replace(SWEEPS, "a", texts(v="1"), None)
    assert attributes_of(room.state.replace(SWEEPS, "a", texts(v="1"), None)) == texts(v="1")


def test_delete_as_read_leaves_what_was_changed(room: Room) -> None:
    """Whoever wrote meanwhile keeps the item."""
    read = room.state.replace(SWEEPS, "a", texts(v="1"), None)
    room.client.meet("delete_item", meanwhile(lambda: room.state.put(SWEEPS, "a", texts(v="2"))))
    assert not room.state.delete(SWEEPS, "a", as_read=read)
    assert room.state.delete(SWEEPS, "a")
    assert room.state.get(SWEEPS, "a") is None


def test_a_move_is_one_step(room: Room) -> None:
    """From one drawer to the other with changes, or not at all if somebody wrote meanwhile."""
    read = room.state.replace(OPEN_LETTERS, "a", texts(v="1"), None)
    room.state.put(OPEN_LETTERS, "a", texts(v="2"))
    assert not room.state.move(read, OPEN_LETTERS, SETTLED_LETTERS, {})
    assert room.table.drawer(SETTLED_LETTERS) == {}
    again = room.state.get(OPEN_LETTERS, "a") or {}
    assert room.state.move(again, OPEN_LETTERS, SETTLED_LETTERS, texts(by="me"))
    assert room.table.drawer(OPEN_LETTERS) == {}
    assert attributes_of(room.table.drawer(SETTLED_LETTERS)["a"]) == texts(v="2", by="me")


def test_a_move_whose_answer_was_lost_has_happened(room: Room) -> None:
    """The item is gone from where it was."""
    read = room.state.replace(OPEN_LETTERS, "a", texts(v="1"), None)
    room.client.meet("transact_write_items", twice)
    assert room.state.move(read, OPEN_LETTERS, SETTLED_LETTERS, {})


@pytest.mark.parametrize(
    "error",
    [TransactionCancelled([]), TransactionCancelled([Reason("TransactionConflict"), Reason("None")]), Conflict()],
)
def test_a_move_that_met_another_transaction_is_to_be_repeated(room: Room, error: Exception) -> None:
    """Nothing is known of the item: neither "moved" nor "changed" would be true."""
    read = room.state.replace(OPEN_LETTERS, "a", texts(v="1"), None)
    room.client.meet("transact_write_items", refused(error))
    with pytest.raises(type(error)):
        room.state.move(read, OPEN_LETTERS, SETTLED_LETTERS, {})


@pytest.mark.parametrize("written", [{"N": "2"}, {"S": "1"}, {}])
def test_an_unknown_schema_is_refused(room: Room, written: dict[str, str]) -> None:
    """A sentence instead of a guess, wherever the item is met."""
    room.state.put(SWEEPS, "a", texts(v="1"))
    room.table.drawer(SWEEPS)["a"]["schema"] = written
    with pytest.raises(SchemaUnknown, match="run the version that wrote them"):
        room.state.get(SWEEPS, "a")
    with pytest.raises(SchemaUnknown):
        list(room.state.all(SWEEPS))
