"""A table with conversations, in which a test plants what is wrong."""

from dataclasses import dataclass
from time import monotonic

from producer import messages
from producer.chat import Chat
from shared import keys
from shared.models import Item, User
from stream_worker import assembly
from stream_worker.store import DynamoStore
from stream_worker.verify.findings import Finding
from stream_worker.verify.survey import Scope, Survey
from stream_worker.verify.table import Table
from stream_worker.verify.verifier import Verifier
from tests.fakes.native import in_turn
from tests.integration.conftest import Scene


@dataclass(frozen=True, slots=True)
class Planted:
    """The scene, and the table as verify and repair see it."""

    scene: Scene
    table: Table

    def pair(self, one: User, other: User, *texts: str) -> str:
        """A conversation of two, all of whose messages the first one wrote; the rows show the first message."""
        group = messages.start(self.scene.chat, one, [other], texts[0]).group
        for text in texts[1:]:
            messages.send(self.scene.chat, group, one, text)
        return group

    def row(self, user: User) -> Item:
        """The only row of a user's list."""
        [row] = self.scene.everything(keys.ROW + user.uuid)
        return row

    def drop(self, item: Item) -> None:
        """Delete an item, as somebody with a console would."""
        key = {"pk": item["pk"], "sk": item["sk"]}
        self.scene.client.call("delete_item", TableName=self.scene.chat.table, Key=key)

    def verifier(self, scope: Scope | None = None, patience_s: float = 0) -> Verifier:
        """A verifier with little patience."""
        return Verifier(self.table, Survey(self.table, scope or Scope(), in_turn), patience_s, monotonic)

    def findings(self, scope: Scope | None = None) -> list[tuple[str, str, str]]:
        """(grade, what, user) of all that is found."""
        found: list[Finding] = list(self.verifier(scope).findings())
        return sorted((finding.grade.value, finding.what, finding.user) for finding in found)


def plant(scene: Scene) -> Planted:
    """The scene's table, with the scene's client, so that tests can script accidents."""
    chat: Chat = scene.chat
    store = DynamoStore(scene.client, chat.table, assembly.now)
    return Planted(scene, Table(scene.client, chat.table, store, chat.retry))
