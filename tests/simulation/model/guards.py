"""The algorithm with guards taken away: never a copy of it.

A store or a batch lets less through, or a memory trusts itself too much.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shared.models import Item
from stream_worker.contract import Batch, Processor
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Action, MessageGone, MessageStands, Newest, Remove, Rewrite, Row, RowStands
from tests.simulation.model.replay import History, Player, Script, Start, production
from tests.simulation.model.scope import Guard, Scope
from tests.simulation.model.steps import Steps

_IDENTITY = ("pk", "sk", "message_group_uuid")


def steps_without(scope: Scope, without: frozenset[Guard]) -> Steps:
    """The production worker's steps, without these guards."""

    def script(start: Start, answers: History) -> Script:
        return (
            _MessageFirst(start, answers, without) if Guard.ROWS_FIRST in without else _Weaker(start, answers, without)
        )

    def employ(store: Script, memory: Memory) -> Processor:
        handler = production(store, memory)
        return _Deaf(handler) if Guard.OWN_RECORDS in without else handler

    begins = _MessageFirst.EARLY if Guard.ROWS_FIRST in without else "rows_of"
    return Steps(scope, Player(employ, script, lambda: _Careless(without)), begins)


class _Weaker(Script):
    """A store that drops conditions."""

    def __init__(self, start: Start, answers: History, without: frozenset[Guard]) -> None:
        super().__init__(start, answers)
        self._without = without

    def commit(self, actions: Sequence[Action]) -> None:
        """See `Store`."""
        super().commit(_weaker(actions, self._without))


class _MessageFirst(_Weaker):
    """A store that reads the message before the rows, and hands it out after them."""

    EARLY = "newest, too early"

    _early: tuple[Newest | None] | None = None

    def rows_at(self, group: str, positions: Mapping[str, str]) -> Mapping[str, Row]:
        """See `Store`."""
        self._look_early()
        return super().rows_at(group, positions)

    def rows_of(self, group: str, user: str) -> list[Row]:
        """See `Store`."""
        self._look_early()
        return super().rows_of(group, user)

    def newest(self, group: str) -> Newest | None:
        """See `Store`."""
        early, self._early = self._early, None
        return early[0] if early else super().newest(group)

    def _look_early(self) -> None:
        if not self._early:
            self._early = (self.message(self.EARLY),)


@dataclass(frozen=True, slots=True)
class _Deaf:
    """A worker that hears nothing of the rows it wrote."""

    handler: Processor

    def process(self, batch: Batch) -> None:
        """See `contract.Processor`."""
        heard = tuple(record for record in batch.records if "worker_rev" not in (record.new_image or {}))
        self.handler.process(replace(batch, records=heard))


class _Careless(Memory):
    """A memory that does not ask itself whether what it remembers is still so."""

    def __init__(self, without: frozenset[Guard]) -> None:
        super().__init__()
        self._without = without

    def has_applied(self, group: str, sk: str) -> bool:
        """See `Memory`."""
        is_itself = Guard.APPLIED_BELOW in self._without and self._applied.get(group) == sk
        return is_itself or super().has_applied(group, sk)

    def unapply(self, group: str) -> None:
        """See `Memory`."""
        if Guard.UNAPPLY not in self._without:
            super().unapply(group)

    def doubt(self, group: str, newest: str) -> None:
        """See `Memory`."""
        if Guard.DOUBT not in self._without:
            super().doubt(group, newest)


def _weaker(actions: Sequence[Action], without: frozenset[Guard]) -> list[Action]:
    beside_duplicates = any(isinstance(action, RowStands) for action in actions)
    dropped: list[type[Action]] = []
    if Guard.MESSAGE_STANDS in without:
        dropped.append(MessageStands)
    if Guard.MESSAGE_GONE in without or (Guard.GONE_OF_DUPLICATES in without and beside_duplicates):
        dropped.append(MessageGone)
    if Guard.ROW_STANDS in without:
        dropped.append(RowStands)
    kept = [action for action in actions if not isinstance(action, tuple(dropped))]
    return [_any_row(action) for action in kept] if Guard.WHOLE_ROW in without else kept


def _any_row(action: Action) -> Action:
    """The same, conditioned on the group only."""
    if isinstance(action, Rewrite | Remove | RowStands):
        return replace(action, row=Row(_identity(action.row.item)))
    return action


def _identity(item: Item) -> Item:
    return {name: item[name] for name in _IDENTITY}
