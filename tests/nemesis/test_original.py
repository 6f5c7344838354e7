"""The same people, the same looks, the same judge; but the original's loop moves the rows: it is caught."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from producer.schema import Builder
from shared.dynamo import Clients
from shared.retry import Retry
from shared.settings import Settings
from stream_worker import assembly
from stream_worker.contract import Batch
from tests.acceptance.stack import wait_until
from tests.bench.contenders import Reference
from tests.nemesis.checker import check
from tests.nemesis.history import History
from tests.nemesis.people import People, chat_at
from tests.nemesis.run import Goal, plan_of
from tests.nemesis.sampler import Sampler


class Original:
    """`Processor`: the bootcamp's Lambda."""

    def __init__(self, settings: Settings) -> None:
        self._lambda = Reference(settings)

    def process(self, batch: Batch) -> None:
        """Record by record."""
        self._lambda.deliver(batch.records)


@contextmanager
def in_background(settings: Settings, clients: Clients) -> Iterator[None]:
    """The Lambda, until the end of the block."""
    api, over = assembly.streams_of(clients, settings), Event()
    lambdas = assembly.listener(api, api.latest_stream(), settings, Original(settings), on_loss=str)

    def work() -> None:
        while not over.wait(min(0.05, lambdas.step())):
            pass

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture
def history(settings: Settings, clients: Clients, tmp_path: Path) -> Iterator[History]:
    """Of people who write while the Lambda moves rows; nobody is killed, no answer is lost."""
    tables = Builder(clients.dynamodb, Retry(Event()), say=str)
    tables.load(settings.message_table, settings.state_table, enable_stream=False)
    chat, history = chat_at(settings), History(tmp_path / "history.jsonl")
    people = People(chat, history, plan_of(Goal(0, 0, users=8, groups=8, rate=40)))
    sampler = Sampler(chat, history, people.users)
    people.start()
    sampler.start()
    with in_background(settings, clients):
        yield history
        people.hush()  # a row that the original lost is waited for in vain
    sampler.stop()
    history.close()


@pytest.mark.parametrize("what", ["lost", "attribute"])
def test_the_original_is_caught(history: History, what: str) -> None:
    """Between its two calls the row is gone; and what it does not know it drops."""
    wait_until(lambda: any(found.what == what for found in check(history.so_far())), what)
