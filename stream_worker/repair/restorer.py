"""Rows that are lost, rebuilt: from the group's messages, and from what rows and messages say of the other member.

It is written as whoever creates a row writes it: the roster item is read, then the user's whole list, and row and
roster item go into one transaction, the roster item only if as read. Two who create the same row at once therefore
meet in the roster. Nobody who left by us comes back.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from uuid import uuid4

from shared.conversations import owner_of, user_of
from shared.keys import bump, roster_key, row_key, stamp
from shared.models import MAX_TEXT, Item, User, string
from stream_worker.repair import writes
from stream_worker.verify.table import Table

HISTORY = 500  # messages of a group that are searched
LISTS = 20  # conversations of the other member in which their names are looked for


class Restorer:
    """Brings lost rows back."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock

    def other(self, group: str, user: str) -> User | None:
        """Whom the row shows: who wrote first to the group, but for the user; else another member, if one is known."""
        for message in islice(self._table.read.history(group, newest_first=False), HISTORY):
            if message.sender.uuid not in {"", user}:
                return message.sender
        owners = {owner_of(row) for row in self._table.read.index_rows(group)}
        others = sorted({*owners, *self._table.store.roster(group)} - {user})
        return self._named(others[0]) if others else None

    def restore(self, group: str, user: str) -> bool:
        """Put the row and its roster item; False where that is not called for any more."""
        return self._table.retry.call(partial(self._try_restore, group, user))

    def _try_restore(self, group: str, user: str) -> bool:
        entry = self._table.get(roster_key(group, user))
        if entry and "left_at" in entry:
            return False
        rows = list(self._table.read.partition(user))
        other = self.other(group, user)
        if other is None or any(string(row, "message_group_uuid") == group for row in rows):
            return False
        row = self._row(group, user, other, {string(row, "sk") for row in rows})
        writes.transact(self._table, [writes.put(row), writes.put_entry(self._entry(group, user, entry), entry)])
        return True

    def _row(self, group: str, user: str, other: User, taken: set[str]) -> Item:
        """The row at the newest message's place or the next free one; blank, at the present, where there is none."""
        newest = self._table.read.newest(group)
        shown = newest.created_at if newest else stamp(self._clock())
        place = shown
        while place in taken:
            place = bump(place)
        attributes = {
            "message_group_uuid": group,
            "message": newest.text[:MAX_TEXT] if newest else "",
            "user_uuid": other.uuid,
            "user_handle": other.handle,
            "user_display_name": other.display_name,
            "last_message_sk": shown,
            "row_rev": uuid4().hex,
        }
        return {**row_key(user, place), **{name: {"S": value} for name, value in attributes.items()}}

    def _entry(self, group: str, user: str, as_read: Item | None) -> Item:
        """A roster item whose `created_at` differs from the one read; who entered the member first stays noted."""
        now = stamp(self._clock())
        later = bump(now) if as_read and string(as_read, "created_at") == now else now
        by = string(as_read or {}, "created_by") or "repair"
        return {**roster_key(group, user), "created_at": {"S": later}, "created_by": {"S": by}}

    def _named(self, uuid: str) -> User:
        """A member who wrote nothing here, with the names that others' rows show them by, or that they wrote under."""
        for row in islice(self._table.read.partition(uuid), LISTS):
            for user in self._users_in(string(row, "message_group_uuid")):
                if user.uuid == uuid and user.handle:
                    return user
        return User(uuid, "", "")

    def _users_in(self, group: str) -> Iterator[User]:
        """Everybody whom a group's rows or messages name."""
        if group:
            yield from map(user_of, self._table.read.index_rows(group))
            yield from (message.sender for message in islice(self._table.read.history(group), HISTORY))
