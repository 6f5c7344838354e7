"""Users who write through the proxy and note when each write began and was acknowledged."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from threading import Event
from time import monotonic
from uuid import uuid4

import boto3
from botocore.config import Config

from producer import membership, messages, traffic
from producer.actions import Seat
from producer.chat import Chat
from producer.groups import PAIR
from shared.dynamo import Client
from shared.errors import BadInput, ConditionFailed, Transient
from shared.keys import ROW
from shared.models import Item, Message, User
from shared.retry import Retry
from shared.settings import Settings
from tests.nemesis.history import History, Outcome, Room, What, Write

PATIENCE_S = 600.0  # nobody gives up: an unknown outcome would excuse what comes after it
ANSWER_S = 100.0  # longer than any stall: who hangs up and asks again could be overtaken by their first request
TICK_US = 20_000  # people whose clocks are this coarse meet on the same time stamps
THREADS = 3
COMES_BACK = 0.6
TOPICAL = 12  # groups that people talk in at a time; the hottest falls silent for ever after so many turns:
TURNS = 6  # what is wrong in a group that goes on is soon made good, so it could not be seen
MARK = "pinned"  # an attribute of other software


@dataclass(slots=True)
class _Talk:
    """A group as its thread knows it."""

    group: str
    members: Sequence[User]
    started: bool = False
    out: list[User] = field(default_factory=list)
    recent: list[Message] = field(default_factory=list)

    @property
    def present(self) -> list[User]:
        return [member for member in self.members if member not in self.out]


def coarse_now() -> datetime:
    """The time of day, in steps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // TICK_US * TICK_US)


def chat_at(settings: Settings) -> Chat:
    """What people write with: they wait for every answer."""
    assert settings.secret_access_key
    raw = boto3.client(
        "dynamodb",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key.get_secret_value(),
        config=Config(
            read_timeout=ANSWER_S,
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=2 * THREADS,
            proxies={},
        ),
    )
    retry = Retry(Event(), longest_s=1, total_s=PATIENCE_S)
    return Chat(Client(raw), settings.message_table, retry, clock=coarse_now)


