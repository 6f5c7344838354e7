"""Dead letters: what could not be settled, kept where the checkpoint may pass it, and tried again.

A letter holds keys, group, user and the class of the error, never message text. The retrier needs no payload: it
reconciles the group, whatever has happened since. Letters about a record nobody understood have no group; they wait
for a person.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from shared.errors import AppError, Poison, Transient
from shared.keys import stamp
from shared.logging import Log
from shared.models import Item, string
from stream_worker.contract import Batch, Record
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.ports import Store
from stream_worker.state import OPEN_LETTERS, SETTLED_LETTERS, State

KEPT_AFTER_SETTLING = timedelta(days=14)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)

_LONGEST_NAME = 1024  # bytes of a sort key (AWS quota)
_LONGEST_SPELLING = 4096  # characters of what a record said of itself


@dataclass(frozen=True, slots=True)
class Letter:
    """An open dead letter; `item` is it as read."""

    item: Item

    @property
    def group(self) -> str:
        """The group to reconcile; empty for a record nobody understood."""
        return string(self.item, "group")

    @property
    def user(self) -> str:
        """The one member in trouble; empty when it is the whole group."""
        return string(self.item, "user")

    @property
    def attempts(self) -> int:
        """How often it was put."""
        return int(self.item.get("attempts", {}).get("N", "1"))

    @property
    def next_try(self) -> str:
        """When the retrier takes it up again (a time stamp)."""
        return string(self.item, "next_try")


class DeadLetters:
    """The letters of one consumer."""

    def __init__(self, state: State, clock: Callable[[], datetime], log: Log) -> None:
        self._state = state
        self._clock = clock
        self._log = log

    def put_record(self, batch: Batch, record: Record, reason: str) -> None:
        """Set aside a record nobody understands: its place in the stream and its keys."""
        said = {"stream": batch.stream, "shard": batch.shard, "sequence_number": record.sequence_number}
        place = {name: _writable(value) for name, value in said.items()}
        self._log.warning("record_dead_lettered", **place, reason=reason, next="waits for a person")
        keys = _spell(record.keys)
        self._put(
            _record_name(batch.shard, record.sequence_number, keys),
            {name: {"S": value} for name, value in {**place, "record_keys": keys}.items()},
            f"RecordUnreadable: {reason}",
        )

    def put_group(self, group: str, user: str, error: AppError) -> None:
        """Set aside a group, or one member of it."""
        error_class = type(error).__name__
        self._log.warning("group_dead_lettered", group=group, user=user, error=error_class, next="will be retried")
        self._put(_name(group, user), {"group": {"S": group}, "user": {"S": user}}, error_class)

    def open(self) -> list[Letter]:
        """The open letters."""
        return [Letter(item) for item in self._state.all(OPEN_LETTERS)]

    def settle(self, letter: Letter) -> bool:
        """Close a letter, unless it was put again since it was read."""
        expires = self._clock() + KEPT_AFTER_SETTLING
        changes: Item = {
            "settled_at": {"S": stamp(self._clock())},
            "expires_at": {"N": str(int(expires.timestamp()))},
        }
        return self._state.move(letter.item, OPEN_LETTERS, SETTLED_LETTERS, changes)

    def _put(self, name: str, facts: Item, error: str) -> None:
        """Write the letter; every put changes `rev`, so that a retrier under way does not close it."""
        before = self._state.get(OPEN_LETTERS, name)
        attempts = Letter(before).attempts + 1 if before else 1
        now = self._clock()
        delay = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)
        self._state.put(
            OPEN_LETTERS,
            name,
            {
                **facts,
                "error": {"S": error},
                "attempts": {"N": str(attempts)},
                "first_put": before["first_put"] if before else {"S": stamp(now)},
                "next_try": {"S": stamp(now + delay)},
                "rev": {"S": uuid4().hex},
            },
        )


class Retrier:
    """Reconciles what open letters name, each when its time has come."""

    def __init__(
        self, letters: DeadLetters, store: Store, reconciler: Reconciler, clock: Callable[[], datetime], log: Log
    ) -> None:
        self._letters = letters
        self._store = store
        self._reconciler = reconciler
        self._clock = clock
        self._log = log

    def run_due(self) -> None:
        """Try every letter that is due; one that fails again is due later and stops no other."""
        now = stamp(self._clock())
        letters = self._letters.open()
        self._log.debug("letters_seen", count=len(letters))
        for letter in letters:
            if letter.group and letter.next_try <= now:
                try:
                    self._try(letter)
                except (Transient, Poison) as error:
                    self._log.warning("dead_letter_kept", group=letter.group, error=str(error), next="tried again soon")

    def _try(self, letter: Letter) -> None:
        try:
            self.retry(letter)
        except (Transient, Poison) as error:
            self._letters.put_group(letter.group, letter.user, error)

    def retry(self, letter: Letter) -> bool:
        """Reconcile one letter's group from the table as it is; whether the letter is closed now.

        Raises:
            Transient: it did not work this time; the letter stays.
        """
        users = [letter.user] if letter.user else None
        if letter.user:  # it may be here because its roster item could not be put
            self._store.ensure_roster(letter.group, letter.user)
        outcome = self._reconciler.reconcile(letter.group, users)
        for user, error in outcome.failed.items():
            self._letters.put_group(letter.group, user, error)
        if letter.user in outcome.failed:
            return False
        settled = self._letters.settle(letter)
        if settled:
            self._log.info("dead_letter_settled", group=letter.group, user=letter.user, attempts=letter.attempts)
        return settled


def _name(group: str, user: str) -> str:
    """A sort key of at most 1,024 bytes that no other group and user share."""
    name = f"group#{group}#{user}"
    if "#" not in group and len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"group-hash#{_hash(group, user)}"


def _record_name(shard: str, number: str, keys: str) -> str:
    """A sort key for a record; one that does not say its place is told from others by its keys."""
    name = f"record#{shard}#{number}"
    if number and name.isascii() and len(name) <= _LONGEST_NAME:
        return name
    return f"record-hash#{_hash(shard, number, keys)}"


def _hash(*parts: str) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()


def _spell(keys: object) -> str:
    """A record's keys as far as they can be told: the letter is written whatever they are."""
    try:
        return repr(keys)[:_LONGEST_SPELLING]
    except (RecursionError, ValueError):  # nested without end; a number of thousands of digits
        return type(keys).__name__


def _writable(said: str) -> str:
    """A text that a table takes: not too long, no half of a surrogate pair in it."""
    return said[:_LONGEST_SPELLING].encode(errors="backslashreplace").decode()
