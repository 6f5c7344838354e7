"""The worker as a process: from a put to the moved row, and its memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles
from threading import Event
from time import perf_counter

from producer import messages
from producer.chat import Chat
from shared.dynamo import connect
from shared.models import User
from shared.retry import Retry
from tests.acceptance.stack import Stack, wait_until
from tests.acceptance.usage import most_memory_mb

ANN, BOB = User("bench-ann", "ann", "Ann"), User("bench-bob", "bob", "Bob")
SENDS = 60
PAUSE_S = 0.137  # no multiple of the worker's 200 ms between two polls


@dataclass(frozen=True, slots=True)
class Live:
    """Milliseconds from the put's answer until the row shows the message; resident memory in MB."""

    p50_ms: float
    p95_ms: float
    memory_mb: float


def watch(stack: Stack) -> Live:
    """A worker drains a backlog, then each of some messages is timed."""
    stack.do("producer", "schema-load")
    stack.do("producer", "traffic", "--total", "1500", "--groups", "100", "--users", "60")
    worker = stack.worker(WORKER_POLL_MS="200")
    wait_until(lambda: stack.verify(0)["wrong"] == 0 and worker.has_said("sweep_done"), "the backlog to be drained")
    times = latencies(stack)
    return Live(median(times), quantiles(times, n=20)[-1], most_memory_mb(worker.process.pid))


def latencies(stack: Stack) -> list[float]:
    """Of some messages, one after the other: milliseconds until the row shows it."""
    settings = stack.settings
    chat = Chat(connect(settings).dynamodb, settings.message_table, Retry(Event()))
    return list(_times(chat, messages.start(chat, ANN, [BOB], "hello").group))


def _times(chat: Chat, group: str) -> Iterator[float]:
    for number in range(SENDS):
        Event().wait(PAUSE_S)
        message = messages.send(chat, group, ANN, f"message {number}", seats=[])
        began = perf_counter()
        while not chat.read.shows(message):
            Event().wait(0.002)
        yield 1000 * (perf_counter() - began)
