"""The real worker on a stream of many shards that split while it reads."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from shared.settings import Settings
from tests.acceptance.stack import Stack, Worker, wait_until
from tests.places import ManyShards

TRAFFIC = ("producer", "traffic", "--edits", "0.1", "--deletes", "0.05", "--churn", "0.05")

Build = Callable[..., tuple[Stack, ManyShards]]


@pytest.fixture
def build(settings: Settings, tmp_path: Path) -> Iterator[Build]:
    """Makes a stack of processes whose endpoint is a stream of many shards, with the engine behind it."""
    with ExitStack() as all_of:

        def build(*options: str) -> tuple[Stack, ManyShards]:
            control = all_of.enter_context(ManyShards(settings, *options))
            stack = Stack(control.settings, tmp_path)
            all_of.callback(stack.close)
            stack.do("producer", "schema-load")
            return stack, control

        yield build


Lines = list[dict[str, Any]]


def tenures(worker: Worker) -> list[Lines]:
    """Its log, cut where it took the lease: before that, another one may have read on."""
    cuts = [at for at, line in enumerate(worker.lines) if line["event"] == "lease_taken"]
    return [worker.lines[start:end] for start, end in pairwise([*cuts, None])]


def places(lines: Lines, event: str) -> dict[str, int]:
    """Where each shard has a line of this event."""
    return {line["shard"]: at for at, line in enumerate(lines) if line["event"] == event}


def too_early(lines: Lines) -> list[str]:
    """The shards that were opened although their parent was still being read."""
    opened, ended = places(lines, "shard_opened"), places(lines, "shard_ended")
    parents = {line["shard"]: line["parent"] for line in lines if line["event"] == "shard_opened"}
    return [shard for shard, at in opened.items() if parents[shard] in opened and ended.get(parents[shard], at) >= at]


def assert_read_in_order(control: ManyShards, workers: list[Worker]) -> None:
    """Every shard was opened, each child after its parent's end, and no shard was read to its end twice."""
    shards = {shard["ShardId"] for shard in control.shards()}
    wait_until(
        lambda: shards <= {shard for worker in workers for shard in places(worker.lines, "shard_opened")},
        "every shard",
    )
    assert [too_early(lines) for worker in workers for lines in tenures(worker) if too_early(lines)] == []
    ends = Counter(line["shard"] for worker in workers for line in worker.lines if line["event"] == "shard_ended")
    assert [shard for shard, times in ends.items() if times > 1] == []


def test_eight_shards_split_under_traffic(build: Build) -> None:
    """Each child is read after its parent, and every row ends right."""
    stack, control = build("--shards", "8", "--split-every", "1", "--seed", "1")
    worker = stack.worker()
    stack.do(*TRAFFIC, "--total", "150", "--groups", "15", "--users", "12")
    stack.assert_right()
    assert len(control.shards()) > 12
    assert_read_in_order(control, [worker])


@pytest.mark.slow
def test_listings_that_are_late_and_lack_shards(build: Build) -> None:
    """A child that is shown without its parent waits; one that is not shown yet is asked for again."""
    options = ("--children-late", "1.5", "--listing-lacks", "0.3", "--empty-pages", "0.3")
    stack, control = build("--shards", "4", "--split-every", "2", "--seed", "2", *options)
    worker = stack.worker()
    stack.do(*TRAFFIC, "--total", "100", "--groups", "10", "--users", "10")
    stack.assert_right()
    assert_read_in_order(control, [worker])


def test_trimmed_under_the_worker(build: Build) -> None:
    """What was trimmed while no worker ran is made good by a sweep; shards that are forgotten are no riddle."""
    stack, control = build("--shards", "4", "--seed", "3")
    first = stack.worker()
    stack.do("producer", "send", "--from", "andrewbrown", "--to", "bayko", "before")
    first.wait_for("batch_settled")  # a position that can be trimmed
    assert first.terminate() == 0
    stack.do("producer", "send", "--from", "bayko", "--to", "andrewbrown", "unseen")
    control.command("split", all="1")
    control.command("trim")
    second = stack.worker()
    second.wait_for("records_trimmed")
    wait_until(lambda: "unseen" in stack.do("producer", "list-conversations", "andrewbrown"), "the message")
    stack.assert_right()
    assert_read_in_order(control, [second])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_minutes_of_splits_and_kills(build: Build) -> None:
    """Eight shards split every three seconds under traffic while workers are killed: 0 wrong."""
    options = ("--children-late", "0.5", "--listing-lacks", "0.1", "--empty-pages", "0.1")
    stack, control = build("--shards", "8", "--split-every", "3", "--roll-every", "7", "--seed", "4", *options)
    traffic = stack.start(*TRAFFIC, "--total", "1500", "--groups", "60", "--users", "40", "--rate", "12")
    workers, dice = [stack.worker(), stack.worker()], random.Random(4711)
    active = workers
    while traffic.poll() is None:
        Event().wait(dice.uniform(8, 12))
        holders = [worker for worker in active if worker.has_said("lease_taken")]
        for worker in holders[-1:]:
            worker.kill()
            workers.append(stack.worker())
            active = [one for one in active if one is not worker] + workers[-1:]
    assert traffic.returncode == 0, traffic.communicate()[1]
    stack.assert_right()
    assert len(control.shards()) > 40
    assert_read_in_order(control, workers)
