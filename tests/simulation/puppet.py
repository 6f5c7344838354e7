"""Somebody who does exactly what a test says, through the production producer."""

from datetime import datetime, timedelta
from threading import Event

from producer import membership, messages
from producer.actions import new_attempt, new_message
from producer.chat import Chat
from shared.dynamo import Client
from shared.errors import BadInput, ConditionFailed, Transient
from shared.keys import message_key
from shared.models import Item, Message, User
from shared.retry import Retry
from tests.fakes.clock import NOON
from tests.simulation.world import World


class Puppet:
    """Deeds by name: who, in which group, what.

    Args:
        world: where.
        grain_s: the clock shows multiples of this; a coarse one collides.
        late_s: how far the clock is behind.
        deleted: messages that can be put again, where several share them.
    """

    def __init__(
        self, world: World, *, grain_s: float = 1e-6, late_s: float = 0.0, deleted: list[Item] | None = None
    ) -> None:
        self._world = world
        self.deleted = [] if deleted is None else deleted
        self._grain_s = grain_s
        self._late_s = late_s
        self._client = Client(world.connection("person"))
        retry = Retry(Event(), sleep=world.scheduler.sleep, monotonic=world.seconds)
        self.chat = Chat(self._client, world.messages, retry, clock=self._clock)

    def do(self, deed: str, *what: str) -> None:
        """One deed; what is refused, or does not work for long, is given up."""
        try:
            getattr(self, deed)(*what)
        except (BadInput, Transient) as error:
            self._world.diary.seen[f"refused: {type(error).__name__}"] += 1

    def start(self, group: str, text: str, sender: str, *others: str) -> None:
        """Open a group; two people always have theirs already."""
        seated = [self._user(other) for other in others]
        self._rely_on(messages.start(self.chat, self._user(sender), seated, text, group=group))

    def send(self, group: str, user: str, text: str) -> None:
        """Say something."""
        self._rely_on(messages.send(self.chat, group, self._user(user), text))

    def odd(self, group: str, user: str, what: str) -> None:
        """Other software stores a message without a text, or with more of it than a row takes."""
        text = "x" * 2000 if what == "long" else ""
        item = _item(new_message(group, self._user(user), text, new_attempt(self._clock())))
        kept = {name: value for name, value in item.items() if name != "message" or what == "long"}
        self._write("put_item", Item=kept, ConditionExpression="attribute_not_exists(pk)")

    def edit(self, group: str, user: str, text: str) -> None:
        """Give the user's newest message another text."""
        messages.edit(self.chat, group, self._user(user), text)

    def delete(self, group: str, user: str) -> None:
        """Delete the user's newest message."""
        self.deleted.append(_item(messages.delete(self.chat, group, self._user(user))))

    def put_again(self, group: str) -> None:
        """Restore the message of this group that was deleted last, at its old place."""
        for item in reversed(self.deleted):
            if item["pk"] == message_key(group, "")["pk"]:
                self._write("put_item", Item=item, ConditionExpression="attribute_not_exists(pk)")
                return

    def join(self, group: str, user: str) -> None:
        """Become a member."""
        membership.join(self.chat, group, self._user(user), self._world.users)

    def leave(self, group: str, user: str) -> None:
        """Be one no more."""
        membership.leave(self.chat, group, self._user(user))

    def pin(self, group: str, user: str, value: str) -> None:
        """Other software keeps something of its own in a row, and changes `row_rev` as it should."""
        self._update(group, user, "SET pinned = :value, row_rev = :value", value)

    def add(self, group: str, user: str, value: str) -> None:
        """Other software adds an attribute, and knows nothing of `row_rev`."""
        self._update(group, user, "SET added = :value", value)

    def _update(self, group: str, user: str, update: str, value: str) -> None:
        for row in self.chat.read.rows(group, user)[:1]:
            self._write(
                "update_item",
                Key={"pk": row["pk"], "sk": row["sk"]},
                UpdateExpression=update,
                ConditionExpression="message_group_uuid = :g",
                ExpressionAttributeValues={":g": {"S": group}, ":value": {"S": value}},
            )

    def _rely_on(self, message: Message) -> None:
        self._world.watch.acknowledged(message.uuid)

    def _write(self, operation: str, **request: object) -> None:
        def attempt() -> None:
            try:
                self._client.call(operation, TableName=self._world.messages, **request)
            except ConditionFailed:
                self._world.diary.seen["others' write refused"] += 1

        self.chat.patiently(attempt)

    def _user(self, uuid: str) -> User:
        return next(user for user in self._world.users if user.uuid == uuid)

    def _clock(self) -> datetime:
        seconds = self._world.scheduler.now - self._late_s
        return NOON + timedelta(seconds=round(seconds / self._grain_s) * self._grain_s)


def _item(message: Message) -> Item:
    key = message_key(message.group, message.created_at)
    sender = {"user_uuid": {"S": message.sender.uuid}, "user_handle": {"S": message.sender.handle}}
    return {**key, **sender, "message": {"S": message.text}, "message_uuid": {"S": message.uuid}}
