"""What goes over the wire, in Cruddur's words."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.models import Conversation, Message, Page, User


class NewMessage(BaseModel):
    """A message into a group, or the first one to a user by their handle."""

    model_config = ConfigDict(strict=True, frozen=True)

    message: str | None = Field(None, description="1 to 1,024 characters after trimming.")
    message_group_uuid: str | None = Field(None, description="Into which group of the caller's.")
    handle: str | None = Field(None, description="Without a group: to whom.")


class ChangedMessage(BaseModel):
    """The text that a message has from now on."""

    model_config = ConfigDict(strict=True, frozen=True)

    message: str | None = Field(None, description="1 to 1,024 characters after trimming.")


class MessageGroupJson(BaseModel):
    """A conversation: its newest message, and the other member."""

    uuid: str
    display_name: str
    handle: str
    message: str
    created_at: str

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        """As it is listed."""
        other = conversation.other
        return cls(
            uuid=conversation.group,
            display_name=other.display_name,
            handle=other.handle,
            message=conversation.text,
            created_at=conversation.last_message_at,
        )


class NewsJson(BaseModel):
    """The newest page of the caller's conversations; `next` is where older ones are, None if these are all."""

    conversations: list[MessageGroupJson]
    next: str | None

    @classmethod
    def of(cls, page: Page[Conversation], path: str) -> Self:
        """As it is told; `path` is the list's."""
        older = f"{path}?cursor={page.cursor}" if page.cursor else None
        return cls(conversations=[MessageGroupJson.of(entry) for entry in page.entries], next=older)


class MessageJson(BaseModel):
    """A message and who wrote it."""

    uuid: str
    display_name: str
    handle: str
    message: str
    created_at: str

    @classmethod
    def of(cls, message: Message) -> Self:
        """As it is listed."""
        return cls(**_fields(message))


class SentJson(MessageJson):
    """A message that was put into a group."""

    message_group_uuid: str

    @classmethod
    def of(cls, message: Message) -> Self:
        """As its sender gets it back."""
        return cls(message_group_uuid=message.group, **_fields(message))


class StartedJson(BaseModel):
    """Where the first message to somebody is."""

    message_group_uuid: str


class UserJson(BaseModel):
    """What anybody may know of a user."""

    uuid: str
    handle: str
    display_name: str

    @classmethod
    def of(cls, user: User) -> Self:
        """As others see them."""
        return cls(uuid=user.uuid, handle=user.handle, display_name=user.display_name)


Codes = Annotated[list[str], Field(description="What is wrong, a code each.")]
"""The body of a refusal."""


def _fields(message: Message) -> dict[str, str]:
    return {
        "uuid": message.uuid,
        "display_name": message.sender.display_name,
        "handle": message.sender.handle,
        "message": message.text,
        "created_at": message.created_at,
    }
