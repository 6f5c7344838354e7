"""Moving in from the bootcamp's Lambda while people write, and back: docs/migrate.md as a test."""

import json
import random
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

import pytest

from producer import membership, messages
from producer.chat import Chat
from shared.dynamo import Clients
from shared.errors import NotAMember
from shared.keys import message_key, stamp
from shared.models import User, string
from shared.retry import Retry
from stream_worker import assembly
from stream_worker.reconcile.plan import Row
from tests.acceptance.original import EventSourceMapping, Original
from tests.acceptance.stack import Stack, wait_until
from tests.fakes.table import at, texts

USERS = [f"user-{n}" for n in range(6)]
GROUPS = {f"{one}-{other}": (one, other) for one in USERS for other in USERS if one < other}
UNANSWERED = ("user-0-user-1", "user-0-user-2")  # to user-0, who never wrote there
EDITED = "user-3-user-4"
QUIET = (*UNANSWERED, EDITED)  # nobody goes on there
MEMBERS = [(group, user) for group, pair in GROUPS.items() for user in pair]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Town:
    """A table that the original made, the people who write to it, and its Lambda."""

    def __init__(self, stack: Stack, clients: Clients) -> None:
        self.stack = stack
        self.chat = Chat(clients.dynamodb, stack.settings.message_table, Retry(Event()))
        self.store = assembly.store_of(clients, stack.settings)
        self.original = Original(clients, self.chat.table, GROUPS, killed_every=40)
        self.mapping = EventSourceMapping(clients, self.chat.table, self.original.apply)
        self._dice = random.Random(4711)
        self._written: set[tuple[str, str]] = set()

    def found(self) -> None:
        """Rows for everybody, messages from nearly everybody, most groups two and two on the same time stamps."""
        for number, (group, pair) in enumerate(GROUPS.items()):
            moment = number if group in QUIET else 50 + number // 2
            self.original.create(group, at(moment))
            for day, user in enumerate(pair[1:] if group in UNANSWERED else pair, start=1):
                self._put(group, at(100 * day + moment), user)

    def talk(self, count: int) -> None:
        """Every second message is put as the bootcamp's API puts it, the others are our producer's."""
        for number in range(count):
            group = self._dice.choice([group for group in GROUPS if group not in QUIET])
            sender = self._dice.choice(GROUPS[group])
            if number % 2:
                self._put(group, stamp(datetime.now(UTC)), sender)
                continue
            with suppress(NotAMember):  # their row is lost, or between the Lambda's two calls
                sent = messages.send(self.chat, group, User(sender, sender, sender), f"number {number}")
                self._note(group, sent.created_at)

    def trip_the_lambda(self) -> None:
        """An old message is edited; two people write to user-0 in the same microsecond: one row falls on the other."""
        author = GROUPS[EDITED][0]
        oldest = next(iter(self.chat.read.history(EDITED, newest_first=False)))
        messages.edit(self.chat, EDITED, User(author, author, author), "edited", oldest.created_at)
        moment = stamp(datetime.now(UTC))
        for group in UNANSWERED:
            self._put(group, moment, GROUPS[group][1])

    def wait_for_the_lambda(self) -> None:
        """Until it has been handed all that was written."""
        wait_until(lambda: self._written <= self.mapping.seen, "the Lambda")

    def wait_until_right(self) -> None:
        """Until nothing is wrong but what is lost."""
        wait_until(lambda: {what for _, what in self.findings()} <= {"missing"}, "the rows")

    def findings(self) -> list[tuple[str, str]]:
        """Who, and what is wrong or suspect about them at this moment."""
        found = self.stack.verify(patience_s=0)["findings"]
        return [(f"{one['group']} {one['user']}", one["what"]) for one in found if one["grade"] != "odd"]

    def rows(self, groups: Collection[str] = GROUPS.keys()) -> dict[str, list[Row]]:
        """Each member's rows of these groups."""
        return {f"{group} {user}": self.store.rows_of(group, user) for group, user in MEMBERS if group in groups}

    def lost(self) -> set[str]:
        """Members without a row."""
        return {member for member, rows in self.rows().items() if not rows}

    def pin(self, groups: Collection[str] = GROUPS.keys(), **more: str) -> set[str]:
        """Software of somebody's adds an attribute to rows; with a `row_rev`, if it knows the rules. To which."""
        rows = self.rows(groups)
        for row in [row for found in rows.values() for row in found]:
            self.chat.client.call("put_item", TableName=self.chat.table, Item=row.item | texts(pinned="yes", **more))
        return {member for member, found in rows.items() if found}

    def pinned(self) -> set[str]:
        """Members whose row has that attribute."""
        return {member for member, found in self.rows().items() if any("pinned" in row.item for row in found)}

    def restore(self, *options: str) -> list[tuple[str, str]]:
        """What `repair --restore-lost` does, or would do: to whom, and what comes of it."""
        _, out, err = self.stack.run("stream-worker", "repair", "--restore-lost", "--json", "--patience", "0", *options)
        assert out, err
        return [(f"{one['group']} {one['user']}", one["result"]) for one in json.loads(out)["repairs"]]

    def assert_right(self) -> None:
        """Each member has one row, which shows the newest message and the other member; verify says the same."""
        for group, user in MEMBERS:
            [row] = self.store.rows_of(group, user)
            assert row.shows(self.store.newest(group))
            assert {user, string(row.item, "user_uuid")} == set(GROUPS[group])
        report = self.stack.verify()
        assert (report["wrong"], report["suspect"]) == (0, 0), report["findings"]

    def _put(self, group: str, sk: str, sender: str) -> None:
        self.original.write(group, sk, sender)
        self._note(group, sk)

    def _note(self, group: str, sk: str) -> None:
        key = message_key(group, sk)
        self._written.add((string(key, "pk"), string(key, "sk")))


