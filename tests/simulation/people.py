"""People: they do what dice say, through the production producer, each with a clock of their own."""

from collections.abc import Callable
from itertools import accumulate
from typing import TypeVar

from shared.errors import BadInput, Transient
from shared.keys import MESSAGE
from shared.models import User
from tests.simulation.puppet import Puppet
from tests.simulation.scenario import Deed
from tests.simulation.world import World

T = TypeVar("T")

LONGEST_LULL_S = 4.0


class Person:
    """Somebody at a keyboard, as one user after the other."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._number = number
        late_s = world.scenario.skew_s * (2 * world.dice.random() - 1)
        self._hands = Puppet(world, grain_s=world.scenario.grain_s, late_s=late_s)
        self._said = 0
        self._acts: dict[Deed, Callable[[], object]] = {
            Deed.START: self._start,
            Deed.SEND: lambda: self._in_some_group(lambda group, user: self._hands.send(group, user, self._text())),
            Deed.EDIT: self._edit,
            Deed.DELETE: self._delete,
            Deed.PUT_AGAIN: self._put_again,
            Deed.JOIN: lambda: self._hands.join(self._group(), self._any(world.users).uuid),
            Deed.LEAVE: lambda: self._in_some_group(self._hands.leave),
            Deed.ATTRIBUTE: lambda: self._in_some_group(lambda group, user: self._hands.pin(group, user, self._text())),
            Deed.ADD: lambda: self._in_some_group(lambda group, user: self._hands.add(group, user, self._text())),
            Deed.ODD: lambda: self._in_some_group(self._say_something_odd),
            Deed.READ: self._read,
        }

    def live(self) -> None:
        """Do deeds until all of the scenario's are done."""
        world, scenario = self._world, self._world.scenario
        deeds, weights = list(scenario.weights), list(accumulate(scenario.weights.values()))
        while world.deeds_left > 0:
            world.deeds_left -= 1
            self.do(world.dice.choices(deeds, cum_weights=weights)[0])
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

    def _in_some_group(self, deed: Callable[[str, str], object]) -> None:
        group = self._group()
        deed(group, self._member(group).uuid)

    def _any(self, things: list[T]) -> T:
        if not things:
            raise BadInput
        return self._world.dice.choice(things)

    def _group(self) -> str:
        return self._any(self._world.groups())

    def _member(self, group: str) -> User:
        return self._any(self._world.members(group))

    def _author(self, group: str) -> str:
        """Who wrote the newest message, or any member."""
        newest = self._hands.chat.read.newest(group)
        author = newest.sender if newest and self._world.dice.random() < 0.7 else self._member(group)
        return author.uuid

    def _text(self) -> str:
        self._said += 1
        return f"p{self._number} says {self._said}"

    def _start(self) -> None:
        people = self._world.dice.sample(self._world.users, self._world.dice.choice([2, 2, 3]))
        self._hands.start(f"p{self._number}'s group {self._said}", self._text(), *(one.uuid for one in people))

    def _say_something_odd(self, group: str, user: str) -> None:
        self._hands.odd(group, user, self._world.dice.choice(["", "long"]))

    def _edit(self) -> None:
        """Among few texts, so that one can come back to what it was."""
        group = self._group()
        self._hands.edit(group, self._author(group), self._world.dice.choice(["this", "that"]))

    def _delete(self) -> None:
        group = self._group()
        self._hands.delete(group, self._author(group))

    def _put_again(self) -> None:
        message = self._any(self._hands.deleted)
        self._hands.put_again(message["pk"]["S"].removeprefix(MESSAGE))

    def _read(self) -> None:
        """I6: whoever is a member while the list is read is in it."""
        watch, user = self._world.watch, self._any(self._world.users).uuid
        before, departures = self._groups_of(user), watch.rows.departures[user]
        page = self._hands.chat.read.of_user(user, limit=100)
        seen = {conversation.group for conversation in page.entries}
        missed = before & self._groups_of(user) - seen
        self._world.diary.seen["list read"] += 1
        if len(page.entries) != len(seen):
            self._world.diary.violated("I6", f"{user}'s list has a group twice")
        if page.cursor is None and departures == watch.rows.departures[user] and missed:
            self._world.diary.violated("I6", f"{user}'s list lacks {sorted(missed)}")

    def _groups_of(self, user: str) -> set[str]:
        return {group for (member, group), rows in self._world.watch.rows.by_member.items() if member == user and rows}