class People:
    """Some threads of people; each group belongs to one of them."""

    def __init__(self, chat: Chat, history: History, plan: traffic.Plan) -> None:
        self.acknowledged = 0
        """Messages, so far."""
        self._rooms = [_Talk(room.group, room.members) for room in traffic.rooms(plan)]
        self._left_behind = 0
        self._chat, self._history, self._plan = chat, history, plan
        self._stop = Event()
        self._pool = ThreadPoolExecutor(THREADS, "people")

    @property
    def users(self) -> list[str]:
        """Everybody who is in a group."""
        return sorted({member.uuid for room in self._rooms for member in room.members})

    @property
    def groups(self) -> list[str]:
        """Those that were begun."""
        return [room.group for room in self._rooms if room.started]

    def move_on(self) -> None:
        """From now on, talk in other groups: whatever was said last in the present ones remains the last word."""
        self._left_behind += TOPICAL

    def start(self) -> None:
        """Talk until `stop`."""
        for room in self._rooms:
            names = {user.uuid: f"{user.handle}, {user.display_name}" for user in room.members}
            self._history.add(Room(room.group, names))
        self._threads = [self._pool.submit(self._talk, number) for number in range(THREADS)]

    def stop(self) -> None:
        """Finish what was begun.

        Raises:
            Exception: what a thread met that nobody foresaw.
        """
        self._stop.set()
        self._pool.shutdown()
        self.look()

    def hush(self) -> None:
        """Leave off at once, whatever was begun; nothing that is said afterwards counts."""
        self._stop.set()
        self._chat.retry.stop.set()
        self._pool.shutdown()

    def look(self) -> None:
        """Whether all are well: a thread that has died raises what it died of."""
        for thread in self._threads:
            if thread.done():
                thread.result()

    def _talk(self, number: int) -> None:
        draw = Random(f"{self._plan.seed}/nemesis/{number}")
        pause = THREADS / (self._plan.rate or 10)
        topical = min(TOPICAL, self._plan.groups)
        for turn, place in traffic.script(replace(self._plan, groups=topical)):
            place_now = place + min(turn // TURNS + self._left_behind, self._plan.groups - topical)
            if place_now % THREADS == number:
                if self._stop.wait(draw.uniform(0, 2 * pause)):
                    return
                self._turn(draw, self._rooms[place_now])

    def _turn(self, draw: Random, room: _Talk) -> None:
        self._say(draw, room)
        deeds: dict[Callable[[Random, _Talk], None], float] = {
            self._edit: self._plan.edits,
            self._delete: self._plan.deletes,
            self._mark: self._plan.churn,
            self._churn: self._plan.churn,
        }
        for deed, share in deeds.items():
            if draw.random() < share:
                deed(draw, room)

    def _say(self, draw: Random, room: _Talk) -> None:
        sender, text = draw.choice(room.present), f"message {uuid4().hex[:12]}"
        others = [member for member in room.members if member != sender]
        is_pair = len(room.members) == PAIR
        seated = room.members if is_pair or not room.started else ()
        seats = [Seat(others[0].uuid, sender)] if is_pair else []
        action = (
            partial(messages.send, self._chat, room.group, sender, text, seats=seats)
            if room.started
            else partial(messages.start, self._chat, sender, others, text, group=room.group)
        )
        what = What.SEND if room.started else What.START
        message = self._do(what, room, sender, action, seated=seated, text=text)
        if message:
            room.started = True
            room.recent = [*room.recent[-20:], message]
            self.acknowledged += 1
        if message and seated:
            room.out.clear()

    def _edit(self, draw: Random, room: _Talk) -> None:
        if room.recent:
            old, text = draw.choice(room.recent), f"edited {uuid4().hex[:12]}"
            action = partial(messages.edit, self._chat, room.group, old.sender, text, old.created_at)
            self._do(What.EDIT, room, old.sender, action, message=old.uuid, text=text)

    def _delete(self, draw: Random, room: _Talk) -> None:
        if room.recent:
            old = room.recent.pop(draw.choice([-1, draw.randrange(len(room.recent))]))  # often the newest
            action = partial(messages.delete, self._chat, room.group, old.sender, old.created_at)
            self._do(What.DELETE, room, old.sender, action, message=old.uuid)

    def _churn(self, draw: Random, room: _Talk) -> None:
        """Somebody leaves, and one of those who are out may come back."""
        if room.started and len(room.present) >= PAIR:
            user = draw.choice(room.present)
            room.out.append(user)
            self._do(What.LEAVE, room, user, partial(membership.leave, self._chat, room.group, user))
        if room.out and draw.random() < COMES_BACK:
            self._join(room, room.out.pop(0))

    def _join(self, room: _Talk, user: User) -> None:
        action = partial(membership.join, self._chat, room.group, user, room.members)
        self._do(What.JOIN, room, user, action, seated=[user])

    def _mark(self, draw: Random, room: _Talk) -> None:
        """Other software writes on a row as the README asks for."""
        if room.started:
            user, value = draw.choice(room.present), uuid4().hex[:8]
            action = partial(self._chat.patiently, partial(self._mark_row, room.group, user.uuid, value))
            self._do(What.MARK, room, user, action, text=value)

    def _mark_row(self, group: str, user: str, value: str) -> None:
        rows = self._chat.read.rows(group, user)
        if not rows:
            raise ConditionFailed
        values: Item = {":value": {"S": value}, ":rev": {"S": uuid4().hex}, ":group": {"S": group}}
        self._chat.client.call(
            "update_item",
            TableName=self._chat.table,
            Key={"pk": {"S": ROW + user}, "sk": rows[0]["sk"]},
            UpdateExpression=f"SET {MARK} = :value, row_rev = :rev",
            ConditionExpression="message_group_uuid = :group",
            ExpressionAttributeValues=values,
        )

    def _do(
        self,
        what: What,
        room: _Talk,
        user: User,
        action: Callable[[], Message | None],
        *,
        seated: Iterable[User] = (),
        message: str = "",
        text: str = "",
    ) -> Message | None:
        """Do it, and note how it went."""
        began, outcome, done = monotonic(), Outcome.OK, None
        try:
            done = action()
        except BadInput:
            outcome = Outcome.REFUSED
        except Transient:
            outcome = Outcome.UNKNOWN
        seats = tuple(member.uuid for member in seated)
        name = done.uuid if done else message
        self._history.add(Write(began, monotonic(), outcome, what, room.group, user.uuid, seats, name, text))
        return done
