"""Looks at every member's list again and again, straight at the engine."""

from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic

from producer.chat import Chat
from shared import keys
from shared.errors import Transient
from shared.models import Item, string
from tests.nemesis.history import History, Kept, Read, Row
from tests.nemesis.people import MARK


class Sampler:
    """A thread that reads; `samples` counts the lists."""

    def __init__(self, chat: Chat, history: History, users: Sequence[str]) -> None:
        self.samples = 0
        self._chat, self._history, self._users = chat, history, users
        self._stop = Event()
        self._crash: Exception | None = None
        self._thread = Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        """Look until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more.

        Raises:
            Exception: what it met that nobody foresaw.
        """
        self._stop.set()
        self._thread.join()
        if self._crash:
            raise self._crash

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                for user in self._users:
                    self._sample(user)
        except Exception as error:  # noqa: BLE001 - handed to whoever stops it
            self._crash = error

    def _sample(self, user: str) -> None:
        self._stop.wait(0.01)
        try:
            self._history.add(look(self._chat, user))
        except Transient:  # the engine is away
            self._stop.wait(0.2)
        else:
            self.samples += 1


def look(chat: Chat, user: str, *, last: bool = False) -> Read:
    """One user's list by one Query: a single moment."""
    began = monotonic()
    answer = chat.client.call(
        "query",
        TableName=chat.table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": keys.ROW + user}},
        ConsistentRead=True,
    )
    assert "LastEvaluatedKey" not in answer, "two pages are two moments"
    return Read(began, monotonic(), user, tuple(map(_row, answer["Items"])), last)


def kept(chat: Chat, group: str) -> Kept:
    """The messages of a group, all of them."""
    found = chat.read.history(group, newest_first=False)
    return Kept(group, tuple((message.created_at, message.uuid, message.text) for message in found))


def _row(item: Item) -> Row:
    return Row(
        group=string(item, "message_group_uuid"),
        sk=string(item, "sk"),
        shows=string(item, "last_message_sk") or string(item, "sk"),
        text=string(item, "message"),
        other=string(item, "user_uuid"),
        names=f"{string(item, 'user_handle')}, {string(item, 'user_display_name')}",
        mark=string(item, MARK),
    )
