"""Eight shards that split every three seconds, for two minutes, under traffic and kills."""

import random
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from shared.settings import Settings
from tests.acceptance.lineage import Order, order
from tests.acceptance.stack import Stack, Worker, wait_until
from tests.places import ManyShards

SHARDS = ("--shards", "8", "--split-every", "3", "--roll-every", "7", "--seed", "4")
LISTINGS = ("--children-late", "0.5", "--listing-lacks", "0.1", "--empty-pages", "0.1")
TRAFFIC = ("producer", "traffic", "--edits", "0.1", "--deletes", "0.05", "--churn", "0.05")
MESSAGES, A_SECOND = 1500, 12


@dataclass(frozen=True, slots=True)
class Splits:
    """What came of it."""

    order: Order
    messages: int
    kills: int
    wrong: int


def splits_and_kills(settings: Settings, folder: Path) -> Splits:
    """Workers read, are killed and replaced, until the traffic is over and every shard was opened.

    Raises:
        AssertionError: the traffic failed, or a shard was never opened.
    """
    with ExitStack() as cleanup:
        control = cleanup.enter_context(ManyShards(settings, *SHARDS, *LISTINGS))
        stack = Stack(control.settings, folder)
        cleanup.callback(stack.close)
        stack.do("producer", "schema-load")
        workers, kills = _kill_under_traffic(stack)
        wrong = int(stack.verify()["wrong"])
        shards = {shard["ShardId"] for shard in control.shards()}
        wait_until(lambda: not order(shards, workers).unread, "every shard")
        return Splits(order(shards, workers), MESSAGES, kills, wrong)


def _kill_under_traffic(stack: Stack) -> tuple[list[Worker], int]:
    """All workers that there were, and how many of them were killed while they held the lease."""
    size = ("--total", str(MESSAGES), "--rate", str(A_SECOND), "--groups", "60", "--users", "40")
    traffic = stack.start(*TRAFFIC, *size)
    workers, dice, kills = [stack.worker(), stack.worker()], random.Random(4711), 0
    active = list(workers)
    while traffic.poll() is None:
        Event().wait(dice.uniform(8, 12))
        for worker in [worker for worker in active if worker.has_said("lease_taken")][-1:]:
            worker.kill()
            kills += 1
            workers.append(stack.worker())
            active = [one for one in active if one is not worker] + workers[-1:]
    assert traffic.returncode == 0, traffic.communicate()[1]
    return workers, kills
