"""The invariants I1 to I9 (docs/proof.md), checked from outside at every commit: nothing here asks the worker."""

from collections.abc import Sequence
from typing import Protocol

from shared.keys import MESSAGE, ROW
from shared.models import Item, string
from stream_worker.contract import Record
from stream_worker.state import CHECKPOINTS, OPEN_LETTERS, SWEEPS
from tests.simulation import truth
from tests.simulation.cloud.database import Change, Database
from tests.simulation.cloud.streams import StreamService
from tests.simulation.diary import Diary
from tests.simulation.ledger import Ledger
from tests.simulation.rows import Rows

END = "SHARD_END"


class Places(Protocol):
    """Which tables, and who writes."""

    messages: str
    state: str

    @property
    def kind(self) -> str:
        """Of the actor that writes now: worker, person (our producer), original, other."""


class Watch:
    """Looks at every commit."""

    def __init__(self, database: Database, streams: StreamService, diary: Diary, places: Places) -> None:
        self.ledger = Ledger(streams)
        self.rows = Rows(database, places.messages, diary)
        self.writes = 0
        """Commits of the workers to the messages table."""
        self._stored: set[str] = set()
        self._database = database
        self._streams = streams
        self._diary = diary
        self._places = places

    def watch(self, changes: Sequence[Change]) -> None:
        """A commit: all its changes at once."""
        if self._diary.is_told:
            self._diary.trace("wrote " + "; ".join(map(_told, changes)))
        mine = [change for change in changes if change.table == self._places.messages]
        if mine:
            self.ledger.note()
            self.writes += self._places.kind == "worker"
            self.rows.watch(self._places.kind, mine)
            for change in mine:
                self._watch_message(change)
        for change in changes:
            if change.table == self._places.state:
                self._watch_state(change)

    def wrong(self) -> list[str]:
        """I3: what is wrong with the rows as they stand."""
        return [problem for member in sorted(self.rows.by_member) if (problem := self.rows.problem(member))]

    def acknowledged(self, uuid: str) -> None:
        """I1: whoever is told that a message is stored can rely on it."""
        if uuid not in self._stored:
            self._diary.violated("I1", f"message {uuid} was acknowledged and never stored")

    def _watch_message(self, change: Change) -> None:
        """I1: a message is stored once, and never replaced by another."""
        if not change.key[0].startswith(MESSAGE) or not change.after:
            return
        name, was = string(change.after, "message_uuid"), string(change.before or {}, "message_uuid")
        self._stored.add(name)
        if change.before and was != name:
            self._diary.violated("I1", f"message {was} was overwritten by {name}")
        if not change.before:
            self._diary.seen["message written"] += 1
            messages = self._database.partition(self._places.messages, change.key[0]).values()
            if sum(string(message, "message_uuid") == name for message in messages) > 1:
                self._diary.violated("I1", f"message {name} is stored twice")

    def _watch_state(self, change: Change) -> None:
        if f"#{CHECKPOINTS}#" in change.key[0]:
            self._watch_checkpoint(change.key[1], change.before or {}, change.after or {})
        elif change.key[0].endswith(OPEN_LETTERS) and not change.after:
            self._watch_settled(string(change.before or {}, "group"))
        elif change.key[0].endswith(SWEEPS):
            self._watch_sweep(change.before or {}, change.after or {})

    def _watch_sweep(self, before: Item, after: Item) -> None:
        """A sweep is owed, goes on, or is done."""
        if string(after, "rev") != string(before, "rev") and after:
            self.ledger.owed(self._streams.now())
        for group in [] if after else sorted({group for _, group in self.rows.by_member}):
            self._watch_settled(group)

    def _watch_checkpoint(self, shard: str, before: Item, after: Item) -> None:
        """I8, and I5 for the groups whose last record it passes."""
        was, now = string(before, "sequence"), string(after, "sequence")
        known = self._streams.shards.get(shard)
        if was and now and int(now) < int(was):
            self._diary.violated("I8", f"the checkpoint of {shard} goes back from {was} to {now}")
        if was and not now and known and not known.trimmed:
            self._diary.violated("I8", f"the checkpoint of {shard} is forgotten at {was}")
        if known and string(before, "position") == END and string(after, "position") != END:
            self._diary.violated("I8", f"{shard} had ended, and is read again")
        free = self.ledger.passed(shard, now) if now else []
        if string(after, "position") == END and self.ledger.left(shard):
            self._diary.violated("I8", f"{shard} is settled to its end with {self.ledger.left(shard)} records left")
        for group in free:
            self._watch_settled(group)

    def _watch_settled(self, group: str) -> None:
        """I5: nothing of the group is unsettled, so its rows are right; a letter or a sweep is a promise to look."""
        if self.ledger.unsettled[group] or group in self.ledger.lost or self.drawer(SWEEPS):
            return
        self._diary.seen["all of a group was settled"] += 1
        letters = {(string(letter, "user"), string(letter, "group")) for letter in self.drawer(OPEN_LETTERS)}
        for user, of in [member for member in self.rows.by_member if member[1] == group]:
            if not {(user, of), ("", of)} & letters and (wrong := self.rows.problem((user, of))):
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
        return string(item or {}, "position") != END


def _told(change: Change) -> str:
    """A change in words."""
    item = change.after or change.before or {}
    shows = f" showing {truth.shown(item)[11:]}" if change.key[0].startswith(ROW) else ""
    text = string(item, "message") or string(item, "position")
    what = "deleted" if change.after is None else "changed" if change.before else "new"
    return f"{what} {change.key[0]} {change.key[1]} {truth.group_of(item)} {text!r}{shows}"
