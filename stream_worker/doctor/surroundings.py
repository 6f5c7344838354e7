"""The checks of what the worker runs on: settings, identity, endpoints, tables, stream, clock."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from pydantic import SecretStr

from shared.dynamo import Answer, Clients, connect, credentials_in_use
from shared.errors import AccessDenied, TableMissing, Unreachable
from shared.keys import INDEX
from shared.schema import check_messages_layout, check_messages_table, check_state_table, stream_view
from shared.settings import Settings
from stream_worker.doctor.examination import Check, Verdict, fail, ok, warn
from stream_worker.state import State

SKEW_S = 2  # the Date header has whole seconds: less cannot be seen

SETTINGS, IDENTITY, ENDPOINT = "settings", "identity", "endpoint"
MESSAGES, STREAM, STATE = "messages table", "stream", "state table"


class Surroundings:
    """What the worker would find; everything is read once, when it is first asked for."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process."""
        return Settings.read()

    @cached_property
    def clients(self) -> Clients:
        """Both clients."""
        return connect(self.settings)

    @cached_property
    def messages(self) -> Answer:
        """DescribeTable's answer for the messages table."""
        return self.clients.dynamodb.call("describe_table", TableName=self.settings.message_table)

    @cached_property
    def state(self) -> State:
        """The state table, as this consumer sees it."""
        return State(self.clients.dynamodb, self.settings.state_table, self.settings.worker_name)

    @property
    def stream(self) -> str:
        """The ARN of the table's stream."""
        return str(self.messages["Table"]["LatestStreamArn"])

    def checks(self) -> list[Check]:
        """In the order in which one rests on another."""
        return [
            Check(SETTINGS, self._settings),
            Check(IDENTITY, self._identity, (SETTINGS,)),
            Check(ENDPOINT, self._endpoint, (IDENTITY,)),
            Check(MESSAGES, self._messages_table, (ENDPOINT,)),
            Check(STREAM, self._stream, (MESSAGES,)),
            Check(STATE, self._state_table, (ENDPOINT,)),
            Check("clock", self._clock_skew, (MESSAGES,)),
        ]

    def _settings(self) -> Iterator[Verdict]:
        settings = self.settings
        for name, field in type(settings).model_fields.items():
            value = getattr(settings, name)
            if value is not None:
                yield ok(f"{_variable(field.validation_alias)}={_masked(name, value)}")
        if settings.users_file is None:
            yield ok("USERS_FILE is not set: the three users that come with us")

    def _identity(self) -> Iterator[Verdict]:
        region = self.clients.dynamodb.raw.meta.region_name
        yield ok(f"region {region}, {credentials_in_use(self.settings)}")

    def _endpoint(self) -> Iterator[Verdict]:
        """Whatever is answered, an answer is what counts here."""
        for client, operation, asked in (
            (self.clients.dynamodb, "describe_table", {"TableName": self.settings.message_table}),
            (self.clients.streams, "list_streams", {"Limit": 1}),
        ):
            try:
                with suppress(TableMissing, AccessDenied):
                    client.call(operation, **asked)
            except Unreachable as error:
                yield fail(f"{error} Is it up, is AWS_ENDPOINT_URL right, is there a way to it (VPC endpoint, NAT)?")
                continue
            yield ok(f"{'streams' if client.streams else 'dynamodb'} answers at {client.raw.meta.endpoint_url}")

    def _messages_table(self) -> Iterator[Verdict]:
        table = self.messages["Table"]
        check_messages_layout(table)
        states = {table["TableStatus"], *(index.get("IndexStatus", "ACTIVE") for index in _indexes(table))}
        tell = ok if states == {"ACTIVE"} else warn
        yield tell(f"{table['TableName']}: pk + sk, {INDEX} with ALL attributes, {', '.join(sorted(states))}")
        yield from _capacity(table)

    def _stream(self) -> Iterator[Verdict]:
        check_messages_table(self.messages["Table"])
        yield ok(f"{stream_view(self.messages['Table'])}, {self.stream}")

    def _state_table(self) -> Iterator[Verdict]:
        table = self.clients.dynamodb.call("describe_table", TableName=self.settings.state_table)["Table"]
        check_state_table(table)
        yield ok(f"{table['TableName']}: pk + sk, {table['TableStatus']}")

    def _clock_skew(self) -> Iterator[Verdict]:
        said = self.messages["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
        if not said:
            yield warn("the server sends no Date header: nothing to compare with")
            return
        fresh = self.clients.dynamodb.call("describe_table", TableName=self.settings.message_table)
        server = parsedate_to_datetime(fresh["ResponseMetadata"]["HTTPHeaders"]["date"])
        yield _skew(self.clock() - server.astimezone(UTC))


def _skew(difference: Any) -> Verdict:
    seconds = int(abs(difference.total_seconds()))
    if seconds <= SKEW_S:
        return ok(f"within {SKEW_S} s of the server's")
    which = "ahead of" if difference.total_seconds() > 0 else "behind"
    text = f"{seconds} s {which} the server's: set it (chrony, ntp); time stamps of messages are made here"
    return fail(text + "; AWS refuses requests beyond 5 min") if seconds > 300 else warn(text)  # noqa: PLR2004


def _variable(alias: Any) -> str:
    return alias if isinstance(alias, str) else str(alias.choices[0])


def _masked(name: str, value: object) -> str:
    if isinstance(value, SecretStr):
        return "***"
    return f"...{str(value)[-4:]}" if name == "access_key_id" else str(value)


def _capacity(table: Any) -> Iterator[Verdict]:
    """A word where write units are bought in advance: those of the table, and of the index."""
    bought = [one.get("ProvisionedThroughput", {}).get("WriteCapacityUnits", 0) for one in (table, *_indexes(table))]
    if table.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST" and any(bought):
        units = " and ".join(map(str, bought))
        yield warn(f"{units} write units a second: a pair of rows moved takes 10, and 4 of the index; or go on demand")


def _indexes(table: Any) -> Any:
    return table.get("GlobalSecondaryIndexes") or ()
