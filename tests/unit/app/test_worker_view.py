"""What the page is shown of the workers: the one that works, a few times a second at most, and nothing it needs not."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from chat_app.worker_view import WorkerView
from tests.fakes.clock import Clock

ACTIVE = {"is_active": True, "role": "active", "ready": True, "owner": "i-1", "streams": ["arn"], "hood": {"calls": {}}}
STANDBY = {"is_active": False, "role": "standby", "ready": True}


class Workers:
    """Answers by address; who has none does not answer."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, list[str]()

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.answers:
            raise OSError("refused")
        return json.dumps(self.answers[url]).encode()


def test_the_one_that_works_is_shown() -> None:
    """Not its standby; and of all it says only what the page needs, no names of machines or streams."""
    view = WorkerView(("a", "b"), get=Workers(a=STANDBY, b=ACTIVE))
    assert view.status() == {"answers": True, "role": "active", "ready": True, "hood": {"calls": {}}}


def test_a_standby_is_better_than_nobody() -> None:
    """Where none works."""
    assert WorkerView(("a", "b"), get=Workers(b=STANDBY)).status()["role"] == "standby"


def test_nobody_answers() -> None:
    """Or what answers is no worker: it is said, and no trouble."""
    assert WorkerView(("a", "b", "c"), get=Workers(b=[1], c="x")).status() == {"answers": False}


def test_many_who_look_on_ask_once() -> None:
    """A worker is not asked more often for more people; after half a second it is asked again."""
    workers, clock = Workers(a=ACTIVE), Clock()
    view = WorkerView(("a",), get=workers, monotonic=clock.monotonic)
    for _ in range(10):
        view.status()
    assert workers.asked == ["a"]
    clock.advance(0.5)
    view.status()
    assert workers.asked == ["a", "a"]


def test_one_who_is_gone_keeps_nobody_waiting() -> None:
    """Who has worked is asked first from then on."""
    workers, clock = Workers(b=ACTIVE), Clock()
    view = WorkerView(("a", "b"), get=workers, monotonic=clock.monotonic)
    view.status()
    clock.advance(1)
    view.status()
    assert workers.asked == ["a", "b", "b"]


def test_a_frozen_worker_holds_one_thread_only() -> None:
    """While one waits for its answer, everybody else is told at once what was said last."""
    frozen, let_go = Event(), Event()

    def freeze(_url: str) -> bytes:
        frozen.set()
        let_go.wait(60)
        return json.dumps(ACTIVE).encode()

    view = WorkerView(("a",), get=freeze, patience_s=60)
    with ThreadPoolExecutor(1) as first:
        waits = first.submit(view.status)
        assert frozen.wait(60)
        assert [view.status() for _ in range(10)] == [{"answers": False}] * 10
        let_go.set()
        assert waits.result(60)["role"] == "active"
