"""What one fact could be at every moment, by the writes that clients know of. Pure."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tests.nemesis.history import Outcome, What, Write

T = TypeVar("T")


@dataclass(slots=True)
class Timeline(Generic[T]):
    """The values that are possible at each moment."""

    first: frozenset[T]
    _times: list[float] = field(default_factory=list)
    _values: list[frozenset[T]] = field(default_factory=list)

    @property
    def now(self) -> frozenset[T]:
        """The latest."""
        return self._values[-1] if self._values else self.first

    def becomes(self, value: T, write: Write) -> None:
        """A write that makes it so: both while it is under way, and both from then on if nobody knows."""
        before = self.now
        self._set(write.began, before | {value})
        if write.outcome is Outcome.OK:
            self._set(write.ended, frozenset({value}))
        elif write.outcome is Outcome.REFUSED:
            self._set(write.ended, before)

    def during(self, began: float, ended: float) -> frozenset[T]:
        """All that was possible at some moment of this time."""
        start, end = bisect_right(self._times, began), bisect_right(self._times, ended)
        values = self._values[start:end]
        at_begin = self._values[start - 1] if start else self.first
        return at_begin.union(*values)

    def _set(self, at: float, values: frozenset[T]) -> None:
        self._times.append(at)
        self._values.append(values)


@dataclass(slots=True)
class Member:
    """One user in one group: whether they have a row, and what other software has written on it."""

    present: Timeline[bool] = field(default_factory=lambda: Timeline(frozenset({False})))
    mark: Timeline[str] = field(default_factory=lambda: Timeline(frozenset({""})))

    def hear(self, write: Write, user: str) -> None:
        """Take a write of the group into account."""
        if user in write.seated and self.present.now != frozenset({True}):
            self.present.becomes(True, write)  # noqa: FBT003 - they are there
            self.mark.becomes("", write)  # a new row
        elif write.what is What.LEAVE and user == write.user and self.present.now != frozenset({False}):
            self.present.becomes(False, write)  # noqa: FBT003 - they are not
        elif write.what is What.MARK and user == write.user:
            self.mark.becomes(write.text, write)
