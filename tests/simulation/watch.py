"""The invariants I1 to I9 (docs/proof.md), checked at every commit from outside: nothing here asks the worker."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from shared.keys import MESSAGE, ROW
from shared.models import Item, string
from stream_worker.contract import Record
from stream_worker.reconcile.plan import Newest, Row
from stream_worker.state import CHECKPOINTS, OPEN_LETTERS, SWEEPS
from tests.simulation.cloud.database import Change, Database
from tests.simulation.cloud.streams import StreamService
from tests.simulation.diary import Diary
from tests.simulation.ledger import Ledger

OURS = frozenset({"pk", "sk", "message", "last_message_sk", "worker_rev", "row_rev"})
"""The attributes of a row that are the worker's."""

Member = tuple[str, str]
"""(user, group)."""


class Places(Protocol):
    """Which tables, and who writes."""

    messages: str
    state: str

    @property
    def kind(self) -> str:
        """Of the actor that writes now: worker, person, original."""


class Watch:
    """Looks at every commit.

    An attribute called `added` was added without changing `row_rev`: that such a one can be lost is the documented
    limit of the promise; it is counted, and no violation.
    """

    def __init__(self, database: Database, streams: StreamService, diary: Diary, places: Places) -> None:
        self.ledger = Ledger(streams)
        self.rows: dict[Member, dict[str, Item]] = {}
        self.writes = 0
        """Commits of the workers to the messages table."""
        self.lost: set[Member] = set()
        """Whose last row a worker has taken; one that comes back is found again."""
        self.departures: Counter[str] = Counter()
        """How often a user has left a group: a list that is read meanwhile may lack it."""
        self._database = database
        self._streams = streams
        self._diary = diary
        self._places = places

    def watch(self, changes: Sequence[Change]) -> None:
        """A commit: all its changes at once."""
        if self._diary.is_told:
            self._diary.trace("wrote " + "; ".join(map(_told, changes)))
        self._watch_state([change for change in changes if change.table == self._places.state])
        mine = [change for change in changes if change.table == self._places.messages]
        if mine:
            self.ledger.note()
            self._watch_rows([change for change in mine if change.key[0].startswith(ROW)])
            self._watch_messages([change for change in mine if change.key[0].startswith(MESSAGE)])

    def newest(self, group: str) -> Newest | None:
        """The truth."""
        messages = self._database.partition(self._places.messages, MESSAGE + group)
        return Newest(max(messages), messages[max(messages)].get("message")) if messages else None

    def wrong(self) -> list[str]:
        """I3: what is wrong with the rows as they stand."""
        return [problem for member in sorted(self.rows) if (problem := self._problem(member))]

    def _problem(self, member: Member) -> str:
        (user, group), rows = member, self.rows[member]
        if len(rows) > 1:
            return f"{user}'s row of {group} stands {len(rows)} times"
        newest = self.newest(group)
        row = Row(next(iter(rows.values()), {}))
        if not rows or row.shows(newest):
            return ""
        return f"{user}'s row of {group} shows {row.shown}, not {newest.sk if newest else 'nothing'}"

    def _watch_rows(self, changes: Sequence[Change]) -> None:
        before = {member: dict(self.rows.get(member, {})) for member in _members(changes)}
        for change in changes:
            self._move(change)
        for member, old in before.items():
            self._note_loss(member, had=bool(old))
        if self._places.kind != "worker":
            self._watch_people(before)
            return
        self.writes += bool(changes)
        for change in changes:
            if change.before and change.after and _group(change.before) != _group(change.after):
                self._diary.violated("I2", f"{change.key} of {_group(change.before)} overwritten")
        for (user, group), old in before.items():
            self._compare(f"{user}'s row of {group or 'no group'}", old, self.rows[user, group])
            self._check_messages(f"{user}'s row of {group}", group, old, self.rows[user, group])

    def _note_loss(self, member: Member, *, had: bool) -> None:
        if self.rows[member]:
            self.lost.discard(member)
        elif had and self._places.kind == "worker" and member[1]:
            self.lost.add(member)

    def _watch_people(self, before: Mapping[Member, Mapping[str, Item]]) -> None:
        """I1 for our own producer: nobody gets a second row."""
        for (user, group), old in before.items():
            new = self.rows[user, group]
            self.departures[user] += not new
            if self._places.kind == "person" and len(new) > max(1, len(old)):
                self._diary.violated("I1", f"{user} got a second row of {group}")

    def _compare(self, whose: str, old: dict[str, Item], new: dict[str, Item]) -> None:
        """I1 and I4, for one member: what a worker may do to their rows."""
        if old and not new:
            self._diary.violated("I1", f"{whose} is lost")
        if len(new) > len(old):
            self._diary.violated("I1", f"{whose} was added: {len(old)} before, {len(new)} now")
        if not all(_is_among(item, old.values()) for item in new.values()):
            if all(_is_among(_without_added(item), map(_without_added, old.values())) for item in new.values()):
                self._diary.sometimes("an attribute added without row_rev was lost")
            else:
                self._diary.violated("I4", f"{whose} lost an attribute of others")
        if len(new) < len(old):
            self._diary.sometimes("duplicates removed")
        if old and new and max(map(_shown, new.values())) < max(map(_shown, old.values())):
            self._diary.sometimes("row moved back")
        if any(not string(item, "message") for item in new.values()):
            self._diary.sometimes("row blanked")

    def _check_messages(self, whose: str, group: str, old: Mapping[str, Item], new: Mapping[str, Item]) -> None:
        """I9, for one member: a worker writes what the message says just now, and leaves none that stands."""
        messages = self._database.partition(self._places.messages, MESSAGE + group)
        for row in [Row(item) for sk, item in new.items() if old.get(sk) != item]:
            blank = string(row.item, "message") == "" and row.shown not in messages
            stands = row.shown in messages and row.shows(Newest(row.shown, messages[row.shown].get("message")))
            if not blank and not stands:
                self._diary.violated("I9", f"{whose} shows what the message at {row.shown} does not say")
        left = {_shown(item) for item in old.values()} - {_shown(item) for item in new.values()}
        furthest = max(map(_shown, new.values()), default="")
        for sk in left:
            if sk > furthest and sk in messages:
                self._diary.violated("I9", f"{whose} leaves the message at {sk}, which stands")

    def _move(self, change: Change) -> None:
        user = change.key[0].removeprefix(ROW)
        if change.before:
            self.rows.setdefault((user, _group(change.before)), {}).pop(change.key[1], None)
        if change.after:
            self.rows.setdefault((user, _group(change.after)), {})[change.key[1]] = change.after

    def _watch_messages(self, changes: Sequence[Change]) -> None:
        """Nobody's message is stored twice: its name is found once."""
        for change in changes:
            if change.after and not change.before:
                self._diary.seen["message written"] += 1
                name = string(change.after, "message_uuid")
                messages = self._database.partition(self._places.messages, change.key[0]).values()
                if sum(string(message, "message_uuid") == name for message in messages) > 1:
                    self._diary.violated("I1", f"message {name} is stored twice")

    def _watch_state(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if f"#{CHECKPOINTS}#" in change.key[0]:
                self._watch_checkpoint(change.key[1], change.before or {}, change.after or {})
            elif change.key[0].endswith(OPEN_LETTERS) and not change.after:
                self._watch_settled(string(change.before or {}, "group"))

    def _watch_checkpoint(self, shard: str, before: Item, after: Item) -> None:
        """I8, and I5 for the groups whose last record it passes."""
        was, now = string(before, "sequence"), string(after, "sequence")
        if was and now and int(now) < int(was):
            self._diary.violated("I8", f"the checkpoint of {shard} goes back from {was} to {now}")
        free = self.ledger.passed(shard, now) if now else []
        if string(after, "position") == "SHARD_END" and self.ledger.left(shard):
            self._diary.violated("I8", f"{shard} is settled to its end with {self.ledger.left(shard)} records left")
        for group in free:
            self._watch_settled(group)

    def _watch_settled(self, group: str) -> None:
        """I5: nothing of the group is unsettled, so its rows are right; a letter or a sweep is a promise to look."""
        if self.ledger.unsettled[group] or self.drawer(SWEEPS):
            return
        letters = {(string(letter, "user"), string(letter, "group")) for letter in self.drawer(OPEN_LETTERS)}
        for member in [member for member in self.rows if member[1] == group and ("", group) not in letters]:
            if member not in letters and (wrong := self._problem(member)):
                self._diary.violated("I5", f"all is settled, but {wrong}")

    def drawer(self, kind: str) -> list[Item]:
        """What the consumer's state table holds of a kind."""
        return list(self._database.partition(self._places.state, f"pattern-e#{kind}").values())

    def delivered(self, shard: str, records: Sequence[Record]) -> None:
        """I8: a child is read only after its parent's end."""
        parent = self._streams.shards[shard].parent
        if records and parent in self._streams.shards and self._is_unsettled(parent):
            self._diary.violated("I8", f"{shard} is read before the end of {parent}")

    def _is_unsettled(self, shard: str) -> bool:
        item = self._database.get(self._places.state, (f"pattern-e#{CHECKPOINTS}#{self._streams.arn}", shard))
        return string(item or {}, "position") != "SHARD_END"


def _told(change: Change) -> str:
    """A change in words."""
    item = change.after or change.before or {}
    shows = f" showing {_shown(item)[11:]}" if change.key[0].startswith(ROW) else ""
    text = string(item, "message") or string(item, "position")
    what = "deleted" if change.after is None else "changed" if change.before else "new"
    return f"{what} {change.key[0]} {change.key[1]} {_group(item)} {text!r}{shows}"


def _members(changes: Iterable[Change]) -> list[Member]:
    found = {
        (change.key[0].removeprefix(ROW), _group(item)): None
        for change in changes
        for item in (change.before, change.after)
        if item
    }
    return list(found)


def _is_among(item: Item, others: Iterable[Item]) -> bool:
    return _foreign(item) in map(_foreign, others)


def _without_added(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "added"}


def _foreign(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in OURS}


def _group(item: Item) -> str:
    return string(item, "message_group_uuid")


def _shown(item: Item) -> str:
    return Row(item).shown
