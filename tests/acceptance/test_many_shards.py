"""The real worker on a stream of many shards that split while it reads."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.acceptance.lineage import order
from tests.acceptance.stack import Stack, Worker, wait_until
from tests.nemesis.shards import splits_and_kills
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


def assert_read_in_order(control: ManyShards, workers: list[Worker]) -> None:
    """Every shard was opened, each child after its parent's end, and no shard was read to its end twice."""
    shards = {shard["ShardId"] for shard in control.shards()}
    wait_until(lambda: not order(shards, workers).unread, "every shard")
    assert order(shards, workers).is_right, order(shards, workers)


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
def test_two_minutes_of_splits_and_kills(settings: Settings, tmp_path: Path) -> None:
    """Eight shards split every three seconds under traffic while workers are killed: 0 wrong."""
    result = splits_and_kills(settings, tmp_path)
    assert result.wrong == 0
    assert result.order.shards > 40
    assert result.order.is_right, result.order
