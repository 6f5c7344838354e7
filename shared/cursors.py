"""Cursors: a sort key as an opaque word. Whose list it continues is decided by the call: it opens nobody else's."""

import base64
import binascii

from shared.errors import CursorInvalid

_MAX_KEY_BYTES = 1024  # of a sort key (AWS quota)


def encode_cursor(sk: str) -> str:
    """A position as an opaque word."""
    return base64.urlsafe_b64encode(sk.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The position a cursor stands for.

    Raises:
        CursorInvalid: it is none of ours.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        sk = raw.decode()
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid from error
    if not 0 < len(raw) <= _MAX_KEY_BYTES:
        raise CursorInvalid
    return sk
