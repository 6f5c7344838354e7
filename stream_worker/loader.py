"""Fills a scratch table from a tape: what the records show is put and deleted, whatever stands there."""

from base64 import b64decode
from functools import partial
from typing import Any

from shared.dynamo import Client
from shared.errors import RecordUnreadable, RequestRefused
from shared.models import Item
from shared.retry import Retry
from stream_worker.contract import Batch, RunAll
from stream_worker.tape import last_states

_LEVELS = 33  # DynamoDB nests values 32 deep


class Loader:
    """Writes the last state of each item that a batch shows."""

    def __init__(self, client: Client, table: str, retry: Retry, run_all: RunAll) -> None:
        self._client = client
        self._table = table
        self._retry = retry
        self._run_all = run_all
        self.refused = 0
        """Items that no table would hold; their records are delivered all the same."""

    def load(self, batch: Batch) -> None:
        """Bring the table to where it was, as far as the batch shows.

        Raises:
            Transient: a write did not work for a while.
        """
        writes = [partial(self._write, keys, image) for keys, image in last_states(batch)]
        self.refused += self._run_all(writes).count(False)

    def _write(self, keys: Item, image: Item | None) -> bool:
        try:
            self._retry.call(partial(self._put_or_delete, keys, image))
        except (RecordUnreadable, RequestRefused):
            return False
        return True

    def _put_or_delete(self, keys: Item, image: Item | None) -> None:
        if image is None:
            self._client.call("delete_item", TableName=self._table, Key=parsed(keys))
        else:
            self._client.call("put_item", TableName=self._table, Item=parsed(image))


def parsed(item: Item) -> Item:
    """An item as boto3 wants it: binary values as bytes.

    Raises:
        RecordUnreadable: a binary value is no base64, or values are nested deeper than in any item.
    """
    try:
        return {name: _parsed(value, _LEVELS) for name, value in item.items()}
    except (ValueError, TypeError) as error:
        raise RecordUnreadable("A binary value is no base64, or values are nested too deep.") from error


def _parsed(value: Any, levels: int) -> Any:
    if not levels:
        raise ValueError
    match value:
        case {"B": str(encoded)}:
            return {"B": b64decode(encoded, validate=True)}
        case {"BS": [*encoded]}:
            return {"BS": [b64decode(one, validate=True) for one in encoded]}
        case {"L": [*values]}:
            return {"L": [_parsed(inner, levels - 1) for inner in values]}
        case {"M": dict(values)}:
            return {"M": {name: _parsed(inner, levels - 1) for name, inner in values.items()}}
        case _:
            return value