@pytest.fixture
def town(stack: Stack, clients: Clients) -> Town:
    """A table of the original's; the Lambda is switched off, and will begin at the beginning."""
    town = Town(stack, clients)
    town.found()
    return town


def test_the_worker_takes_over_on_a_live_table(town: Town) -> None:
    """The Lambda alone does damage; both at once, then the worker alone: right but for lost rows, which come back."""
    with town.mapping:
        town.talk(40)
        town.trip_the_lambda()
        town.talk(2)
        town.wait_for_the_lambda()
        assert {"stale", "missing"} <= {what for _, what in town.findings()}
        quiet = town.pin(QUIET)

        worker = town.stack.worker()
        town.talk(40)
        worker.wait_for("sweep_done")
        town.talk(40)
        town.wait_for_the_lambda()
        town.talk(10)  # and it is switched off in the middle of its work
    assert town.mapping.failures
    town.talk(20)
    town.wait_until_right()
    assert quiet <= town.pinned()

    pinned = town.pin(row_rev="theirs")
    town.talk(20)
    town.wait_until_right()
    lost = town.lost()
    assert lost & {f"{group} user-0" for group in UNANSWERED}
    assert {member for member, _ in town.findings()} == lost
    assert town.restore() == [(member, "to do") for member in sorted(lost)]
    assert town.restore("--apply") == [(member, "done") for member in sorted(lost)]
    town.assert_right()
    assert town.pinned() == pinned


def test_back_to_the_lambda_and_forward_again(town: Town) -> None:
    """What the worker wrote is nothing special to the Lambda; when the worker comes back, it needs no sweep."""
    worker = town.stack.worker()
    worker.wait_for("sweep_done")
    town.talk(20)
    with town.mapping:  # it is handed all that was written since the table was made
        town.wait_for_the_lambda()
        town.wait_until_right()
        town.pin(row_rev="theirs")
        assert worker.terminate() == 0
        town.talk(40)
        town.trip_the_lambda()
        town.talk(2)
        town.wait_for_the_lambda()
    assert {"stale", "missing"} <= {what for _, what in town.findings()}
    assert len(town.pinned()) < len(MEMBERS)  # it drops what it does not know

    worker = town.stack.worker()
    town.wait_until_right()
    assert not worker.has_said("sweep_owed")
    town.restore("--apply")
    town.assert_right()


def test_a_leave_between_the_calls_of_the_lambda(town: Town) -> None:
    """Whoever leaves then has a row again: `verify` calls it a ghost, `repair` removes it."""
    rows = town.original.rows(EDITED)
    membership.leave(town.chat, EDITED, User("user-3", "user-3", "user-3"))
    for row in rows:
        town.original.move(row, EDITED, at(900), "too late")
    assert (f"{EDITED} user-3", "ghost") in town.findings()
    assert (f"{EDITED} user-3", "done") in town.restore("--apply")
    assert f"{EDITED} user-3" in town.lost()
    assert town.findings() == []
