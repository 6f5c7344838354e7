"""The global secondary index: every item's images arrive in their order, some time later."""

from collections import deque
from collections.abc import Callable, Sequence
from random import Random

from shared.models import Item
from tests.simulation.cloud.database import Change, Key

GROUP = "message_group_uuid"


class Index:
    """What the index shows; `lag_s` is the mean delay, `freeze` holds everything that is written meanwhile."""

    def __init__(self, table: str, dice: Random, now: Callable[[], float], lag_s: float) -> None:
        self.lag_s = lag_s
        self._table = table
        self._dice = dice
        self._now = now
        self._frozen_until = 0.0
        self._images: dict[str, dict[Key, Item]] = {}
        self._group_of: dict[Key, str] = {}
        self._waiting: dict[Key, deque[tuple[float, Item | None]]] = {}

    def freeze(self, seconds: float) -> None:
        """Nothing arrives for so long."""
        self._catch_up()
        self._frozen_until = self._now() + seconds

    def watch(self, changes: Sequence[Change]) -> None:
        """Take the changes that the index will show."""
        for change in changes:
            if change.table == self._table and (GROUP in (change.after or ()) or GROUP in (change.before or ())):
                queue = self._waiting.setdefault(change.key, deque())
                due = max(self._now(), self._frozen_until) + self._dice.expovariate(1) * self.lag_s
                queue.append((max(due, queue[-1][0]) if queue else due, change.after))

    def rows(self, group: str) -> list[Item]:
        """The rows of a group as the index shows them now, by their sort key."""
        self._catch_up()
        return sorted(self._images.get(group, {}).values(), key=lambda item: (item["sk"]["S"], item["pk"]["S"]))

    def all(self) -> list[Item]:
        """Everything, in the order of a Scan."""
        self._catch_up()
        images = [item for group in sorted(self._images) for item in self._images[group].values()]
        return sorted(images, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    @property
    def is_behind(self) -> bool:
        """Whether something is still on its way."""
        self._catch_up()
        return bool(self._waiting)

    def lacks(self, group: str) -> bool:
        """Whether it shows something else of a group than the table holds."""
        for key, queue in self._waiting.items():
            if self._group_of.get(key) == group or any(group_of(image) == group for _, image in queue):
                return True
        return False

    def _catch_up(self) -> None:
        now = self._now()
        if now < self._frozen_until:
            return
        for key, queue in list(self._waiting.items()):
            while queue and queue[0][0] <= now:
                self._show(key, queue.popleft()[1])
            if not queue:
                del self._waiting[key]

    def _show(self, key: Key, item: Item | None) -> None:
        before = self._group_of.pop(key, "")
        self._images.get(before, {}).pop(key, None)
        if group := group_of(item):
            self._group_of[key] = group
            self._images.setdefault(group, {})[key] = item or {}


def group_of(item: Item | None) -> str:
    """The group a row shows; nothing for any other item."""
    return str(item[GROUP]["S"]) if item and GROUP in item else ""
