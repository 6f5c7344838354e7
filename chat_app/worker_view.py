"""What a stream worker says of itself at /status, for the page's pane "under the hood"."""

import json
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from chat_app.fetch import FAILURES, Fetch, fetch, in_time

_FRESH_S = 0.4
_PATIENCE_S = 1.0

SHOWN = ("consumer", "role", "ready", "iterator_age_s", "lag_ms", "totals", "rates_per_s", "dirty_groups", "hood")
"""Of all that a worker tells."""

_SILENT: Mapping[str, Any] = {"answers": False}


class WorkerView:
    """Asks the workers, at most a few times a second, whoever wants to know; any thread may ask.

    Args:
        urls: where each one's /status is; the one that works is shown, not its standby.
        get: how it is got.
        patience_s: for each.
        monotonic: seconds.
    """

    def __init__(
        self,
        urls: tuple[str, ...],
        *,
        get: Fetch = fetch,
        patience_s: float = _PATIENCE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._urls, self._get, self._patience_s, self._monotonic = urls, get, patience_s, monotonic
        self._lock = Lock()
        self._asked_at, self._said = float("-inf"), _SILENT

    @property
    def is_set(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._urls)

    def status(self) -> Mapping[str, Any]:
        """What the active worker says; `{"answers": false}` where none does.

        While one asks, all others are told what was said last: a worker that is frozen must not hold their threads.
        """
        if self._lock.acquire(blocking=False):
            try:
                if self._monotonic() - self._asked_at > _FRESH_S:
                    self._said = self._ask()
                    self._asked_at = self._monotonic()
            finally:
                self._lock.release()
        return self._said

    def _ask(self) -> Mapping[str, Any]:
        """The one that works is asked first from then on, so that one who is gone keeps nobody waiting."""
        standby: dict[str, Any] = {}
        for url in self._urls:
            said = self._status_at(url)
            if said.get("is_active"):
                self._urls = (url, *(other for other in self._urls if other != url))
                return _shown(said)
            standby = standby or said
        return _shown(standby) if standby else _SILENT

    def _status_at(self, url: str) -> dict[str, Any]:
        try:
            said = json.loads(in_time(self._get, url, self._patience_s))
        except FAILURES:  # a worker that is down is what the pane says, and no trouble of ours
            return {}
        return said if isinstance(said, dict) else {}


def _shown(said: dict[str, Any]) -> dict[str, Any]:
    return {"answers": True, **{name: said[name] for name in SHOWN if name in said}}
