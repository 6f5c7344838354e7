"""What is new in people's lists, while they look on: one look a second a user, however many streams they have open.

A look is one eventually consistent Query of the newest 20 rows; only where it shows something else than was told is the
page read as pattern B wants it. What it costs: docs/api.md.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Protocol, TypeAlias

from chat_app.errors import TooManyRequests
from chat_app.metrics import Metrics
from shared.errors import AppError
from shared.logging import Log
from shared.models import Conversation, Page

THREADS = 8
"""Looks at once; where there are more to take than that allows, each user is looked at less often."""

MAX_STREAMS = 20
"""Of one user."""

STREAM_S = 55.0
"""A stream ends, and its client opens the next: who has vanished without a word costs nothing after a minute, a token
that is over or a user who is gone is noticed, and balancers cut connections at 60 s."""

_EVERY_S = 1.0

Sight: TypeAlias = Page[Conversation] | None
"""The newest page of somebody's list; None: it cannot be read now."""


class Lists(Protocol):
    """Pattern B: `shared.conversations.Conversations`."""

    def of_user(self, user: str) -> Page[Conversation]:
        """The newest page, right."""

    def glance(self, user: str) -> Page[Conversation]:
        """The newest page, cheap."""


class Live:
    """One process's; of the event loop, but for the looks themselves.

    Args:
        lists: what is looked at.
        metrics, log: hear of looks, streams and trouble.
        every_s: between two looks at a user's list.
        stream_s: how long a stream lives.
    """

    def __init__(
        self, lists: Lists, metrics: Metrics, log: Log, *, every_s: float = _EVERY_S, stream_s: float = STREAM_S
    ) -> None:
        self._lists, self._metrics, self._log = lists, metrics, log
        self._every_s, self.stream_s = every_s, stream_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="look")
        self._rooms: dict[str, _Room] = {}
        self._is_over = self._is_in_trouble = False

    @asynccontextmanager
    async def watched(self, user: str) -> AsyncIterator["Watch"]:
        """A stream of news of this user's list.

        Raises:
            TooManyRequests: they have as many as one may have.
        """
        room = self._rooms.get(user)
        if room is None:
            room = self._rooms[user] = _Room()
            room.looking = asyncio.create_task(self._look(user, room))
        elif room.watches >= MAX_STREAMS:
            raise TooManyRequests(wait_s=round(self.stream_s))
        room.watches += 1
        self._metrics.streams.inc()
        try:
            yield Watch(room)
        finally:
            self._metrics.streams.dec()
            room.watches -= 1
            if not room.watches:
                self._leave(user, room)

    def close(self) -> None:
        """End all streams, now and from now on: the process stops."""
        self._is_over = True
        for room in self._rooms.values():
            room.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _leave(self, user: str, room: "_Room") -> None:
        del self._rooms[user]
        if room.looking:
            room.looking.cancel()

    async def _look(self, user: str, room: "_Room") -> None:
        try:
            while not self._is_over:
                room.tell(await self._sight(user, room.sight))
                await asyncio.sleep(self._every_s)
        finally:  # whatever ends it: nobody waits for news that will not come
            room.end()

    async def _sight(self, user: str, last: Sight) -> Sight:
        loop = asyncio.get_running_loop()
        try:
            sight = await loop.run_in_executor(self._threads, self._look_once, user, last)
        except AppError as error:
            self._in_trouble(error)
            return None
        self._is_in_trouble = False
        return sight

    def _look_once(self, user: str, last: Sight) -> Page[Conversation]:
        """The newest page; the very same object if there is nothing new."""
        if last is not None and _same(self._lists.glance(user), last):
            self._metrics.looked("same")
            return last
        self._metrics.looked("whole")
        page = self._lists.of_user(user)
        return last if last is not None and _same(page, last) else page

    def _in_trouble(self, error: AppError) -> None:
        """Said once, whosever look it is: with many streams it would be hundreds of lines a second."""
        self._metrics.unavailable(type(error).__name__)
        if not self._is_in_trouble:
            self._is_in_trouble = True
            self._log.warning(
                "looks_unavailable", error=type(error).__name__, reason=str(error), next="each is taken again in 1 s"
            )


class Watch:
    """One stream's place: what it has been told, and what is new."""

    def __init__(self, room: "_Room") -> None:
        self._room = room
        self._told = 0

    async def news(self, within_s: float) -> tuple[Sight] | None:
        """What is there to be told, the last of it if there was more; None: nothing in time, or no more ever."""
        try:
            async with asyncio.timeout(within_s):
                while self._told == self._room.version and not self._room.is_over:
                    await self._room.changed.wait()
        except TimeoutError:
            return None
        if self._room.is_over:
            return None
        self._told = self._room.version
        return (self._room.sight,)


class _Room:
    """One user's: what was last seen, and who waits for more."""

    def __init__(self) -> None:
        self.sight: Sight = None
        self.version = 0
        self.watches = 0
        self.is_over = False
        self.changed = asyncio.Event()
        self.looking: asyncio.Task[None] | None = None

    def tell(self, sight: Sight) -> None:
        if self.version and sight is self.sight:
            return
        self.sight = sight
        self.version += 1
        self._wake()

    def end(self) -> None:
        self.is_over = True
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


def _same(one: Page[Conversation], other: Page[Conversation]) -> bool:
    return (list(one.entries), one.cursor) == (list(other.entries), other.cursor)
