"""A canary: somebody made up writes to somebody made up, and looks whether both lists show it in time.

It is the only check that goes all the way: write, stream, worker, row. It needs what a producer needs, and nothing of
the worker.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from uuid import NAMESPACE_DNS, uuid5

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from producer import messages
from producer.chat import Chat
from shared.errors import AppError
from shared.models import Message, User
from shared.port import Answer, Routes, verdict

LOOK_AGAIN_S = 0.05
BUCKETS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)
SINGER, LISTENER = (
    User(str(uuid5(NAMESPACE_DNS, f"{name}.pattern-e.invalid")), name, "Canary") for name in ("canary-1", "canary-2")
)
"""Nobody can sign in as one of these, so no person's list ever has them."""


@dataclass(frozen=True, slots=True)
class Song:
    """One message, and what came of it."""

    is_heard: bool
    """Whether both rows showed it in time."""
    seconds: float
    problem: str = ""


class Canary:
    """Sings when asked to; only the newest message is kept.

    Args:
        chat: the table.
        within_s: how soon both rows must show a message.
        monotonic: seconds.
        stop: ends a wait at once.
    """

    def __init__(self, chat: Chat, within_s: float, monotonic: Callable[[], float], stop: Event) -> None:
        self._chat = chat
        self._within_s = within_s
        self._monotonic = monotonic
        self._stop = stop
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "pattern_e_canary_seconds", "From a canary's message to both rows.", buckets=BUCKETS, registry=self.registry
        )
        self._songs = Counter("pattern_e_canary_songs", "Canary messages.", ["heard"], registry=self.registry)
        self._well = Gauge("pattern_e_canary_well", "Whether the last one was heard in time.", registry=self.registry)
        self._group = ""
        self._last: Song | None = None

    def sing(self) -> Song:
        """Write one message and watch for it; what goes wrong is part of the answer."""
        began = self._monotonic()
        try:
            self._settle_in()
            song = self._sung()
        except AppError as error:
            song = Song(is_heard=False, seconds=self._monotonic() - began, problem=str(error))
            self._group = ""  # the table may be another one by now, without the conversation
        self._note(song)
        return song

    @property
    def routes(self) -> Routes:
        """What a port of it answers: alive always, ready while the last message was heard."""
        return {
            "/healthz": lambda: verdict(is_well=True),
            "/readyz": lambda: verdict(is_well=self._last is not None and self._last.is_heard),
            "/metrics": lambda: Answer(generate_latest(self.registry), CONTENT_TYPE_LATEST),
        }

    def _settle_in(self) -> None:
        """A conversation's first message brings its rows along: only the ones after it need a worker."""
        if not self._group:
            self._group = messages.start(self._chat, SINGER, [LISTENER], "settles in").group

    def _sung(self) -> Song:
        began = self._monotonic()
        message = messages.send(self._chat, self._group, SINGER, "sings")
        is_heard = self._is_heard(message, began + self._within_s)
        seconds = self._monotonic() - began
        with suppress(AppError):  # the next one tidies up; it is the rows that are watched
            self._forget_before(message)
        return Song(is_heard, seconds, "" if is_heard else f"not both rows show it after {self._within_s:g} s")

    def _is_heard(self, message: Message, until: float) -> bool:
        while not all(self._shows(user, message) for user in (SINGER, LISTENER)):
            if self._monotonic() >= until or self._stop.wait(LOOK_AGAIN_S):
                return False
        return True

    def _shows(self, user: User, message: Message) -> bool:
        return self._chat.patiently(partial(self._chat.read.shows, message, user.uuid))

    def _forget_before(self, message: Message) -> None:
        """Delete what was sung before: a canary must not fill the table."""
        for old in self._chat.patiently(lambda: list(self._chat.read.history(message.group))):
            if old.created_at < message.created_at:
                messages.delete(self._chat, message.group, SINGER, old.created_at)

    def _note(self, song: Song) -> None:
        self._last = song
        self._well.set(song.is_heard)
        self._songs.labels("yes" if song.is_heard else "no").inc()
        if song.is_heard:
            self._seconds.observe(song.seconds)
