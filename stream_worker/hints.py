"""What a batch says about which groups to look at: pure, and suspicious of everything in a record."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from shared.keys import MESSAGE, ROSTER, ROW
from shared.models import Item, string
from stream_worker.contract import Record
from stream_worker.views import SHOWN

_KINDS = frozenset({"INSERT", "MODIFY", "REMOVE"})
_LONGEST_SHOWN = 2048  # bytes of a partition key (AWS quota), the longest of what is shown
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
    sound: list[Record] = []
    poison: list[tuple[Record, str]] = []
    for record in records:
        if problem := _problem(record):
            poison.append((record, problem))
        else:
            sound.append(record)
    groups: dict[str, GroupHint] = {}
    for record in _last_of_each_own_row(sound):
        _add(groups, record)
    return Hints(groups, tuple(poison))


def seen(records: Sequence[Record]) -> list[dict[str, object]]:
    """The last records as whoever looks on may know them: kinds and keys, never an image."""
    last = [record for record in records[-SHOWN:] if record.kind in _KINDS]
    arrived = {_key(record) for record in last if record.kind == "INSERT" and _is_ours(record)}
    return [
        {
            "sequence": record.sequence_number[:_LONGEST_SHOWN],
            "kind": record.kind,
            "pk": _text(record.keys, "pk")[:_LONGEST_SHOWN],
            "sk": _text(record.keys, "sk")[:_LONGEST_SHOWN],
            "by_worker": _is_ours(record) or _has_moved(record, arrived),
        }
        for record in last
    ]


def _is_ours(record: Record) -> bool:
    """Whether a worker was the last who wrote the item, as far as its marks tell."""
    if _text(record.keys, "pk").startswith(ROSTER):
        return record.kind == "INSERT" and _text(record.new_image, "created_by") == "worker"
    mark = _text(record.new_image, "worker_rev")
    return bool(mark) and _text(record.new_image, "row_rev") in {"", mark}  # others give a row a `row_rev` of their own


def _has_moved(record: Record, arrived: Collection[tuple[str, str]]) -> bool:
    """Whether a row seems to have gone to another place of its list; new images do not say of which group it was."""
    pk, sk = _key(record)
    return record.kind == "REMOVE" and any(list_of == pk and place != sk for list_of, place in arrived)


def _key(record: Record) -> tuple[str, str]:
    return _text(record.keys, "pk"), _text(record.keys, "sk")


def _problem(record: Record) -> str | None:
    """Why a record cannot be understood, if it cannot."""
    if record.kind not in _KINDS:
        return "unknown event name"
    pk, sk = _text(record.keys, "pk"), _text(record.keys, "sk")
    if not pk or not sk:
        return "keys are missing or no strings"
    if pk.startswith(MESSAGE) and not _usable(pk.removeprefix(MESSAGE)):
        return "message without a usable group"
    if pk.startswith(ROW) and record.kind != "REMOVE":
        return _row_problem(record.new_image, pk.removeprefix(ROW))
    return None


def _row_problem(image: object, user: str) -> str | None:
    if not isinstance(image, dict):
        return "row record without an image"
    if not _usable(_text(image, "message_group_uuid")) or not _usable(user):
        return "row without a usable group or user"
    return None


def _last_of_each_own_row(records: Iterable[Record]) -> Iterable[Record]:
    """Drop what a later record of the same item overtakes: order holds per item, so the last one is its state.

    Only for rows that a worker wrote (their roster item exists): of a burst's moves one look is left.
    """
    kept: dict[object, Record] = {}
    for number, record in enumerate(records):
        own = bool(_text(record.new_image, "worker_rev"))
        gone = record.kind == "REMOVE" and string(record.keys, "pk").startswith(ROW)
        if own or gone:
            key = (string(record.keys, "pk"), string(record.keys, "sk"))
            kept.pop(key, None)
            kept[key] = record
        else:
            kept[number] = record
    return kept.values()


def _add(groups: dict[str, GroupHint], record: Record) -> None:
    """Note what one record says."""
    pk, sk, image = string(record.keys, "pk"), string(record.keys, "sk"), record.new_image or {}
    if pk.startswith(MESSAGE):
        hint = groups.setdefault(pk.removeprefix(MESSAGE), GroupHint())
        if record.kind == "INSERT":
            hint.inserted = max(hint.inserted, sk)
        else:
            hint.must_look = True
    elif pk.startswith(ROW) and record.kind != "REMOVE":
        hint = groups.setdefault(_text(image, "message_group_uuid"), GroupHint())
        if _text(image, "worker_rev"):
            hint.own.append((pk.removeprefix(ROW), image))
        else:
            hint.foreign.add(pk.removeprefix(ROW))


def _text(item: object, name: str) -> str:
    return string(item, name) if isinstance(item, dict) else ""


def _usable(part_of_key: str) -> bool:
    return bool(part_of_key) and _is_text(part_of_key) and len(part_of_key.encode()) <= _LONGEST_KEY - len(ROW)


def _is_text(said: str) -> bool:
    """Half of a surrogate pair can be said in JSON; no table takes it, not even to keep a dead letter about it."""
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True
