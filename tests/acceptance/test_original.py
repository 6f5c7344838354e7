"""Tables that the original's algorithm has worked on: right from the first start on."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.dynamo import Clients
from tests.acceptance.original import Original
from tests.acceptance.stack import Stack
from tests.fakes.table import at

USERS = [f"user-{n}" for n in range(8)]
GROUPS = {f"group-{n}": (USERS[n % 8], USERS[(n * 3 + 1) % 8]) for n in range(16) if n % 8 != (n * 3 + 1) % 8}


def when(group: str, number: int) -> str:
    """The time stamp of a group's message; some groups share theirs."""
    return at(100 * number + list(GROUPS).index(group) // 2)


@pytest.fixture
def corrupted(stack: Stack, clients: Clients) -> Stack:
    """Two Lambdas at a time, out of order, twice now and then; many groups on the same time stamps."""
    lambdas = Original(clients, stack.settings.message_table, GROUPS)
    for group in GROUPS:
        lambdas.create(group, when(group, 0))
    events = [(group, when(group, stamp)) for group in GROUPS for stamp in range(1, 9)]
    random.Random(7).shuffle(events)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda event: lambdas.send(*event), events + events[::5]))
    for group in list(GROUPS)[:5]:
        lambdas.race(group, when(group, 20), when(group, 21))
    return stack


def test_a_corrupted_table_ends_right(corrupted: Stack) -> None:
    """Stale, doubled and overwritten rows are right after the first sweep; what is lost is named suspect."""
    before = corrupted.verify(patience_s=0)
    assert before["wrong"] > 0
    assert {"stale", "duplicate"} <= {finding["what"] for finding in before["findings"]}
    corrupted.worker().wait_for("sweep_done")
    corrupted.assert_right()
    lost = [finding for finding in corrupted.verify()["findings"] if finding["grade"] == "suspect"]
    assert lost
