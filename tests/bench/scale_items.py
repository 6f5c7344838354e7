"""Made-up items of ordinary length, their bytes, and the bytes that a process remembers of them."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from producer.actions import Seat, message_item, row_item
from shared import keys
from shared.models import Item, Message, User
from stream_worker.reconcile.memory import Memory

TEXT = "What a chat says in one message is about as long as this is."  # 60 characters
MESSAGE_ID = "00000000-0123-4567-89ab-cdef01234567"
LIST = 10  # rows of each user's list
REMEMBERED = 20_000  # groups of two


def person(number: int) -> User:
    """Somebody with a name of ordinary length."""
    return User(f"{number:08d}-7a4d-4b8e-9d7f-3c1b6e52a901", f"person-{number:05d}", f"Person Number {number:05d}")


def remembered_bytes() -> float:
    """Of what a process remembers, for each row and its half of a group of two."""
    tracemalloc.start()
    memory = Memory()
    for number in range(REMEMBERED):
        group = keys.pair_group(person(2 * number).uuid, person(2 * number + 1).uuid)
        visit = memory.begin(group)
        for seat in (0, 1):
            memory.saw_row(group, person(2 * number + seat).uuid, keys.stamp(datetime.now(UTC)))
        memory.applied(group, keys.stamp(datetime.now(UTC)), visit)
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / REMEMBERED / 2


def item_bytes() -> dict[str, int]:
    """Of a row, a message and a roster item, by AWS's rule, without what it adds for storage."""
    message, row, roster, *_ = filled(2)
    return {"message_bytes": _bytes(message), "row_bytes": _bytes(row), "roster_bytes": _bytes(roster)}


def filled(rows: int) -> Iterator[Item]:
    """Groups of two with one message: rows, roster, message; each user is in `LIST` of them."""
    users = max(2, rows // LIST)
    for number in range(rows // 2):
        one, other = person(number % users), person((number + 1 + number // users) % users)
        stamp = keys.stamp(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(milliseconds=number))
        group = keys.pair_group(one.uuid, other.uuid)
        newest = Message(group, stamp, MESSAGE_ID, TEXT, one)
        yield message_item(newest)
        for seat in (Seat(one.uuid, other), Seat(other.uuid, one)):
            yield {**row_item(seat, stamp, newest), "worker_rev": {"S": "0" * 32}}
            created = {"created_at": {"S": stamp}, "created_by": {"S": "producer"}}
            yield {**keys.roster_key(group, seat.user), **created}


def _bytes(item: Item) -> int:
    return sum(len(name.encode()) + len(value["S"].encode()) for name, value in item.items())
