"""Who is in a group: rows for those who need one, join, leave. Membership is the row, never the roster.

Whoever creates a row reads the roster entry, then the user's list, and writes row and entry in one transaction, the
entry only if it is as it was read. Two who create the same row at once therefore meet in the roster: one of them is
cancelled, starts over and finds the row. (The row alone cannot tell: at different stamps both puts would succeed.)
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice

from producer.actions import (
    Action,
    Seat,
    check_in_roster,
    delete_row,
    free_place,
    mark_left,
    put_new,
    put_roster,
    row_item,
)
from producer.chat import Chat
from producer.groups import PAIR
from shared import keys
from shared.errors import GroupUnknown, NotAMember, PairIsClosed
from shared.models import Item, Message, User, string

_HISTORY = 500  # messages that are searched for the one who started the group


def admission(chat: Chat, message: Message, seats: Sequence[Seat]) -> list[Action]:
    """What must be written with `message`: rows for the seats that have none, and the sender's right to send.

    A sender without a row gets one only by a seat.

    Raises:
        NotAMember, GroupUnknown: the sender has neither row nor seat.
    """
    sender = message.sender.uuid
    rows = chat.read.member_rows(message.group, {sender, *(seat.user for seat in seats)})
    created = {seat.user: create_row(chat, seat, message) for seat in seats if seat.user not in rows}
    actions = [action for pair in created.values() for action in pair]
    if created.get(sender):
        return actions
    if sender not in rows and not chat.read.has_row(message.group, sender):
        raise not_a_member(chat, message.group, message.sender)
    return [*actions, _still_a_member(chat, message.group, sender)]


def create_row(chat: Chat, seat: Seat, newest: Message) -> list[Action]:
    """A row that shows `newest` and its roster entry, or nothing if the user has a row after all.

    The row stands at the message's place, or behind rows of other groups that stand there already.
    """
    entry = chat.read.get(keys.roster_key(newest.group, seat.user))
    rows = list(chat.read.partition(seat.user))
    if any(string(row, "message_group_uuid") == newest.group for row in rows):
        return []
    sk = free_place(newest.created_at, frozenset(string(row, "sk") for row in rows))
    return [put_new(row_item(seat, sk, newest)), put_roster(newest.group, seat.user, chat.now(), entry)]


def join(chat: Chat, group: str, user: User, known: Iterable[User] = ()) -> None:
    """Give the user a row of this group, at its newest message; a member stays as they are.

    Args:
        chat: where.
        group: which group.
        user: who joins.
        known: people whose names may be needed, where nobody else has written to the group yet.

    Raises:
        GroupUnknown: nobody is or was in this group.
        PairIsClosed: it is a conversation of two others.
    """
    chat.patiently(partial(_join, chat, group, user, {person.uuid: person for person in known}))


def leave(chat: Chat, group: str, user: User) -> None:
    """Delete the user's row and note in the roster that they left.

    Raises:
        NotAMember, GroupUnknown: there is nothing to leave.
    """
    chat.patiently(partial(_leave, chat, group, user, chat.now()))


def not_a_member(chat: Chat, group: str, user: User, advice: str = "let them join first") -> NotAMember | GroupUnknown:
    """The right sentence for somebody without a row."""
    if chat.read.knows(group):
        return NotAMember(f'"{user.handle}" is not a member of {group}: {advice}.')
    return group_unknown(group)


def group_unknown(group: str) -> GroupUnknown:
    """The sentence for a group of which there is no sign."""
    return GroupUnknown(f"Nobody knows the group {group}: `producer list-conversations` shows those of a user.")


def _still_a_member(chat: Chat, group: str, user: str) -> Action:
    """The condition under which a member's message may be stored.

    A member of the original's groups has no roster entry yet, and one whom other software took in again has an old
    `left_at`: both get a fresh entry instead, which fails if they leave meanwhile.
    """
    entry = chat.read.get(keys.roster_key(group, user))
    if entry is not None and "left_at" not in entry:
        return check_in_roster(group, user)
    return put_roster(group, user, chat.now(), entry)


def _join(chat: Chat, group: str, user: User, known: dict[str, User]) -> None:
    if chat.read.is_member(group, user.uuid):
        return
    entries = chat.read.roster(group)
    _refuse_third(group, user, entries, known)
    newest = chat.read.newest(group)
    if newest is None and not entries:
        raise not_a_member(chat, group, user)
    seat = Seat(user.uuid, _whom_to_show(chat, group, user, entries, known))
    blank = Message(group, chat.now(), "", "", user)  # every message was deleted
    if actions := create_row(chat, seat, newest or blank):
        chat.transact(actions)


def _refuse_third(group: str, user: User, entries: dict[str, Item], known: dict[str, User]) -> None:
    others = sorted(set(entries) - {user.uuid})
    if len(others) == PAIR and keys.pair_group(*others) == group:
        one, other = (known[uuid].handle if uuid in known else "HANDLE" for uuid in others)
        command = f"producer start --from {one} --to {other} --to {user.handle}"
        raise PairIsClosed(f'A conversation of two takes nobody else: start a new one with `{command} "TEXT"`.')


def _whom_to_show(chat: Chat, group: str, user: User, entries: dict[str, Item], known: dict[str, User]) -> User:
    """The one who started the group, that is who wrote its oldest message; or whoever else is known of."""
    for message in islice(chat.read.history(group, newest_first=False), _HISTORY):
        if message.sender.uuid != user.uuid:
            return message.sender
    someone = next((uuid for uuid in sorted(entries) if uuid != user.uuid), "")
    return known.get(someone, User(someone, "", ""))


def _leave(chat: Chat, group: str, user: User, left_at: str) -> None:
    entry = chat.read.get(keys.roster_key(group, user.uuid))
    if entry and string(entry, "left_at") == left_at:
        return  # an attempt whose answer was lost has succeeded; whoever let them in again since has done so after it
    rows = chat.read.rows(group, user.uuid)
    if not rows:
        raise not_a_member(chat, group, user, "nothing to do")
    chat.transact([*(delete_row(row, group) for row in rows), mark_left(group, user.uuid, left_at, entry)])
