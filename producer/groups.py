"""Which group two people write in, and whose rows a message needs."""

from collections.abc import Sequence

from producer.actions import Seat
from producer.chat import Chat
from shared import keys
from shared.conversations import owner_of, user_of
from shared.models import Item, User, string

PAIR = 2


def seats_of(starter: User, others: Sequence[User]) -> list[Seat]:
    """Whose rows a new group needs: everybody's shows the starter, the starter's shows the first of the others."""
    return [Seat(starter.uuid, others[0]), *(Seat(other.uuid, starter) for other in others)]


def group_of_pair(chat: Chat, starter: User, other: User) -> str:
    """The group in which these two write: theirs by rule, or one that the original made, if the starter is in it."""
    ours = keys.pair_group(starter.uuid, other.uuid)
    rows = [row for row in chat.read.partition(starter.uuid) if string(row, "user_uuid") == other.uuid]
    groups = [string(row, "message_group_uuid") for row in reversed(rows)]
    if ours in groups:
        return ours
    pair = {starter.uuid, other.uuid}
    return next((group for group in groups if group and _are_all(chat, group, pair)), ours)


def other_side(chat: Chat, group: str, sender: User) -> list[Seat]:
    """The seat of the one with whom the sender makes a pair in this group; none in larger groups.

    The index is enough here: it may show a member who has left, but who ever was a third stays one.
    """
    hints = list(chat.read.index_rows(group))
    owners = {owner_of(row) for row in hints}
    mine = next((row for row in hints if owner_of(row) == sender.uuid), None) or _row(chat, group, sender)
    if mine is None:
        return []
    other = user_of(mine)
    pair = {sender.uuid, other.uuid}
    if "" in pair or len(pair) < PAIR or not owners <= pair:
        return []
    if keys.pair_group(sender.uuid, other.uuid) == group or set(chat.read.roster(group)) <= pair:
        return [Seat(other.uuid, sender)]
    return []


def _row(chat: Chat, group: str, user: User) -> Item | None:
    return next(iter(chat.read.rows(group, user.uuid)), None)


def _are_all(chat: Chat, group: str, people: set[str]) -> bool:
    """Whether nobody else has, or is known to have had, a row of this group."""
    owners = {owner_of(row) for row in chat.read.index_rows(group)}
    return owners <= people and set(chat.read.roster(group)) <= people
