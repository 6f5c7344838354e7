"""The rows as they stand, and what a commit may do to them: I1, I2, I4, I9."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from shared.keys import MESSAGE, ROSTER, ROW
from shared.models import Item, string
from tests.simulation import truth
from tests.simulation.cloud.database import Change, Database
from tests.simulation.diary import Diary

Member = tuple[str, str]
"""(user, group)."""


class Rows:
    """Every member's rows."""

    def __init__(self, database: Database, table: str, diary: Diary) -> None:
        self.by_member: dict[Member, dict[str, Item]] = {}
        self.lost: set[Member] = set()
        """Whose last row was taken by somebody who may not; one that comes back is found again."""
        self.departures: Counter[str] = Counter()
        """How often a user has left a group: a list that is read meanwhile may lack it."""
        self._meddled: set[tuple[Member, str]] = set()
        """Rows that were put where they stand by neither our worker nor our producer."""
        self._database = database
        self._table = table
        self._diary = diary

    def messages(self, group: str) -> truth.Messages:
        """The truth."""
        return self._database.partition(self._table, MESSAGE + group)

    def problem(self, member: Member) -> str:
        """I3: what is wrong with a member's row as it stands."""
        (user, group), rows = member, list(self.by_member.get(member, {}).values())
        if len(rows) > 1:
            return f"{user}'s row of {group} stands {len(rows)} times"
        if not rows:
            return ""
        what = truth.fault_of(rows[0], self.messages(group))
        if not what and (member, string(rows[0], "sk")) not in self._meddled and truth.is_astray(rows[0]):
            what = f"shows {truth.shown(rows[0])} and stands at {string(rows[0], 'sk')}"
        return f"{user}'s row of {group} {what}" if what else ""

    def watch(self, kind: str, changes: Sequence[Change]) -> None:
        """A commit, by this kind of actor."""
        mine = [change for change in changes if change.key[0].startswith(ROW)]
        before = {member: dict(self.by_member.get(member, {})) for member in _members(mine)}
        for change in mine:
            self._move(change)
        leavers = {member for change in changes if (member := _leaver(change))}
        entered = {member for change in changes if (member := _entered(change))}
        for member, old in before.items():
            self._note(kind, member, old, has_left=member in leavers)
            self._watch_count(kind, member, len(old), is_entered=member in entered)
        if kind in {"worker", "person"}:
            self._watch_keys(mine)
        for member, old in before.items() if kind == "worker" else ():
            self._watch_member(member, old, self.by_member[member])

    def _note(self, kind: str, member: Member, old: Mapping[str, Item], *, has_left: bool) -> None:
        (user, group), new = member, self.by_member[member]
        ours = kind in {"worker", "person"}
        put = {(member, sk) for sk in set(new) - set(old)}
        self._meddled = self._meddled - put if ours else self._meddled | put
        self.departures[user] += not new and kind != "worker"
        if new or not group:
            self.lost.discard(member)
        elif old and ours and not has_left:
            self.lost.add(member)
            self._diary.violated("I1", f"{user}'s row of {group} is lost")

    def _watch_count(self, kind: str, member: Member, before: int, *, is_entered: bool) -> None:
        """I1: nobody of us adds a second row; one that no roster knows was put by others, and can be overlooked."""
        (user, group), now = member, len(self.by_member[member])
        if kind not in {"worker", "person"} or now <= max(before, kind == "person"):
            return
        if kind == "person" and is_entered:
            self._diary.sometimes("a row that no roster knew was doubled")
        else:
            self._diary.violated("I1", f"{user}'s row of {group} was added: {before} before, {now} now")

    def _watch_keys(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if change.before and change.after and truth.group_of(change.before) != truth.group_of(change.after):
                self._diary.violated("I2", f"{change.key} of {truth.group_of(change.before)} overwritten")

    def _watch_member(self, member: Member, old: Mapping[str, Item], new: Mapping[str, Item]) -> None:
        """I4 and I9: what a worker has made of a member's rows."""
        (user, group), messages = member, self.messages(member[1])
        whose = f"{user}'s row of {group}"
        for sk, row in new.items():
            if not truth.has_kept(row, old.values()):
                self._watch_attributes(whose, row, old.values())
            if old.get(sk) != row and not truth.is_true(row, messages):
                self._diary.violated("I9", f"{whose} shows what the message at {truth.shown(row)} does not say")
        furthest = max(map(truth.shown, new.values()), default="")
        for sk in sorted({truth.shown(row) for row in old.values()}):
            if sk > furthest and sk in messages:
                self._diary.violated("I9", f"{whose} leaves the message at {sk}, which stands")
        self._count(old, new, furthest)

    def _watch_attributes(self, whose: str, row: Item, old: Iterable[Item]) -> None:
        if truth.has_lost_added(row, old):
            self._diary.sometimes("an attribute added without row_rev was lost")
        else:
            self._diary.violated("I4", f"{whose} lost an attribute of others")

    def _count(self, old: Mapping[str, Item], new: Mapping[str, Item], furthest: str) -> None:
        if len(new) < len(old):
            self._diary.sometimes("duplicates removed")
        if old and furthest < max(map(truth.shown, old.values())):
            self._diary.sometimes("row moved back")
        if any(not string(row, "message") for row in new.values()):
            self._diary.sometimes("row blanked")

    def _move(self, change: Change) -> None:
        user = change.key[0].removeprefix(ROW)
        if change.before:
            self.by_member.setdefault((user, truth.group_of(change.before)), {}).pop(change.key[1], None)
        if change.after:
            self.by_member.setdefault((user, truth.group_of(change.after)), {})[change.key[1]] = change.after


def _leaver(change: Change) -> Member | None:
    """Whom a change of the roster marks as gone."""
    if change.key[0].startswith(ROSTER) and change.after and "left_at" in change.after:
        return change.key[1], change.key[0].removeprefix(ROSTER)
    return None


def _entered(change: Change) -> Member | None:
    """Whom a change of the roster enters, who was not in it or had left."""
    is_known = change.before is not None and "left_at" not in change.before
    if change.key[0].startswith(ROSTER) and change.after and "left_at" not in change.after and not is_known:
        return change.key[1], change.key[0].removeprefix(ROSTER)
    return None


def _members(changes: Iterable[Change]) -> list[Member]:
    items = [(change.key[0], item) for change in changes for item in (change.before, change.after) if item]
    return list({(pk.removeprefix(ROW), truth.group_of(item)): None for pk, item in items})
