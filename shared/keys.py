"""The only place that makes keys, time stamps and group ids.

A time stamp of ours is UTC with always six digits and `+00:00`, so that string order is time order. Stamps
written by others (naive, other offsets, no microseconds) are kept as they are: "newest" is the largest sort
key, by definition, and nothing is ever ordered by anything but the whole string.
"""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from shared.models import Item

MESSAGE = "MSG#"
ROW = "GRP#"
ROSTER = "ROS#"

INDEX = "message-group-sk-index"

_PAIRS = UUID("6f0c4f0a-8d0e-5b1e-9c53-2b9a8a1d7e11")  # the fixed namespace of two-user groups
_OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


def message_key(group: str, sk: str) -> Item:
    """The key of the message of `group` written at `sk`."""
    return {"pk": {"S": MESSAGE + group}, "sk": {"S": sk}}


def row_key(user: str, sk: str) -> Item:
    """The key of a conversation row in `user`'s list at position `sk`."""
    return {"pk": {"S": ROW + user}, "sk": {"S": sk}}


def roster_key(group: str, user: str) -> Item:
    """The key of the roster item that says `user` is or was in `group`."""
    return {"pk": {"S": ROSTER + group}, "sk": {"S": user}}


def stamp(moment: datetime) -> str:
    """An aware `moment` as our fixed-width UTC time stamp."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def is_ours(sk: str) -> bool:
    """Whether `sk` is a moment in the fixed-width form that sorts as time: anybody can write a 13th month."""
    return _OURS.fullmatch(sk) is not None and _is_moment(sk)


def bump(sk: str) -> str:
    """The next free-looking position: 1 µs later in the stamp's own style, or one character longer if it is none."""
    try:
        moment = datetime.fromisoformat(sk) + _MICROSECOND
    except (ValueError, OverflowError):
        return sk + "0"
    if is_ours(sk):
        return stamp(moment)
    later = moment.isoformat(sep=sk[10:11] or "T")
    return later.replace("+00:00", "Z") if sk.endswith("Z") else later


def pair_group(one: str, other: str) -> str:
    """The group id of two users: the same whoever starts, so that a pair never gets two threads."""
    return str(uuid5(_PAIRS, ":".join(sorted((one, other)))))


def _is_moment(sk: str) -> bool:
    try:
        datetime.fromisoformat(sk)
    except ValueError:
        return False
    return True
