"""What one process remembers about rows and groups: hints that save reads, never facts.

It is bounded (the least recently used entries go first), shared by threads, and dropped with the lease.
"""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class _Recent(Generic[K, V]):
    """A dict that keeps its most recently set entries."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        return self._entries.get(key)

    def set(self, key: K, value: V) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def drop(self, key: K) -> None:
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._entries.clear()


class Memory:
    """Where rows were last seen, and up to which message a group is known to be applied."""

    def __init__(self, limit: int = 100_000) -> None:
        self._lock = Lock()
        self._rows: _Recent[tuple[str, str], str] = _Recent(limit)
        self._applied: _Recent[str, str] = _Recent(limit)
        self._visits: _Recent[str, int] = _Recent(limit)
        self._visit = 0

    def row(self, group: str, user: str) -> str | None:
        """The position where this user's row of the group was last seen or written."""
        with self._lock:
            return self._rows.get((group, user))

    def saw_row(self, group: str, user: str, sk: str | None) -> None:
        """A row stands at `sk`; None: it is not where it was thought to be."""
        with self._lock:
            if sk is None:
                self._rows.drop((group, user))
            else:
                self._rows.set((group, user), sk)

    def begin(self, group: str) -> int:
        """Open a visit of the group; its number is for `applied`."""
        with self._lock:
            self._visit += 1
            self._visits.set(group, self._visit)
            return self._visit

    def applied(self, group: str, sk: str, visit: int) -> None:
        """Every roster member's row was seen, and shows the message at `sk`.

        Not noted when another visit of the group began meanwhile: the two may have seen different messages.
        """
        with self._lock:
            if self._visits.get(group) == visit:
                self._applied.set(group, sk)
            else:
                self._applied.drop(group)

    def doubt(self, group: str, newest: str) -> None:
        """The group's newest message is at `newest` (empty: it has none): whatever was applied above it is gone."""
        with self._lock:
            applied = self._applied.get(group)
            if applied is not None and applied > newest:
                self._applied.drop(group)

    def unapply(self, group: str) -> None:
        """Rows of the group moved back, were blanked, or could not be settled."""
        with self._lock:
            self._applied.drop(group)
            self._visit += 1
            self._visits.set(group, self._visit)

    def has_applied(self, group: str, sk: str) -> bool:
        """Whether the insertion of the message at `sk` can be nothing new: it is below what was applied.

        The applied message's own insertion is always looked at. It may be a second one, put after another process had
        blanked the rows in the middle of our look, which then saw the old rows and the new message agree.
        """
        with self._lock:
            applied = self._applied.get(group)
            return applied is not None and sk < applied

    def clear(self) -> None:
        """Forget everything: the lease is gone."""
        with self._lock:
            self._rows.clear()
            self._applied.clear()
            self._visits.clear()
