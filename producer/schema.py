"""Makes both tables, or says what is wrong with those that exist."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared import schema, tables
from shared.dynamo import Client
from shared.errors import NotReady, TableMissing
from shared.retry import Retry

TTL = "expires_at"

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Builder:
    """Works on the tables; `say` hears what was done."""

    client: Client
    retry: Retry
    say: Say

    def load(self, messages: str, state: str, *, enable_stream: bool) -> None:
        """Make sure of both tables; of the messages table's stream too, if `enable_stream`.

        Raises:
            TableDiffers, StreamMissing: a table that exists is not usable; nothing of it was changed.
        """
        self._messages(messages, enable_stream=enable_stream)
        schema.check_state_table(self._made(tables.WORKER_STATE, state))
        self._expire(state)

    def drop(self, name: str) -> None:
        """Delete a table with all its items, if it exists."""
        try:
            self._described(name)
            self.client.call("delete_table", TableName=name)
        except TableMissing:
            return
        self.retry.call(partial(self._gone, name))
        self.say(f"{name}: deleted")

    def _messages(self, name: str, *, enable_stream: bool) -> None:
        description = self._made(tables.MESSAGES, name)
        schema.check_messages_layout(description)
        if enable_stream and schema.stream_view(description) not in schema.USABLE_VIEWS:
            description = self._new_stream(name, schema.stream_view(description))
        schema.check_messages_table(description)

    def _made(self, kind: str, name: str) -> Mapping[str, Any]:
        try:
            description = self._described(name)
            self.say(f"{name}: exists")
        except TableMissing:
            self._create(kind, name)
            description = self._described(name)
            self.say(f"{name}: created")
        return description

    def _create(self, kind: str, name: str) -> None:
        with suppress(NotReady):  # somebody else is creating it
            self.client.call("create_table", **tables.definition(kind, name))

    def _new_stream(self, name: str, view: str | None) -> Mapping[str, Any]:
        """A stream of new images; one with another view type must be switched off first."""
        if view is not None:
            self._set_stream(name, {"StreamEnabled": False})
            self.say(f"{name}: stream of {view} switched off; the worker will sweep the table")
        self._set_stream(name, {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        self.say(f"{name}: stream of NEW_IMAGE switched on")
        return self._described(name)

    def _set_stream(self, name: str, specification: Mapping[str, Any]) -> None:
        def update() -> object:
            return self.client.call("update_table", TableName=name, StreamSpecification=specification)

        self.retry.call(update)
        self._described(name)

    def _expire(self, name: str) -> None:
        status = self.client.call("describe_time_to_live", TableName=name)["TimeToLiveDescription"]
        if status.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}:
            return
        specification = {"Enabled": True, "AttributeName": TTL}
        self.client.call("update_time_to_live", TableName=name, TimeToLiveSpecification=specification)
        self.say(f"{name}: items expire by {TTL}")

    def _described(self, name: str) -> Mapping[str, Any]:
        """The table's description as soon as it and its indexes are active."""
        return self.retry.call(partial(self._active, name))

    def _active(self, name: str) -> Mapping[str, Any]:
        description: Mapping[str, Any] = self.client.call("describe_table", TableName=name)["Table"]
        indexes = description.get("GlobalSecondaryIndexes") or ()
        states = {description["TableStatus"], *(index.get("IndexStatus", "ACTIVE") for index in indexes)}
        if states != {"ACTIVE"}:
            raise NotReady(f'"{name}" is not ready: {", ".join(sorted(states))}.')
        return description

    def _gone(self, name: str) -> None:
        try:
            self.client.call("describe_table", TableName=name)
        except TableMissing:
            return
        raise NotReady(f'"{name}" is still being deleted.')
