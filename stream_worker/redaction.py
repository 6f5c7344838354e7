"""What makes a recorded incident fit to be shown: keys and ids stay, all that people wrote or are called goes.

A placeholder is as long as what it replaces, and equal texts get equal ones within one recording (an edit stays an
edit, a row still shows its message), under a key that is thrown away with the process.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from shared.models import Item
from stream_worker.contract import Batch, Record

# Everything else is replaced: an allowlist does not forget the attribute that somebody adds next year.
KEPT = frozenset(
    {
        *("pk", "sk", "message_group_uuid", "message_uuid", "user_uuid"),
        *("last_message_sk", "worker_rev", "row_rev", "created_at", "created_by", "left_at"),
    }
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_SETS = frozenset({"SS", "NS", "BS"})
_MOST_DIGITS = 38  # of a DynamoDB number
_LEVELS = 2 * 32 + 2  # of nesting: DynamoDB allows 32, each a type tag and what stands under it


@dataclass(frozen=True, slots=True)
class Redaction:
    """Redacts the batches of one recording."""

    key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)

    def __call__(self, batch: Batch) -> Batch:
        """The batch without a word of anybody."""
        return replace(batch, records=tuple(map(self._record, batch.records)))

    def _record(self, record: Record) -> Record:
        return replace(record, new_image=self._image(record.new_image), old_image=self._image(record.old_image))

    def _image(self, image: Item | None) -> Item | None:
        if not isinstance(image, dict):
            return None
        return {name: value if name in KEPT else self._value(value, "S") for name, value in image.items()}

    def _value(self, value: Any, kind: str, levels: int = _LEVELS) -> Any:
        """A value in DynamoDB JSON, as deep as a table holds it; `kind` is the type tag it stands under."""
        match value:
            case dict() | list() if not levels:
                return None
            case str():
                return self._placeholders(kind)(value)
            case dict():
                return {tag: self._value(inner, tag, levels - 1) for tag, inner in value.items()}
            case list():
                replaced = [self._value(inner, kind, levels - 1) for inner in value]
                return list(dict.fromkeys(replaced)) if kind in _SETS else replaced  # a set has nothing twice
            case _:
                return value

    def _placeholders(self, kind: str) -> Callable[[str], str]:
        return {"N": self._number, "NS": self._number, "B": self._binary, "BS": self._binary}.get(kind, self._text)

    def _text(self, text: str) -> str:
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in self._noise(text, len(text)))

    def _number(self, number: str) -> str:
        digits = min(sum(map(str.isdigit, number)), _MOST_DIGITS)
        return "".join(str(1 + byte % 9) for byte in self._noise(number, max(1, digits)))

    def _binary(self, value: str) -> str:
        return b64encode(self._noise(value, len(value) // 4 * 3)).decode("ascii")

    def _noise(self, text: str, length: int) -> bytes:
        source, noise = text.encode("utf-8", "surrogatepass"), b""
        while len(noise) < length:
            noise += hmac.digest(self.key, source + len(noise).to_bytes(4, "big"), sha256)
        return noise[:length]
