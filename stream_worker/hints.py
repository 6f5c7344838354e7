"""What a batch says about which groups to look at: pure, and suspicious of everything in a record."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.keys import MESSAGE, ROW
from shared.models import Item, string
from stream_worker.contract import Record

_LONGEST_KEY = 1024  # bytes; a DynamoDB sort key holds no more, and the roster's is a user id


@dataclass(slots=True)
class GroupHint:
    """What a batch says about one group."""

    inserted: str = ""
    """The newest sort key among inserted messages."""
    must_look: bool = False
    """A message was edited or deleted: nothing this process remembers can answer that."""
    foreign: set[str] = field(default_factory=set)
    """Users whose row somebody else wrote."""
    own: list[tuple[str, Item]] = field(default_factory=list)
    """Users whose row a worker wrote, with its image."""


@dataclass(frozen=True, slots=True)
class Hints:
    """A batch, understood."""

    groups: dict[str, GroupHint]
    poison: tuple[tuple[Record, str], ...]
    """Records nobody can understand, each with the reason."""


def read_hints(records: Iterable[Record]) -> Hints:
    """Sort the records of a batch by the group they are about; items of other kinds are nobody's business."""
    groups: dict[str, GroupHint] = {}
    poison: list[tuple[Record, str]] = []
    for record in _last_of_each_own_row(records):
        reason = _add(groups, record)
        if reason:
            poison.append((record, reason))
    return Hints(groups, tuple(poison))


def _last_of_each_own_row(records: Iterable[Record]) -> Iterable[Record]:
    """Drop what a later record of the same item overtakes: order holds per item, so the last one is its state.

    Only for rows that a worker wrote (their roster item exists): of a burst's moves one look is left.
    """
    kept: dict[object, Record] = {}
    for number, record in enumerate(records):
        own = bool(_text(record.new_image, "worker_rev"))
        gone = record.kind == "REMOVE" and _text(record.keys, "pk").startswith(ROW)
        if own or gone:
            key = (_text(record.keys, "pk"), _text(record.keys, "sk"))
            kept.pop(key, None)
            kept[key] = record
        else:
            kept[number] = record
    return kept.values()


def _add(groups: dict[str, GroupHint], record: Record) -> str | None:
    """Note what one record says; the answer is why it cannot be understood, if it cannot."""
    if record.kind not in {"INSERT", "MODIFY", "REMOVE"}:
        return "unknown event name"
    pk, sk = _text(record.keys, "pk"), _text(record.keys, "sk")
    if not pk or not sk:
        return "keys are missing or no strings"
    if pk.startswith(MESSAGE):
        return _add_message(groups, record.kind, pk.removeprefix(MESSAGE), sk)
    if pk.startswith(ROW) and record.kind != "REMOVE":
        return _add_row(groups, record, pk.removeprefix(ROW))
    return None


def _add_message(groups: dict[str, GroupHint], kind: str, group: str, sk: str) -> str | None:
    if not _usable(group):
        return "message without a usable group"
    hint = groups.setdefault(group, GroupHint())
    if kind == "INSERT":
        hint.inserted = max(hint.inserted, sk)
    else:
        hint.must_look = True
    return None


def _add_row(groups: dict[str, GroupHint], record: Record, user: str) -> str | None:
    image = record.new_image
    if not isinstance(image, dict):
        return "row record without an image"
    group = _text(image, "message_group_uuid")
    if not _usable(group) or not _usable(user):
        return "row without a usable group or user"
    hint = groups.setdefault(group, GroupHint())
    if _text(image, "worker_rev"):
        hint.own.append((user, image))
    else:
        hint.foreign.add(user)
    return None


def _text(item: object, name: str) -> str:
    return string(item, name) if isinstance(item, dict) else ""


def _usable(part_of_key: str) -> bool:
    return bool(part_of_key) and len(part_of_key.encode("utf-8", "surrogatepass")) <= _LONGEST_KEY - len(ROW)
