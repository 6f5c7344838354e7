"""One message on its way from a request to the table."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chat_app.api.answers import code_of
from chat_app.api.parts import Parts
from chat_app.api.schemas import NewMessage
from chat_app.errors import TooManyGroups
from chat_app.shares import MAX_GROUPS
from producer import messages
from producer.actions import Attempt, new_attempt
from producer.text import clean_text
from shared.errors import BadInput, HandleUnknown, TextInvalid
from shared.keys import pair_group
from shared.models import Message, User, string

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)  # UUID() takes much else
_HANDLE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


def problems(new: NewMessage) -> list[str]:
    """All that can be seen to be wrong with a message without asking anybody, as the codes that the original has."""
    return [code for code in (_text_problem(new.message), _receiver_problem(new)) if code]


@dataclass(frozen=True, slots=True)
class Posting:
    """A text of the caller's, and the Idempotency-Key that came with it."""

    parts: Parts
    me: User
    text: str
    key: str | None

    def into(self, group: str) -> Message:
        """Pattern C: put it into a group; that the sender is a member is part of the write.

        Raises:
            NotAMember, GroupUnknown: nothing was written.
        """
        return self._once(f"into {group}", partial(messages.send, self.parts.chat, group, self.me, self.text))

    def to(self, handle: str) -> Message:
        """Pattern D: write to somebody, which makes the conversation if there is none.

        Raises:
            HandleUnknown, MessageToOneself, TooManyGroups, TooManyRequests: nothing was written.
        """
        self.parts.shares.start(self.me.uuid)
        other = self.parts.users.by_handle(handle)
        self._demand_room(other)
        return self._once(f"to {other.uuid}", partial(messages.start, self.parts.chat, self.me, [other], self.text))

    def _once(self, where: str, deliver: Callable[..., Message]) -> Message:
        attempt = new_attempt(self.parts.chat.clock())
        if self.key is None:
            return deliver(attempt=attempt)
        request = f"{where}\n{self.text}"
        claim = self.parts.keys.claim(self.me.uuid, self.key, request, attempt)
        if claim.group is not None:
            return self._stored(claim.group, claim.attempt)
        try:
            message = deliver(attempt=claim.attempt)
        except BadInput:  # nothing is written: kept, the claim would let a later request write at this moment
            self.parts.keys.release(self.me.uuid, self.key)
            raise
        self.parts.keys.settle(self.me.uuid, self.key, request, message)
        return message

    def _stored(self, group: str, attempt: Attempt) -> Message:
        """The message as it was stored; nothing is written for it, whatever has become of it since."""
        return Message(group, attempt.created_at, attempt.message, clean_text(self.text), self.me)

    def _demand_room(self, other: User) -> None:
        rows = self.parts.chat.patiently(lambda: list(self.parts.chat.read.partition(self.me.uuid)))
        ours = pair_group(self.me.uuid, other.uuid)
        knows = any(ours == string(row, "message_group_uuid") or other.uuid == string(row, "user_uuid") for row in rows)
        if len(rows) >= MAX_GROUPS and not knows:
            raise TooManyGroups


def _text_problem(text: str | None) -> str | None:
    try:
        clean_text(text or "")
    except TextInvalid as error:
        found = code_of(error)
        return found[1] if found else None
    return None


def _receiver_problem(new: NewMessage) -> str | None:
    """The original's rule: a group if one is named, even a blank one, else a handle."""
    if new.message_group_uuid is not None:
        return _group_problem(new.message_group_uuid)
    if not (new.handle or "").strip():
        return "user_reciever_handle_blank"
    if not _HANDLE.fullmatch(new.handle or ""):
        found = code_of(HandleUnknown())
        return found[1] if found else None
    return None


def _group_problem(group: str) -> str | None:
    if not group.strip():
        return "message_group_uuid_blank"
    return None if _UUID.fullmatch(group) else "message_group_uuid_invalid"
