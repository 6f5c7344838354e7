"""What a message's text may be.

What it may not is `TextInvalid`: a `TextBlank`, a `TextTooLong`, or a text with control characters.
"""

import unicodedata

from shared.errors import TextInvalid
from shared.models import MAX_TEXT


class TextBlank(TextInvalid):
    """The text is empty: write at least one character."""


class TextTooLong(TextInvalid):
    """The text is too long: 1,024 characters are the most."""


_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_FORBIDDEN = frozenset({"Cc", "Cs"})


def clean_text(text: str) -> str:
    """The text as it is stored: NFC, trimmed, lines ended by a plain line feed.

    Raises:
        TextInvalid: it shows nothing, is too long, or has control characters.
    """
    clean = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if all(unicodedata.category(character) in _INVISIBLE for character in clean):
        raise TextBlank
    if len(clean) > MAX_TEXT:
        raise TextTooLong(f"The text has {len(clean):,} characters: {MAX_TEXT:,} are the most.")
    for character in clean:
        if character != "\n" and unicodedata.category(character) in _FORBIDDEN:
            raise TextInvalid(f"The text has a control character (U+{ord(character):04X}): take it out.")
    return clean
