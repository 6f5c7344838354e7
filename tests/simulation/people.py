"""People: the production producer, driven by dice, and others who write to the table as they please."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import TypeVar

from producer import membership, messages
from producer.chat import Chat
from shared.dynamo import Client
from shared.errors import BadInput, ConditionFailed, Transient
from shared.keys import message_key
from shared.models import Item, User
from shared.retry import Retry
from tests.fakes.clock import NOON
from tests.simulation.scenario import Deed
from tests.simulation.world import World

T = TypeVar("T")

LONGEST_LULL_S = 4.0


class Person:
    """Somebody at a keyboard, as one user after the other."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._number = number
        self._skew = world.scenario.skew_s * (2 * world.dice.random() - 1)
        self._client = Client(world.connection("person"))
        retry = Retry(Event(), sleep=world.scheduler.sleep)
        self._chat = Chat(self._client, world.messages, retry, clock=self._clock)
        self._said = 0
        self._acts: dict[Deed, Callable[[], object]] = {
            Deed.START: self._start,
            Deed.SEND: self._send,
            Deed.EDIT: self._edit,
            Deed.DELETE: self._delete,
            Deed.PUT_AGAIN: self._put_again,
            Deed.JOIN: self._join,
            Deed.LEAVE: self._leave,
            Deed.ATTRIBUTE: self._set_attribute,
            Deed.ADD: self._add_attribute,
            Deed.READ: self._read,
        }
        self._deleted: list[Item] = []

    def live(self) -> None:
        """Do deeds until all of the scenario's are done."""
        world, scenario = self._world, self._world.scenario
        deeds, weights = list(scenario.weights), list(scenario.weights.values())
        while world.deeds_left > 0:
            world.deeds_left -= 1
            self.do(world.dice.choices(deeds, weights)[0])
            if world.dice.random() < scenario.lull:
                self._wait_for_calm()
            else:
                world.scheduler.sleep(world.dice.expovariate(1 / scenario.think_s))

    def do(self, deed: Deed) -> None:
        """One deed; what is refused, or does not work for long, is given up."""
        try:
            self._acts[deed]()
        except (BadInput, Transient) as error:
            self._world.diary.seen[f"refused: {type(error).__name__}"] += 1

    def _wait_for_calm(self) -> None:
        """Until everything is settled: the next deed then meets idle workers, which is when guards matter."""
        until = self._world.scheduler.now + LONGEST_LULL_S
        while not self._world.is_settled() and self._world.scheduler.now < until:
            self._world.scheduler.sleep(0.1)

    def _clock(self) -> datetime:
        grain = self._world.scenario.grain_s
        seconds = self._world.scheduler.now + self._skew
        return NOON + timedelta(seconds=round(seconds / grain) * grain)

    def _any(self, things: list[T]) -> T:
        if not things:
            raise BadInput
        return self._world.dice.choice(things)

    def _group(self) -> str:
        return self._any(self._world.groups())

    def _member(self, group: str) -> User:
        return self._any(self._world.members(group))

    def _text(self) -> str:
        self._said += 1
        return f"p{self._number} says {self._said}"

    def _start(self) -> None:
        sender, *others = self._world.dice.sample(self._world.users, self._world.dice.choice([2, 2, 3]))
        messages.start(self._chat, sender, others, self._text())

    def _send(self) -> None:
        group = self._group()
        messages.send(self._chat, group, self._member(group), self._text())

    def _edit(self) -> None:
        """Among few texts, so that one can come back to what it was."""
        group = self._group()
        messages.edit(self._chat, group, self._author(group), self._world.dice.choice(["this", "that"]))

    def _delete(self) -> None:
        group = self._group()
        found = messages.delete(self._chat, group, self._author(group))
        key = message_key(found.group, found.created_at)
        sender = {"user_uuid": {"S": found.sender.uuid}, "user_handle": {"S": found.sender.handle}}
        text = {"message": {"S": found.text}, "message_uuid": {"S": found.uuid}}
        self._deleted.append({**key, **sender, **text})

    def _put_again(self) -> None:
        """Somebody restores a message that was deleted, at its old place."""
        item = self._any(self._deleted)
        self._write("put_item", Item=item, ConditionExpression="attribute_not_exists(pk)")
        self._deleted.remove(item)

    def _join(self) -> None:
        membership.join(self._chat, self._group(), self._any(self._world.users), self._world.users)

    def _leave(self) -> None:
        group = self._group()
        membership.leave(self._chat, group, self._member(group))

    def _set_attribute(self) -> None:
        """Other software keeps something of its own in a row, and changes `row_rev` as it should."""
        self._change_row("SET pinned = :value, row_rev = :rev", {":rev": {"S": self._text()}})

    def _add_attribute(self) -> None:
        """Other software adds an attribute and knows nothing of `row_rev`."""
        self._change_row("SET added = :value", {})

    def _change_row(self, update: str, values: Item) -> None:
        group = self._group()
        row = self._any(self._chat.read.rows(group, self._member(group).uuid))
        self._write(
            "update_item",
            Key={"pk": row["pk"], "sk": row["sk"]},
            UpdateExpression=update,
            ConditionExpression="message_group_uuid = :g",
            ExpressionAttributeValues={":g": {"S": group}, ":value": {"S": self._text()}, **values},
        )

    def _write(self, operation: str, **request: object) -> None:
        def attempt() -> None:
            try:
                self._client.call(operation, TableName=self._world.messages, **request)
            except ConditionFailed:
                self._world.diary.seen["others' write refused"] += 1

        self._chat.patiently(attempt)

    def _read(self) -> None:
        """I6: whoever is a member while the list is read is in it."""
        user = self._any(self._world.users)
        rows = self._world.watch.rows
        before = {group for member, group in rows if member == user.uuid and rows[member, group]}
        epoch = self._world.watch.departures[user.uuid]
        page = self._chat.read.of_user(user.uuid, limit=100)
        seen = {conversation.group for conversation in page.entries}
        after = {group for group in before if rows[user.uuid, group]}
        self._world.diary.seen["list read"] += 1
        if page.cursor is None and epoch == self._world.watch.departures[user.uuid] and not after <= seen:
            self._world.diary.violated("I6", f"{user.uuid}'s list lacks {sorted(after - seen)}")

    def _author(self, group: str) -> User:
        """Who wrote the newest message, or any member."""
        newest = self._chat.read.newest(group)
        return newest.sender if newest and self._world.dice.random() < 0.7 else self._member(group)
