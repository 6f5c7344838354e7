"""The simulated DynamoDB beside a real engine: every request goes to both, and the answers must be the same.

The index of a local engine is never behind, so its answers are compared too; rows with equal sort keys may come in
any order there, and a scan of it in any order at all.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Any

from shared.dynamo import Answer, Client
from shared.errors import AppError, TransactionCancelled
from shared.models import Item
from stream_worker.contract import Record
from tests.simulation.cloud.cloud import Cloud
from tests.simulation.cloud.connection import Connection
from tests.simulation.cloud.database import Database
from tests.simulation.cloud.expressions import Request
from tests.simulation.cloud.faults import Rates
from tests.simulation.cloud.index import Index
from tests.simulation.cloud.streams import StreamService
from tests.simulation.diary import Diary
from tests.simulation.scheduler import Scheduler


class Simulated:
    """The simulator on a day when nothing goes wrong and nobody else acts."""

    def __init__(self, table: str) -> None:
        dice, scheduler = Random(0), Scheduler(Random(0))
        diary = Diary(lambda: 0.0, lambda: "test")
        self.database = Database()
        self.streams = StreamService(table, "arn", dice, lambda: 0.0)
        index = Index(table, dice, lambda: 0.0, lag_s=0)
        self.database.watchers += [index.watch, self.streams.watch]
        cloud = Cloud(self.database, index, scheduler, dice, Rates(), lambda _kind, _operation: None, Counter(), diary)
        self.client = Client(Connection(cloud, "person", lambda: None))

    def items(self, table: str) -> list[Item]:
        """Everything in a table."""
        partitions = (self.database.partition(table, pk) for pk in self.database.partitions(table, ""))
        return [item for partition in partitions for item in partition.values()]

    def records(self) -> list[Record]:
        """Every record, shard by shard."""
        return [record for shard in self.streams.shards.values() for _, _, record in shard.records]


class Both:
    """A raw client that asks the simulator and the engine, and demands the same answer."""

    def __init__(self, simulated: Client, real: Client) -> None:
        self.met: Counter[str] = Counter()
        self._simulated = simulated
        self._real = real

    def __getattr__(self, operation: str) -> Callable[..., Answer]:
        return partial(self._ask, operation)

    def _ask(self, operation: str, **request: Any) -> Answer:
        ours, answer = _said(self._simulated, operation, request), _said(self._real, operation, request)
        assert _essence(ours, request) == _essence(answer, request), f"{operation} {request}"
        if isinstance(answer, AppError):
            self.met[f"{operation}: {type(answer).__name__}"] += 1
            raise answer
        self.met[operation] += 1
        return answer


def _said(client: Client, operation: str, request: Request) -> Answer | AppError:
    try:
        return client.call(operation, **request)
    except AppError as error:
        return error


def _essence(said: Answer | AppError, request: Request) -> object:
    """What must be equal; what no order is promised for is sorted."""
    if isinstance(said, TransactionCancelled):
        return [(reason.code, plain(reason.item)) for reason in said.reasons]
    if isinstance(said, AppError):
        return type(said), plain(getattr(said, "item", None))
    parts = [plain(said.get(part) or None) for part in ("Item", "LastEvaluatedKey", "UnprocessedKeys")]
    batches = [ordered(items) for items in said.get("Responses", {}).values() if items]
    items = said.get("Items", [])
    return parts, batches, ordered(items) if "IndexName" in request else plain(items)


def ordered(items: Iterable[Item]) -> list[Any]:
    """Items in whatever order, put into one."""
    return sorted((plain(item) for item in items), key=repr)


def plain(value: Any) -> Any:
    """With attributes by name and sets sorted."""
    if isinstance(value, dict):
        return {
            name: sorted(inner) if name in {"SS", "NS", "BS"} and isinstance(inner, list) else plain(inner)
            for name, inner in sorted(value.items())
        }
    return [plain(inner) for inner in value] if isinstance(value, list) else value
