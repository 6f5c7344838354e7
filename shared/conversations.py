"""Patterns A and B: the messages of a group, a user's conversations; and who is a member, for those who write.

Reads are strongly consistent, so that who has just written sees it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shared import keys
from shared.cursors import decode_cursor, encode_cursor
from shared.dynamo import Client
from shared.errors import Throttled
from shared.models import Conversation, Item, Message, Page, User, string

MAX_PAGE = 100
_BATCH_GET = 100  # keys in one BatchGetItem (AWS quota)
_MAX_READS = 4  # of one page, until two successive ones agree


@dataclass(frozen=True, slots=True)
class Conversations:
    """Reads the messages table."""

    client: Client
    table: str

    def of_user(self, user: str, *, limit: int = 20, cursor: str | None = None) -> Page[Conversation]:
        """Pattern B: a page of the user's conversations, newest first, each group once.

        A Query is only read-committed against the transactions that move rows, so a row that moves up while the
        page is read can be missed: the page is read until two successive reads show the same keys. A page can
        hold more than `limit` groups when rows moved meanwhile.

        Raises:
            CursorInvalid: the cursor is none of ours.
        """
        reads = [self._newest_first(keys.ROW + user, limit, cursor)]
        while len(reads) < _MAX_READS:
            reads.append(self._newest_first(keys.ROW + user, limit, cursor))
            if _positions(reads[-1]) == _positions(reads[-2]):
                break
        rows = merge_reads([read.entries for read in reads])
        return Page([conversation_of(row) for row in rows], reads[-1].cursor, sum(read.capacity for read in reads))

    def glance(self, user: str, *, limit: int = 20) -> Page[Conversation]:
        """The newest page of the user's conversations by one eventually consistent read, a quarter of the price.

        For who looks again soon: it may be a moment old, lack a row that is moving, or have it twice.
        """
        read = self._newest_first(keys.ROW + user, limit, None, strongly=False)
        return Page([conversation_of(row) for row in read.entries], read.cursor, read.capacity)

    def messages(self, group: str, *, limit: int = 20, cursor: str | None = None) -> Page[Message]:
        """Pattern A: the newest page of a group's messages, oldest to newest; the cursor leads to older ones.

        Raises:
            CursorInvalid: the cursor is none of ours.
        """
        read = self._newest_first(keys.MESSAGE + group, limit, cursor)
        return Page([message_of(item) for item in reversed(read.entries)], read.cursor, read.capacity)

    def newest(self, group: str) -> Message | None:
        """The newest message of a group, None where there is none."""
        return next(self.history(group, page=1), None)

    def history(self, group: str, *, newest_first: bool = True, page: int = 50) -> Iterator[Message]:
        """All messages of a group, read page by page as they are asked for."""
        items = self.client.items(
            "query", **self._partition(keys.MESSAGE + group), ScanIndexForward=not newest_first, Limit=page
        )
        return map(message_of, items)

    def rows(self, group: str, user: str) -> list[Item]:
        """The user's rows of this group: one for a member, none for anybody else, more only until the worker mends it.

        Read oldest first: a row that moves up meanwhile is seen at one place or the other.
        """
        return [row for row in self.partition(user) if string(row, "message_group_uuid") == group]

    def partition(self, user: str) -> Iterator[Item]:
        """All rows of the user's list, oldest first."""
        return self.client.items("query", **self._partition(keys.ROW + user))

    def member_rows(self, group: str, users: Iterable[str]) -> dict[str, Item]:
        """The row of each of `users` who is found at the place the index hints at; read strongly.

        Who is absent here may still be a member: the index is a hint, `rows` decides.
        """
        wanted = {keys.ROW + user for user in users}
        hints = [{"pk": row["pk"], "sk": row["sk"]} for row in self.index_rows(group) if row["pk"]["S"] in wanted]
        found = self.get_all(hints)
        return {owner_of(row): row for row in found if string(row, "message_group_uuid") == group}

    def is_member(self, group: str, user: str) -> bool:
        """Whether the user has a row of this group: membership is the row, never the roster."""
        return bool(self.member_rows(group, [user])) or self.has_row(group, user)

    def has_row(self, group: str, user: str) -> bool:
        """The same without the index; looks twice before it denies, as one look can miss a row that moves back."""
        return any(self.rows(group, user) for _look in range(2))

    def shows(self, message: Message, user: str | None = None) -> bool:
        """Whether the row of a member (the sender, if none is named) shows this message, or a newer one."""
        rows = self.rows(message.group, user or message.sender.uuid)
        return any(conversation_of(row).last_message_at >= message.created_at for row in rows)

    def index_rows(self, group: str) -> Iterator[Item]:
        """The group's rows as the index knows them: eventually consistent, a hint."""
        return self.client.items(
            "query",
            TableName=self.table,
            IndexName=keys.INDEX,
            KeyConditionExpression="message_group_uuid = :g",
            ExpressionAttributeValues={":g": {"S": group}},
        )

    def roster(self, group: str) -> dict[str, Item]:
        """Who is or was in the group, by user, as far as our software has seen it."""
        items = self.client.items("query", **self._partition(keys.ROSTER + group))
        return {string(item, "sk"): item for item in items}

    def knows(self, group: str) -> bool:
        """Whether there is any sign of this group: a message, a row, a former member.

        It always asks for all three: how long the answer takes must not tell a stranger what it was.
        """
        return any([self.newest(group), next(self.index_rows(group), None), self.roster(group)])

    def get(self, key: Item) -> Item | None:
        """One item, read strongly."""
        answer = self.client.call("get_item", TableName=self.table, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def get_all(self, wanted: Sequence[Item]) -> list[Item]:
        """The items that exist at these keys, read strongly.

        Raises:
            Throttled: DynamoDB did not serve all of them; the caller's patience decides.
        """
        found: list[Item] = []
        for start in range(0, len(wanted), _BATCH_GET):
            found += self._get_some(wanted[start : start + _BATCH_GET])
        return found

    def _get_some(self, wanted: Sequence[Item]) -> list[Item]:
        """Up to 100 items; what an answer leaves over (it holds 16 MB at most) is asked for again."""
        found: list[Item] = []
        request: dict[str, Any] = {self.table: {"Keys": list(wanted), "ConsistentRead": True}}
        while request:
            answer = self.client.call("batch_get_item", RequestItems=request)
            served = answer["Responses"].get(self.table, [])
            request = answer.get("UnprocessedKeys") or {}
            if request and not served:
                raise Throttled
            found += served
        return found

    def _partition(self, pk: str) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ConsistentRead": True,
        }

    def _newest_first(self, pk: str, limit: int, cursor: str | None, *, strongly: bool = True) -> Page[Item]:
        """One page of raw items; one more than asked for is read to know whether there is a next page."""
        size = max(1, min(limit, MAX_PAGE))
        start = {"ExclusiveStartKey": {"pk": {"S": pk}, "sk": {"S": decode_cursor(cursor)}}} if cursor else {}
        answer = self.client.call(
            "query",
            **(self._partition(pk) | start | {"ConsistentRead": strongly}),
            ScanIndexForward=False,
            Limit=size + 1,
            ReturnConsumedCapacity="TOTAL",
        )
        items: list[Item] = answer["Items"]
        shown = items[:size]
        more = shown and (len(items) > size or answer.get("LastEvaluatedKey"))
        capacity = answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0)
        return Page(shown, encode_cursor(string(shown[-1], "sk")) if more else None, capacity)


