"""The canary: heard where a worker works, missed where none does, and never in anybody's way."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from time import monotonic

import pytest

from producer.canary import LISTENER, SINGER, Canary
from producer.chat import Chat, utc_now
from shared.errors import Unreachable
from shared.retry import Retry
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.store import DynamoStore
from tests.fakes.faulty import refused
from tests.integration.conftest import NOON, Scene


class Meanwhile(Event):
    """Whoever waits for it lets somebody else act."""

    def __init__(self, deed: Callable[[], object]) -> None:
        super().__init__()
        self._deed = deed

    def wait(self, timeout: float | None = None) -> bool:
        """See `Event`."""
        del timeout
        self._deed()
        return False


def hatch(chat: Chat, within_s: float = 0.1, deed: Callable[[], object] = lambda: None) -> Canary:
    """A canary with a clock that goes; `deed` is what happens while it listens."""
    return Canary(replace(chat, clock=utc_now), within_s, monotonic, Meanwhile(deed))


def group(chat: Chat) -> str:
    """The canary's conversation."""
    return chat.read.of_user(SINGER.uuid, limit=1).entries[0].group


def work(chat: Chat) -> None:
    """What a worker does about it."""
    store = DynamoStore(chat.client, chat.table, lambda: NOON)
    Reconciler(store, Memory(), Retry(Event())).reconcile(group(chat))


def test_without_a_worker_nobody_hears_it(scene: Scene) -> None:
    """Not even the very first message, whose rows came with it: it is not what is watched."""
    canary = hatch(scene.chat)
    assert [canary.sing().is_heard for _ in range(2)] == [False, False]
    assert canary.routes["/readyz"]().status == 503
    assert b'pattern_e_canary_songs_total{heard="no"} 2.0' in canary.routes["/metrics"]().body


def test_with_a_worker_it_is_heard(scene: Scene) -> None:
    """By both sides; how soon is a metric."""
    canary = hatch(scene.chat, 100, lambda: work(scene.chat))
    assert canary.sing().is_heard
    assert canary.routes["/readyz"]().status == 200
    assert canary.registry.get_sample_value("pattern_e_canary_seconds_count") == 1
    assert canary.registry.get_sample_value("pattern_e_canary_well") == 1
    assert canary.routes["/healthz"]().status == 200


def test_one_row_of_two_is_not_enough(scene: Scene) -> None:
    """A worker that moves the singer's and leaves the listener's is what the original was."""
    store = DynamoStore(scene.chat.client, scene.chat.table, lambda: NOON)
    reconciler = Reconciler(store, Memory(), Retry(Event()))
    canary = hatch(scene.chat, 0.1, lambda: reconciler.reconcile(group(scene.chat), [SINGER.uuid]))
    assert not canary.sing().is_heard
    assert canary.registry.get_sample_value("pattern_e_canary_well") == 0


def test_a_canary_keeps_one_message(scene: Scene) -> None:
    """A year of minutes would be half a million."""
    canary = hatch(scene.chat)
    for _ in range(3):
        canary.sing()
    assert len(list(scene.chat.read.history(group(scene.chat)))) == 1
    assert {entry.group for entry in scene.chat.read.of_user(LISTENER.uuid).entries} == {group(scene.chat)}


@pytest.mark.parametrize("operation", ["transact_write_items", "query"])
def test_a_canary_survives_what_it_is_there_to_notice(scene: Scene, operation: str) -> None:
    """An engine that does not answer is a song nobody heard, with the reason; the next one is sung all the same."""
    canary = hatch(Chat(scene.client, scene.chat.table, Retry(Event(), total_s=0)), 100, lambda: work(scene.chat))
    scene.client.meet(operation, refused(Unreachable("Nobody answers.")))
    song = canary.sing()
    assert (song.is_heard, song.problem) == (False, "Nobody answers.")
    assert canary.sing().is_heard


def test_a_canary_settles_in_again_when_its_table_was_made_anew(scene: Scene) -> None:
    """LocalStack forgets its tables when it restarts; the canary goes on by itself, as the worker does."""
    canary = hatch(scene.chat, 100, lambda: work(scene.chat))
    assert canary.sing().is_heard
    for item in list(scene.client.items("scan", TableName=scene.chat.table)):
        scene.client.call("delete_item", TableName=scene.chat.table, Key={"pk": item["pk"], "sk": item["sk"]})
    assert "Nobody knows the group" in canary.sing().problem
    assert canary.sing().is_heard


def test_a_song_that_was_heard_stays_heard_when_tidying_up_fails(scene: Scene) -> None:
    """It is the rows that are watched; the next one tidies up after both."""
    chat = Chat(scene.client, scene.chat.table, Retry(Event(), total_s=0))
    canary = hatch(chat, 100, lambda: work(chat))
    scene.client.meet("delete_item", refused(Unreachable("Nobody answers.")))
    assert canary.sing().is_heard
    canary.sing()
    assert len(list(chat.read.history(group(chat)))) == 1
