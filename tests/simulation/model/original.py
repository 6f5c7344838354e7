"""The original's loop as a worker: index, delete, put, and no condition on anything."""

from contextlib import suppress
from dataclasses import dataclass

from shared.errors import TransactionCancelled
from shared.keys import row_key
from stream_worker.contract import Batch
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Create, Remove, Row
from tests.fakes.table import texts
from tests.simulation.model.replay import Player, Script
from tests.simulation.model.scope import Scope
from tests.simulation.model.steps import Steps
from tests.simulation.model.world import GROUP, USER


@dataclass(frozen=True, slots=True)
class Original:
    """Kinder than it was: it reads the newest message, instead of believing the record."""

    store: Script
    memory: Memory

    def process(self, _batch: Batch) -> None:
        """See `contract.Processor`."""
        newest = self.store.newest(GROUP)
        for row in self.store.rows_of(GROUP, USER) if newest else []:
            with suppress(TransactionCancelled):  # there is nothing to delete
                self.store.commit([Remove(Row(row_key(USER, row.sk)))])
            if newest:
                shown = texts(message=newest.text, message_group_uuid=GROUP, pinned="no", last_message_sk=newest.sk)
                self.store.commit([Create({**row_key(USER, newest.sk), **shown})])


def original(scope: Scope) -> Steps:
    """The steps of such a worker."""
    return Steps(scope, Player(Original), None)
