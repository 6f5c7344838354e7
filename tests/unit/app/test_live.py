"""Looks at people's lists: one a second a user, nothing told twice, nobody forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from chat_app.errors import TooManyRequests
from chat_app.live import MAX_STREAMS, Live, Watch
from chat_app.metrics import Metrics
from shared.errors import Throttled
from shared.models import Conversation, Page, User
from tests.fakes.outlets import Lines

ANN, BEN = "ann", "ben"
SOON_S = 30.0
"""How long a test waits for what surely comes."""


class Lists:
    """Everybody's list, of one conversation; counts who looks how."""

    def __init__(self) -> None:
        self.text, self.glanced, self.read = "first", list[str](), list[str]()
        self.is_down = self.is_torn = False

    def of_user(self, user: str) -> Page[Conversation]:
        self.read.append(user)
        return self._page()

    def glance(self, user: str) -> Page[Conversation]:
        self.glanced.append(user)
        page = self._page()
        return Page([], None, 0.5) if self.is_torn else page

    def _page(self) -> Page[Conversation]:
        if self.is_down:
            raise Throttled
        return Page([Conversation("g", "2026", self.text, User("u", "ben", "Ben"))], None, float(len(self.read)))


class Scene:
    """Streams, what they look at, what is said about it."""

    def __init__(self) -> None:
        self.lists, self.metrics, self.log = Lists(), Metrics(), Lines()
        self.live = Live(self.lists, self.metrics, self.log, every_s=0.005)

    def count(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name) or 0.0


def play(act: Callable[[Scene], Awaitable[None]]) -> Scene:
    """The scene after this."""
    scene = Scene()
    asyncio.run(_played(scene, act))
    return scene


async def _played(scene: Scene, act: Callable[[Scene], Awaitable[None]]) -> None:
    await act(scene)
    scene.live.close()


async def text_of(watch: Watch) -> str | None:
    """What the stream is told next: the newest text, None where the list cannot be read."""
    news = await watch.news(SOON_S)
    assert news
    [sight] = news
    return sight.entries[0].text if sight else None


async def looks(scene: Scene, more: int) -> None:
    """Wait until so many further looks were taken."""
    wanted = len(scene.lists.glanced) + more
    while len(scene.lists.glanced) < wanted:  # noqa: ASYNC110 - looks are taken in threads, which set no event
        await asyncio.sleep(0.001)


def test_the_list_is_told_at_once_and_then_when_it_changes() -> None:
    """The first look reads the whole page; a glance that shows the same is told to nobody."""

    async def act(scene: Scene) -> None:
        async with scene.live.watched(ANN) as watch:
            assert await text_of(watch) == "first"
            await looks(scene, 5)
            assert await watch.news(0) is None
            scene.lists.text = "second"
            assert await text_of(watch) == "second"

    assert play(act).lists.read == [ANN, ANN]


def test_one_look_serves_all_streams_of_a_user() -> None:
    """However many tabs: they read once; another user is looked at apart."""

    async def act(scene: Scene) -> None:
        async with AsyncExitStack() as open_streams:
            watches = [await open_streams.enter_async_context(scene.live.watched(ANN)) for _ in range(5)]
            assert [await text_of(watch) for watch in watches] == ["first"] * 5
            assert scene.lists.read == [ANN]
            assert scene.count("chat_app_streams") == 5
            other = await open_streams.enter_async_context(scene.live.watched(BEN))
            await text_of(other)

    assert play(act).lists.read == [ANN, BEN]


def test_who_has_gone_is_not_looked_at() -> None:
    """Nothing is read for a user without a stream, and their next stream begins anew."""

    async def act(scene: Scene) -> None:
        async with scene.live.watched(ANN) as watch:
            await text_of(watch)
        async with scene.live.watched(BEN) as watch:
            await looks(scene, 2)
            before = len(scene.lists.glanced)
            await looks(scene, 5)
            assert set(scene.lists.glanced[before:]) == {BEN}
        async with scene.live.watched(ANN) as watch:
            assert await text_of(watch) == "first"

    assert play(act).count("chat_app_streams") == 0


def test_a_slow_stream_is_told_the_last_of_it() -> None:
    """What came meanwhile is not kept for it: a stream costs the same, however slow its client is."""

    async def act(scene: Scene) -> None:
        async with scene.live.watched(ANN) as slow, scene.live.watched(ANN) as quick:
            for text in ("a", "b", "c"):
                scene.lists.text = text
                while await text_of(quick) != text:
                    pass
            assert await text_of(slow) == "c"
            assert await slow.news(0) is None

    play(act)


def test_a_glance_that_lacks_a_row_tells_nobody_anything() -> None:
    """A row that moves while it is read can be missed: the page is then read as pattern B wants it."""

    async def act(scene: Scene) -> None:
        async with scene.live.watched(ANN) as watch:
            await text_of(watch)
            scene.lists.is_torn = True
            await looks(scene, 3)
            assert await watch.news(0) is None

    assert len(play(act).lists.read) >= 3


def test_a_list_that_cannot_be_read_is_said_and_looked_at_again() -> None:
    """`None` once, then the list as soon as it is there, also if it is the same; one line in the log for all."""

    async def act(scene: Scene) -> None:
        async with scene.live.watched(ANN) as watch, scene.live.watched(BEN) as other:
            assert (await text_of(watch), await text_of(other)) == ("first", "first")
            scene.lists.is_down = True
            assert (await text_of(watch), await text_of(other)) == (None, None)
            scene.lists.is_down = False
            assert (await text_of(watch), await text_of(other)) == ("first", "first")

    scene = play(act)
    assert [event for event, _ in scene.log.lines] == ["looks_unavailable"]
    assert scene.count("chat_app_unavailable_total") == 0
    assert b'chat_app_unavailable_total{error="Throttled"}' in scene.metrics.text()


def test_the_end_ends_every_stream() -> None:
    """Those that wait, and those that come later."""

    async def act(scene: Scene) -> None:
        async with scene.live.watched(ANN) as watch:
            await text_of(watch)
            waits = asyncio.create_task(watch.news(SOON_S))
            await asyncio.sleep(0)
            scene.live.close()
            assert await waits is None
        async with scene.live.watched(ANN) as late:
            assert await late.news(SOON_S) is None

    play(act)


def test_a_look_that_breaks_ends_the_streams_it_was_for() -> None:
    """A bug must not leave them waiting for news that will not come; the client comes again."""

    async def act(scene: Scene) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        scene.lists.text = None  # type: ignore[assignment]
        del scene.lists.is_down
        async with scene.live.watched(ANN) as watch:
            assert await watch.news(SOON_S) is None

    play(act)


def test_one_user_has_so_many_streams() -> None:
    """One more is refused, until one ends."""

    async def act(scene: Scene) -> None:
        async with AsyncExitStack() as open_streams:
            for _ in range(MAX_STREAMS):
                await open_streams.enter_async_context(scene.live.watched(ANN))
            with pytest.raises(TooManyRequests):
                await open_streams.enter_async_context(scene.live.watched(ANN))
            await open_streams.enter_async_context(scene.live.watched(BEN))
        async with scene.live.watched(ANN) as watch:
            assert await text_of(watch) == "first"

    play(act)
