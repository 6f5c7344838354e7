"""The bootcamp's Pattern E, as the Lambda does it: query the index, delete the row, put another; no conditions."""

from shared.dynamo import Client, Clients
from shared.errors import Transient
from shared.keys import INDEX, MESSAGE, row_key
from shared.models import Item, string
from shared.retry import Retry
from stream_worker.assembly import Surroundings
from stream_worker.contract import Batch, Gap, Record, Work
from tests.simulation.world import World

_KEPT = ("message_group_uuid", "user_uuid", "user_display_name", "user_handle")


class Original:
    """`contract.Processor`, by somebody who has not met an accident yet."""

    def __init__(self, client: Client, table: str) -> None:
        self._client = client
        self._table = table

    def process(self, batch: Batch) -> None:
        """Record by record; an error makes the batch come again, as Lambda's event source does."""
        for record in batch.records:
            self.apply(record)

    def apply(self, record: Record) -> None:
        """Only new messages count for it."""
        pk = string(record.keys, "pk")
        if record.kind == "INSERT" and pk.startswith(MESSAGE) and record.new_image:
            for row in self._rows(pk.removeprefix(MESSAGE)):
                self._move(row, string(record.keys, "sk"), string(record.new_image, "message"))

    def _rows(self, group: str) -> list[Item]:
        answer = self._client.call(
            "query",
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression="message_group_uuid = :g",
            ExpressionAttributeValues={":g": {"S": group}},
        )
        rows: list[Item] = answer["Items"]
        return rows

    def _move(self, row: Item, sk: str, text: str) -> None:
        self._client.call("delete_item", TableName=self._table, Key={"pk": row["pk"], "sk": row["sk"]})
        kept = {name: row[name] for name in _KEPT if name in row}
        moved = row_key(string(row, "pk").removeprefix("GRP#"), sk) | kept | {"message": {"S": text}}
        self._client.call("put_item", TableName=self._table, Item=moved)


class Nothing:
    """Upkeep of somebody who keeps nothing up."""

    def step(self) -> float:
        """See `Upkeep`."""
        return 60.0


def original(world: World, clients: Clients, _retry: Retry, _around: Surroundings) -> Work:
    """The original under our drivers: a contender."""
    return Work(Original(clients.dynamodb, world.messages), _no_gap, Nothing(), lambda: None)


def haunt(world: World, seconds: float) -> None:
    """The Lambda works on the table beside our workers, for a while."""
    lambda_ = Original(Client(world.connection("original")), world.messages)
    place = {shard: len(known.records) for shard, known in world.streams.shards.items()}
    until = world.scheduler.now + seconds
    while world.scheduler.now < until and not world.is_quiet:
        for shard in list(world.streams.shards.values()):
            seen = place.get(shard.id, 0)
            for due, _, record in shard.records[seen:]:
                if due > world.scheduler.now:
                    break
                _try(world, lambda_, record)
                place[shard.id] = place.get(shard.id, 0) + 1
        world.scheduler.sleep(0.05)


def _try(world: World, lambda_: Original, record: Record) -> None:
    """A Lambda that fails is called again, or never."""
    for _ in range(2):
        try:
            lambda_.apply(record)
        except Transient:
            world.diary.seen["the original failed"] += 1
        else:
            return


def _no_gap(stream: str, gap: Gap) -> None:
    """It never noticed any."""
