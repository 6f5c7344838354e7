"""Made-up users who write: a seeded script of sends, edits, deletes, leaves and rejoins.

Each group belongs to one thread, which knows what it has written there. Groups share users, so threads meet in
the users' lists.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, count
from random import Random
from threading import Event
from time import monotonic
from uuid import UUID, uuid5

from producer import membership, messages
from producer.actions import Seat
from producer.chat import Chat
from producer.groups import PAIR
from shared import keys
from shared.errors import BadInput, Stopping
from shared.models import Message, User

_OURS = UUID("0b0f2f6e-3a55-5d0c-8a43-5d1f7f0c9a10")  # the namespace of made-up users and groups
_SIZES = (2, 2, 2, 2, 2, 2, 2, 3, 4, 5)
_RECENT = 20  # messages of a group that may still be edited or deleted
_COME_BACK = 0.6  # how often, after somebody has left
_TRIES = 50  # to draw members that no other group has
_WORDS = ("tea", "rain", "kite", "lamp", "river", "stone", "bread", "north", "window", "clock", "garden", "paper")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen; `edits`, `deletes` and `churn` are shares of the messages; no `total`: until stopped."""

    users: int
    groups: int
    total: int | None
    rate: float | None
    edits: float
    deletes: float
    churn: float
    threads: int
    seed: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What has happened; `refused` are actions on what no longer was there."""

    messages: int
    edits: int
    deletes: int
    leaves: int
    joins: int
    refused: int
    groups: int
    seconds: float

    def sentence(self) -> str:
        """The same for people."""
        rate = self.messages / self.seconds if self.seconds else 0.0
        return (
            f"{self.messages} messages in {self.groups} groups ({rate:.0f} a second), {self.edits} edits, "
            f"{self.deletes} deletes, {self.leaves} leaves, {self.joins} joins, {self.refused} refused"
        )


@dataclass(slots=True)
class Room:
    """A group as its thread knows it."""

    group: str
    members: Sequence[User]
    started: bool = False
    out: list[User] = field(default_factory=list)
    recent: deque[Message] = field(default_factory=partial(deque, maxlen=_RECENT))

    @property
    def present(self) -> list[User]:
        """Those who have not left."""
        return [member for member in self.members if member not in self.out]


def people(plan: Plan) -> list[User]:
    """The made-up users of a seed, always the same."""
    return [
        User(str(uuid5(_OURS, f"{plan.seed}/{number}")), f"traffic-{number:04}", f"Traffic {number:04}")
        for number in range(1, plan.users + 1)
    ]


def rooms(plan: Plan) -> list[Room]:
    """The groups of a seed, always the same; most have two members, none has the members of another."""
    draw = Random(f"{plan.seed}/rooms")
    users, taken, made = people(plan), set[frozenset[str]](), list[Room]()
    for number in range(plan.groups):
        members = _members(draw, users, taken)
        taken.add(frozenset(member.uuid for member in members))
        ours = str(uuid5(_OURS, f"{plan.seed}/group/{number}"))
        pair = len(members) == PAIR
        made.append(Room(keys.pair_group(members[0].uuid, members[1].uuid) if pair else ours, members))
    return made


def script(plan: Plan) -> Iterator[tuple[int, int]]:
    """(turn, place of the group): a few groups get most of the messages (Zipf). The same for all threads."""
    draw = Random(f"{plan.seed}/script")
    weights = list(accumulate(1 / (rank + 1) for rank in range(plan.groups)))
    turns = range(plan.total) if plan.total is not None else count()
    for turn in turns:
        yield turn, draw.choices(range(plan.groups), cum_weights=weights)[0]


def run(chat: Chat, plan: Plan, stop: Event, advance: Callable[[], object]) -> Summary:
    """Play the script; `advance` is called after each message.

    Raises:
        AppError: the first error that patience does not heal; the other threads end too.
    """
    began, counts, places = monotonic(), [Counter[str]() for _ in range(plan.threads)], rooms(plan)
    with ThreadPoolExecutor(plan.threads) as pool:
        threads = [
            pool.submit(_Thread(chat, plan, stop, advance, counts[number], places).play, number, began)
            for number in range(plan.threads)
        ]
        wait(threads, return_when=FIRST_EXCEPTION)
        if any(thread.done() and thread.exception() for thread in threads):
            stop.set()
    for thread in threads:
        thread.result()
    return _summary(sum(counts, Counter[str]()), sum(room.started for room in places), monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Thread:
    chat: Chat
    plan: Plan
    stop: Event
    advance: Callable[[], object]
    counts: Counter[str]
    places: Sequence[Room]

    def play(self, number: int, began: float) -> None:
        """Play this thread's share of the script."""
        draw = Random(f"{self.plan.seed}/thread/{number}")
        try:
            for turn, place in script(self.plan):
                if place % self.plan.threads == number and not self._wait(turn, began):
                    self._turn(draw, self.places[place])
                if self.stop.is_set():
                    return
        except Stopping:
            return

    def _wait(self, turn: int, began: float) -> bool:
        """Until it is time; whether we are to stop."""
        due = began + turn / self.plan.rate - monotonic() if self.plan.rate else 0.0
        return self.stop.wait(due) if due > 0 else self.stop.is_set()

    def _turn(self, draw: Random, room: Room) -> None:
        """One message, and by chance an edit, a deletion, somebody who leaves or comes back."""
        self._try(room, "messages", partial(self._say, draw, room))
        self.advance()
        if draw.random() < self.plan.edits and room.recent:
            self._try(room, "edits", partial(self._edit, draw, room))
        if draw.random() < self.plan.deletes and room.recent:
            self._try(room, "deletes", partial(self._delete, draw, room))
        if draw.random() < self.plan.churn and room.started:
            self._churn(draw, room)

    def _try(self, room: Room, what: str, action: Callable[[], object]) -> None:
        try:
            action()
        except BadInput:  # an engine that lost what it had: the next message creates the group again
            room.started, room.recent = False, deque(maxlen=_RECENT)
            room.out.clear()
            what = "refused"
        self.counts[what] += 1

    def _say(self, draw: Random, room: Room) -> None:
        sender = draw.choice(room.present)
        others = [member for member in room.members if member != sender]
        text = " ".join(draw.choices(_WORDS, k=draw.randint(2, 9)))
        if room.started:
            seats = [Seat(others[0].uuid, sender)] if len(room.members) == PAIR else []
            room.recent.append(messages.send(self.chat, room.group, sender, text, seats=seats))
        else:
            room.recent.append(messages.start(self.chat, sender, others, text, group=room.group))
            room.started = True
            room.out.clear()
        if len(room.members) == PAIR:
            room.out.clear()  # a message takes the other side in again

    def _edit(self, draw: Random, room: Room) -> None:
        old = draw.choice(room.recent)
        messages.edit(self.chat, room.group, old.sender, f"{old.text} (edited)"[-1000:], old.created_at)

    def _delete(self, draw: Random, room: Room) -> None:
        old = draw.choice(room.recent)
        room.recent.remove(old)
        messages.delete(self.chat, room.group, old.sender, old.created_at)

    def _churn(self, draw: Random, room: Room) -> None:
        """Somebody leaves, and one of those who are out may come back at once."""
        if len(room.present) >= PAIR:
            user = draw.choice(room.present)
            room.out.append(user)
            self._try(room, "leaves", partial(membership.leave, self.chat, room.group, user))
        if room.out and draw.random() < _COME_BACK:
            user = room.out.pop(0)
            self._try(room, "joins", partial(membership.join, self.chat, room.group, user, room.members))


def _summary(counts: Counter[str], groups: int, seconds: float) -> Summary:
    names = ("messages", "edits", "deletes", "leaves", "joins", "refused")
    return Summary(**{name: counts[name] for name in names}, groups=groups, seconds=round(seconds, 3))


def _members(draw: Random, users: Sequence[User], taken: set[frozenset[str]]) -> Sequence[User]:
    for _attempt in range(_TRIES):
        members = draw.sample(users, min(draw.choice(_SIZES), len(users)))
        if frozenset(member.uuid for member in members) not in taken:
            return members
    raise BadInput("There are too few users for so many groups: raise --users or lower --groups.")
