"""The walk through the table, and the second look before anybody is accused."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event

from shared.dynamo import Client
from shared.keys import MESSAGE, ROSTER, ROW, roster_key
from shared.models import Item, string
from stream_worker.reconcile.plan import Row
from stream_worker.store import DynamoStore
from stream_worker.verify.findings import Finding, Grade, GroupView, MemberView, add_message, judge, judge_messages

LOOK_AGAIN_S = 0.5


@dataclass(slots=True)
class Survey:
    """What one walk through the table saw."""

    groups: dict[str, GroupView] = field(default_factory=lambda: defaultdict(GroupView))
    members: dict[tuple[str, str], MemberView] = field(default_factory=lambda: defaultdict(MemberView))
    stubs: list[Item] = field(default_factory=list)
    items: int = 0
    messages: int = 0
    rows: int = 0

    def add(self, item: Item) -> None:
        """Count one item of the table."""
        self.items += 1
        pk = string(item, "pk")
        if pk.startswith(MESSAGE):
            self.messages += 1
            add_message(self.groups[pk.removeprefix(MESSAGE)], item)
        elif pk.startswith(ROSTER):
            self.members[pk.removeprefix(ROSTER), string(item, "sk")].roster = item
        elif pk.startswith(ROW):
            self._add_row(Row(item))

    def findings(self) -> Iterator[Finding]:
        """Everything that can be said about what was seen."""
        for group, user in {*self.members, *((g, u) for g, view in self.groups.items() for u in view.senders if u)}:
            yield from judge(group, user, self.members[group, user], self.groups[group])
        for group, view in list(self.groups.items()):
            yield from judge_messages(group, view)
        for item in self.stubs:
            yield Finding(Grade.WRONG, "ghost", "", Row(item).user, f"a row without a group at {string(item, 'sk')}")

    def _add_row(self, row: Row) -> None:
        self.rows += 1
        if row.group:
            self.members[row.group, row.user].rows.append(row)
        else:
            self.stubs.append(row.item)


@dataclass(frozen=True, slots=True)
class Report:
    """The result: findings that lasted, and how much was looked at."""

    findings: list[Finding]
    messages: int
    rows: int
    groups: int

    def count(self, grade: Grade) -> int:
        """How many findings of one grade."""
        return sum(finding.grade is grade for finding in self.findings)


class Verifier:
    """Walks the whole table once, then looks at what seemed wrong until it is right or patience ends."""

    def __init__(self, client: Client, table: str, store: DynamoStore, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._table = table
        self._store = store
        self._monotonic = monotonic

    def verify(self, patience_s: float, on_item: Callable[[int], object] = lambda _: None) -> Report:
        """Findings on the whole table.

        Args:
            patience_s: how long a row that seems wrong may take to become right (the worker may be behind).
            on_item: told the number of items seen, for progress.
        """
        survey = Survey()
        for item in self._client.items("scan", TableName=self._table, ConsistentRead=True):
            survey.add(item)
            on_item(survey.items)
        findings = list(survey.findings())
        wrong = [finding for finding in findings if finding.grade is Grade.WRONG]
        calm = [finding for finding in findings if finding.grade is not Grade.WRONG]
        lasting = self._look_again(wrong, survey, patience_s)
        order = sorted([*lasting, *calm], key=lambda f: (list(Grade).index(f.grade), f.group, f.user, f.what))
        return Report(order, survey.messages, survey.rows, len(survey.groups))

    def _look_again(self, wrong: list[Finding], survey: Survey, patience_s: float) -> list[Finding]:
        """The worker may have been on its way: what is wrong must still be wrong when patience ends."""
        until = self._monotonic() + patience_s
        pairs = {(f.group, f.user): survey.groups[f.group] for f in wrong if f.group}
        stubs = [finding for finding in wrong if not finding.group]
        lasting: dict[tuple[str, str], list[Finding]] = {}
        while pairs:
            lasting = {pair: found for pair, first in pairs.items() if (found := self._still_wrong(*pair, first))}
            pairs = {pair: pairs[pair] for pair in lasting}
            if not pairs or self._monotonic() >= until:
                break
            Event().wait(LOOK_AGAIN_S)
        return [*stubs, *(finding for found in lasting.values() for finding in found)]

    def _still_wrong(self, group: str, user: str, first: GroupView) -> list[Finding]:
        """Look at one member with strong reads; a row that has passed what was newest at first is on its way."""
        rows = self._store.rows_of(group, user)
        now = GroupView(newest=self._store.newest(group), senders=first.senders)
        key = roster_key(group, user)
        roster = self._client.call("get_item", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        found = [f for f in judge(group, user, MemberView(rows, roster), now) if f.grade is Grade.WRONG]
        moving = len(rows) == 1 and first.newest and now.newest and first.newest.sk < rows[0].shown <= now.newest.sk
        return [] if moving and all(f.what in {"stale", "text"} for f in found) else found