def merge_reads(reads: Sequence[Sequence[Item]]) -> list[Item]:
    """The rows of several reads of one page, newest first, one a group: the last read wins, earlier ones add groups."""
    rows: dict[str, Item] = {}
    for read in reversed(reads):
        known = set(rows)
        for row in read:  # newest first, so a group's first row in a read is the one to keep
            group = string(row, "message_group_uuid")
            if group and group not in known:
                rows.setdefault(group, row)
    return sorted(rows.values(), key=lambda row: string(row, "sk"), reverse=True)


def conversation_of(row: Item) -> Conversation:
    """A row as a conversation; what the original did not write shows as empty."""
    return Conversation(
        group=string(row, "message_group_uuid"),
        last_message_at=string(row, "last_message_sk") or string(row, "sk"),
        text=string(row, "message"),
        other=user_of(row),
    )


def message_of(item: Item) -> Message:
    """A stored message; what the original did not write shows as empty."""
    return Message(
        group=string(item, "pk").removeprefix(keys.MESSAGE),
        created_at=string(item, "sk"),
        uuid=string(item, "message_uuid"),
        text=string(item, "message"),
        sender=user_of(item),
    )


def user_of(item: Item) -> User:
    """The user an item names: a message's sender, a row's other member."""
    return User(string(item, "user_uuid"), string(item, "user_handle"), string(item, "user_display_name"))


def owner_of(row: Item) -> str:
    """Whose list a row is in."""
    return string(row, "pk").removeprefix(keys.ROW)


def _positions(page: Page[Item]) -> list[str]:
    return [string(row, "sk") for row in page.entries]
