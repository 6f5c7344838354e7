"""What a message's text may be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.text import clean_text
from shared.errors import TextInvalid
from shared.models import MAX_TEXT


@given(st.text(max_size=60))
def test_what_is_accepted_is_clean(text: str) -> None:
    """Trimmed, NFC, 1 to 1,024 characters, no control characters but line feeds; and stable."""
    try:
        clean = clean_text(text)
    except TextInvalid:
        return
    assert clean == clean.strip() == unicodedata.normalize("NFC", clean) == clean_text(clean)
    assert 1 <= len(clean) <= MAX_TEXT
    assert all(character == "\n" or unicodedata.category(character) != "Cc" for character in clean)
    clean.encode()


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u200b\u200d", "\u2028"])
def test_what_shows_nothing_is_empty(text: str) -> None:
    """Also characters without any shape."""
    with pytest.raises(TextInvalid, match="empty"):
        clean_text(text)


@pytest.mark.parametrize("text", ["a\tb", "a\x00", "a\x1b[2Jb", "a\rb", "a\x85b", "a\udcffb"])
def test_control_characters_are_named(text: str) -> None:
    """So are lone surrogates, which cannot be stored."""
    with pytest.raises(TextInvalid, match=r"U\+"):
        clean_text(text)


def test_the_length_counts_after_trimming() -> None:
    """1,024 characters pass, one more does not."""
    assert len(clean_text(" " + "x" * MAX_TEXT + "\n")) == MAX_TEXT
    with pytest.raises(TextInvalid, match="1,025"):
        clean_text("x" * (MAX_TEXT + 1))


def test_line_breaks_and_emoji_stay() -> None:
    """Windows' line ends become plain ones; joiners inside a text are kept."""
    assert clean_text("one\r\ntwo 👩\u200d🚀") == "one\ntwo 👩\u200d🚀"
    assert clean_text("e\u0301") == "é"
