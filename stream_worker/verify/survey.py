"""The first look: a walk through the table that finds whom to look at closely, in bounded memory.

A Scan returns the items of a partition together and in order, so each partition is one run of items: a user's list, a
group's roster, a group's messages. Messages are counted as they stream by; what is kept at a time are a few lists and
rosters, whose strong reads go on side by side, and the newest messages of the groups seen last.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby, islice

from shared.conversations import user_of
from shared.keys import MESSAGE, ROSTER, ROW, roster_key
from shared.models import Item, string
from stream_worker.contract import RunAll
from stream_worker.reconcile.plan import Newest, Row
from stream_worker.verify.findings import (
    Finding,
    GroupView,
    MemberView,
    add_message,
    judge,
    judge_messages,
    judge_stubs,
)
from stream_worker.verify.table import Table

PAGE = 500  # items of one Scan page: a rate is kept in steps of no more than this
TOGETHER = 32  # partitions whose strong reads go on side by side
KNOWN_GROUPS = 10_000  # groups whose newest message is remembered


@dataclass(frozen=True, slots=True)
class Scope:
    """What to look at: everything, one group, one user, one user in one group."""

    group: str = ""
    user: str = ""

    def has(self, user: str) -> bool:
        """Whether this user is looked at."""
        return not self.user or user == self.user


@dataclass(frozen=True, slots=True)
class Doubt:
    """A member who does not seem right at first sight."""

    group: str
    user: str
    newest: Newest | None
    """The group's newest message as first seen."""
    wrote: bool = False
    named: bool = False


Found = list[Doubt | Finding]


@dataclass(slots=True)
class Tally:
    """How much was seen."""

    items: int = 0
    messages: int = 0
    rows: int = 0
    groups: int = 0
    asked_for: int = 0
    """Lists, rosters and groups' messages that tell of the user who was asked for."""


class Survey:
    """One walk; `tally` counts along."""

    def __init__(self, table: Table, scope: Scope, run_all: RunAll) -> None:
        self.tally = Tally()
        self._table = table
        self._store = table.store
        self._scope = scope
        self._run_all = run_all
        self._newest = lru_cache(KNOWN_GROUPS)(table.store.newest)

    def doubts(self) -> Iterator[Doubt | Finding]:
        """Whom to look at closely; and what can be said at once."""
        looks = self._looks()
        while together := list(islice(looks, TOGETHER)):
            for found in self._run_all(together):
                yield from found
        if self._scope.group:
            yield from self._of_rows(self._scope.group)

    def _looks(self) -> Iterator[Callable[[], Found]]:
        """For each partition what is to be asked about it."""
        for pk, items in groupby(self._items(), key=lambda item: string(item, "pk")):
            if pk.startswith(MESSAGE):
                view = self._view(items)
                self._note(view.senders)
                yield partial(self._of_messages, pk.removeprefix(MESSAGE), view)
            elif pk.startswith(ROSTER):
                is_present = {string(item, "sk"): "left_at" not in item for item in items}
                self._note(is_present)
                present = {user for user, is_in in is_present.items() if is_in}
                yield partial(self._of_roster, pk.removeprefix(ROSTER), present)
            elif pk.startswith(ROW) and self._scope.has(pk.removeprefix(ROW)):
                self._note([pk.removeprefix(ROW)])
                yield partial(self._of_list, pk.removeprefix(ROW), self._by_group(items))

    def _items(self) -> Iterator[Item]:
        """The whole table, as nothing else tells who has lost a row; of one group, its messages and its roster."""
        for item in self._group_items() if self._scope.group else self._all_items():
            self.tally.items += 1
            yield item

    def _all_items(self) -> Iterator[Item]:
        return self._table.client.items("scan", TableName=self._table.name, ConsistentRead=True, Limit=PAGE)

    def _group_items(self) -> Iterator[Item]:
        for pk in (MESSAGE + self._scope.group, ROSTER + self._scope.group):
            yield from self._table.client.items(
                "query",
                TableName=self._table.name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": pk}},
                ConsistentRead=True,
            )

    def _note(self, users: Iterable[str]) -> None:
        """Whoever was asked for is somebody, right or wrong."""
        self.tally.asked_for += any(map(self._scope.has, users))

    def _view(self, messages: Iterable[Item]) -> GroupView:
        view = GroupView()
        for item in messages:
            self.tally.messages += 1
            add_message(view, item)
        self.tally.groups += 1
        return view

    def _by_group(self, items: Iterable[Item]) -> dict[str, list[Row]]:
        groups: dict[str, list[Row]] = {}
        for row in map(Row, items):
            self.tally.rows += 1
            groups.setdefault(row.group, []).append(row)
        return groups

    def _of_messages(self, group: str, view: GroupView) -> Found:
        """Who wrote, or is shown by another's row, and is neither in the roster nor has a row; what is odd."""
        odd = [] if self._scope.user else list(judge_messages(group, view))
        named = {user_of(row).uuid for row in self._table.read.index_rows(group)}  # one never wrote, the other tells
        known = {user for user in view.senders | named if user and self._scope.has(user)}
        strangers = known - set(self._store.roster(group)) if known else known
        lost = self._without_row(group, strangers)
        self._note(lost)
        doubts = (Doubt(group, user, view.newest, user in view.senders, user in named) for user in lost)
        return [*odd, *doubts]

    def _of_roster(self, group: str, present: Collection[str]) -> Found:
        """Members by the roster who have no row."""
        lost = self._without_row(group, {user for user in present if self._scope.has(user)})
        return [Doubt(group, user, self._newest(group)) for user in lost]

    def _of_list(self, user: str, groups: dict[str, list[Row]]) -> Found:
        """Rows that are not as they should be; rows of no group."""
        found: Found = [*judge_stubs(user, groups.pop("", []))]
        rosters = self._rosters(user, groups)
        for group, rows in groups.items():
            view = GroupView(newest=self._newest(group))
            if any(judge(group, user, MemberView(rows, rosters.get(group)), view)):
                found.append(Doubt(group, user, view.newest))
        return found

    def _of_rows(self, group: str) -> Iterator[Doubt]:
        """Everybody who may have a row of the one group that is looked at."""
        for user in sorted({*self._store.hints(group), *self._store.roster(group)}):
            if self._scope.has(user):
                self.tally.rows += 1
                self._note([user])
                yield Doubt(group, user, self._newest(group))

    def _rosters(self, user: str, groups: Iterable[str]) -> dict[str, Item]:
        found = self._table.get_all([roster_key(group, user) for group in groups])
        return {string(item, "pk").removeprefix(ROSTER): item for item in found}

    def _without_row(self, group: str, users: Collection[str]) -> list[str]:
        """Who of these has no row: by the index and a strong look at the place, else by the whole list."""
        if not users:
            return []
        hints = {user: sk for user, sk in self._store.hints(group).items() if user in users}
        seen = self._store.rows_at(group, hints)
        return [user for user in sorted(users) if user not in seen and not self._store.rows_of(group, user)]
