"""How the table looks before the run: conversations as our producer makes them, or as the original has left them."""

from threading import Event as StopEvent

from producer import membership, messages
from producer.chat import Chat
from shared.dynamo import Client
from shared.keys import bump, message_key, row_key, stamp
from shared.models import Item, User
from shared.retry import Retry
from tests.fakes.clock import NOON
from tests.simulation.scenario import Event
from tests.simulation.world import World

AT_ONCE = 48  # of a group's members are seated with its first message


def set_up(world: World) -> None:
    """Make the scenario's groups; nothing goes wrong meanwhile."""
    draw, world.cloud.draw = world.cloud.draw, lambda _kind, _operation: None
    if Event.ORIGINAL_BEFORE in world.scenario.events:
        _as_the_original_left_it(world)
    else:
        _as_we_make_it(world)
    world.cloud.draw = draw


def _as_we_make_it(world: World) -> None:
    retry = Retry(StopEvent(), sleep=world.scheduler.sleep, monotonic=world.seconds)
    chat = Chat(Client(world.connection("person")), world.messages, retry, clock=world.now)
    for number in range(world.scenario.groups):
        starter, *others = _members(world)
        world.scheduler.skip(world.scenario.grain_s + world.dice.random())
        messages.start(chat, starter, others[:AT_ONCE], "hello", group=f"group-{number}")
        for late in others[AT_ONCE:]:
            membership.join(chat, f"group-{number}", late, world.users)


def _as_the_original_left_it(world: World) -> None:
    """No roster, no `last_message_sk`; some rows are stale, some stand twice; the stream was not enabled yet."""
    world.cloud.kind = "original"
    world.database.watchers.remove(world.streams.watch)
    for number in range(world.scenario.groups):
        group, stamps = f"group-{number}", [stamp(NOON)]
        for _ in range(3):
            stamps.append(bump(stamps[-1]))
        members = _members(world)
        for place, sk in enumerate(stamps):
            world.database.put(world.messages, _message(group, sk, f"old {place}", members[0]))
        for user in members:
            for sk in world.dice.sample(stamps, world.dice.choice([1, 1, 2])):
                if world.database.get(world.messages, (f"GRP#{user.uuid}", sk)) is None:
                    world.database.put(world.messages, _row(group, sk, user, members[0]))
    world.database.watchers.insert(1, world.streams.watch)


def _members(world: World) -> list[User]:
    return world.dice.sample(world.users, world.scenario.members)


def _message(group: str, sk: str, text: str, sender: User) -> Item:
    named = {"message_uuid": {"S": f"{group} {sk}"}, "user_uuid": {"S": sender.uuid}}
    return {**message_key(group, sk), "message": {"S": text}, **named, "user_handle": {"S": sender.handle}}


def _row(group: str, sk: str, user: User, other: User) -> Item:
    named = {"user_uuid": {"S": other.uuid}, "user_handle": {"S": other.handle}}
    return {**row_key(user.uuid, sk), "message_group_uuid": {"S": group}, "message": {"S": "old"}, **named}
