"""A redacted tape: not a word of anybody, and still the same story."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models import Item
from stream_worker.contract import Batch, Record
from stream_worker.redaction import Redaction
from tests.conftest import Tape
from tests.fakes.stage import Stage
from tests.fakes.table import texts

values = st.recursive(
    st.fixed_dictionaries({"S": st.text()}) | st.fixed_dictionaries({"BOOL": st.booleans()}) | st.none() | st.text(),
    lambda inner: (
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"M": st.dictionaries(st.text(), inner, max_size=3)})
    ),
    max_leaves=6,
)


FIXED = Redaction(b"so that a test meets no coincidence")


def redacted(image: Any, redaction: Redaction = FIXED) -> Any:
    """An image, redacted."""
    batch = Batch("s", "a", (Record("INSERT", texts(pk="k", sk="k"), "1", 0.0, image, image),))
    [record] = redaction(batch).records
    assert record.old_image == record.new_image
    return record.new_image


def test_texts_and_names_go_keys_stay() -> None:
    """What a person wrote or is called is replaced by something as long."""
    kept = texts(pk="GRP#ann", sk="1", message_group_uuid="g", user_uuid="bob", last_message_sk="1", row_rev="r")
    said = texts(message="See you at eight 🚀", user_display_name="Bob Ross", user_handle="bob")
    found = redacted({**kept, **said})
    assert {name: found[name] for name in kept} == kept
    for name, value in said.items():
        assert len(found[name]["S"]) == len(value["S"])
        assert found[name] != value


def test_what_nobody_foresaw_goes_too() -> None:
    """An allowlist does not forget the attribute that is added next year."""
    image: Item = {
        "phone": {"N": "-4912345.5"},
        "photo": {"B": "3q2+7w=="},
        "deep": {"M": {"tags": {"SS": ["red", "blue"]}, "marks": {"NS": ["11", "12"]}, "yes": {"BOOL": True}}},
    }
    found = redacted(image)
    assert len(found["phone"]["N"]) == len("49123455")
    assert found["phone"]["N"].isdigit()
    assert len(b64decode(found["photo"]["B"])) == 6
    assert found["photo"] != image["photo"]
    assert "red" not in found["deep"]["M"]["tags"]["SS"]
    assert len(found["deep"]["M"]["marks"]["NS"]) in {1, 2}
    assert found["deep"]["M"]["yes"] == {"BOOL": True}


@given(st.dictionaries(st.text(), values, max_size=4))
def test_no_image_is_too_strange(image: Item) -> None:
    """Hostile records are recorded as well."""
    assert set(redacted(image)) == set(image)


@pytest.mark.parametrize(("depth", "is_kept"), [(31, True), (900, False)])
def test_what_is_nested_deeper_than_in_any_table_is_left_out(depth: int, *, is_kept: bool) -> None:
    """Recording goes on."""
    value: Any = {"S": "deep down"}
    for _ in range(depth):
        value = {"L": [value]}
    found = repr(redacted({"phone": value}))
    assert ("'S'" in found) is is_kept
    assert "deep down" not in found


def test_equal_texts_stay_equal_within_one_recording() -> None:
    """A row still shows its message, an edit is still an edit; another recording says nothing about it."""
    one, again, other = (redacted(texts(message=text)) for text in ("hello", "hello", "jello"))
    assert one == again != other
    assert redacted(texts(message="hello, this is Ann"), Redaction()) != redacted(texts(message="hello, this is Ann"))


def test_a_redacted_tape_tells_the_same_story(tape: Tape) -> None:
    """The same rows at the same messages, under other words."""
    plain, shared, redaction = Stage(), Stage(), Redaction()
    plain.play(tape("edits-and-deletes"))
    shared.play(map(redaction, tape("edits-and-deletes")))
    assert {who: sk for who, (sk, _) in shared.shown().items()} == {who: sk for who, (sk, _) in plain.shown().items()}
    assert shared.shown() == shared.recomputed() != plain.shown()


def test_the_keys_of_a_record_are_untouched(tape: Tape) -> None:
    """Everything but the images is as it was."""
    [first, *_] = tape("conversation")
    bare = [replace(record, new_image=None) for record in Redaction()(first).records]
    assert bare == [replace(record, new_image=None) for record in first.records]
