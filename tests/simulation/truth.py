"""What a worker's commit may say at its very moment, whatever is mended later; the model check asks the same."""

from collections.abc import Sequence

from shared.keys import MESSAGE, ROW
from shared.models import Item, string
from stream_worker.reconcile.plan import Newest, Row
from tests.simulation.cloud.database import Change
from tests.simulation.world import World


class Truth:
    """I9: a row is made to show what its message says, and leaves a message only when that is gone."""

    def __init__(self, world: World) -> None:
        self._world = world

    def watch(self, changes: Sequence[Change]) -> None:
        """A commit, after `Watch` has taken its rows."""
        if self._world.kind != "worker":
            return
        for change in changes:
            if change.table == self._world.messages and change.key[0].startswith(ROW):
                self._written(change.after)
                self._left(change.before)

    def _written(self, row: Item | None) -> None:
        if row is None or not string(row, "message"):
            return
        message = self._message(row)
        if message is None or not Row(row).shows(Newest(Row(row).shown, message.get("message"))):
            self._world.diary.violated("I9", f"{_whose(row)} was made to show what its message does not say")

    def _left(self, row: Item | None) -> None:
        if row is None or not string(row, "message"):
            return
        standing = self._world.watch.rows.get((Row(row).user, Row(row).group), {}).values()
        now = max((Row(item).shown for item in standing if string(item, "message")), default="")
        if Row(row).shown > now and self._message(row):
            self._world.diary.violated("I9", f"{_whose(row)} left a message that stands")

    def _message(self, row: Item) -> Item | None:
        return self._world.database.get(self._world.messages, (MESSAGE + Row(row).group, Row(row).shown))


def _whose(row: Item) -> str:
    return f"{Row(row).user}'s row of {Row(row).group}"
