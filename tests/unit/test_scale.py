"""docs/scale.md and the costs in deploy/README.md are what the arithmetic says, and the arithmetic is sane."""

from inspect import signature
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from stream_worker.reconcile.memory import Memory
from tests.bench.scale import FEW_SHARDS, REMEMBERED, Driver, Plan, most_native, plan, sweep
from tests.bench.scale_costs import Bill
from tests.bench.scale_load import FASTEST, Load
from tests.bench.scale_measured import kept
from tests.bench.scale_report import blocks, markers

FOUND = kept()
RATES = (0.1, 1, 10, 100, 1_000, 100_000)


@pytest.mark.parametrize("block", blocks(FOUND).items(), ids=lambda block: block[0][1])
def test_the_documents_say_what_the_arithmetic_says(block: tuple[tuple[Path, str], list[str]]) -> None:
    """After a change of a price, a formula or a measurement: scripts/bench scale --write."""
    (document, name), lines = block
    begin, end = markers(name)
    _, _, rest = document.read_text(encoding="utf-8").partition(begin + "\n")
    assert rest.partition(end)[0].splitlines() == lines


@pytest.mark.parametrize("members", [2, 10])
def test_more_messages_never_cost_less(members: int) -> None:
    """Of no line of the bill, as long as the driver is the same; nor of all of it."""
    bills = [Bill(plan(Load(rate, 1e8, members), FOUND)) for rate in RATES]
    assert [bill.dollars for bill in bills] == sorted(bill.dollars for bill in bills)
    for less, more in pairwise(bills):
        if less.plan.driver is more.plan.driver:
            assert all(more.of_the_worker()[name] >= dollars for name, dollars in less.of_the_worker().items())


@pytest.mark.parametrize("rate", RATES)
def test_no_more_tasks_than_shards(rate: float) -> None:
    """A task more would have nothing to read; and each process has a core for what it reads."""
    bill = Bill(plan(Load(rate, 1e8), FOUND))
    assert 2 <= bill.tasks.number <= bill.plan.shards
    assert bill.plan.cores <= bill.tasks.number * bill.tasks.vcpu


def test_the_native_driver_ends_and_the_fleet_begins() -> None:
    """At half a core, whatever this machine is."""
    end = most_native(FOUND, share=0.5)
    assert plan(Load(end * 0.9, 1e6), FOUND).driver is Driver.NATIVE
    assert plan(Load(end * 1.1, 1e6), FOUND).driver is Driver.KCL


def test_nobody_types_faster_than_people() -> None:
    """All messages are written, and the busiest groups write as fast as their members can."""
    load = Load(1_000, 1e6, members=10)
    assert sum(number * rate for number, rate in load.spread) == pytest.approx(1_000)
    assert max(rate for _, rate in load.spread) == pytest.approx(FASTEST * 10)


def test_a_group_is_moved_once_for_all_its_messages_between_two_polls() -> None:
    """The formula, against messages that are dealt by lot."""
    load, draw = Load(50, 400, poll_s=1.0), Random(1)
    groups = [rate for number, rate in load.spread for _ in range(round(number))]
    dealt = [len(set(draw.choices(range(len(groups)), groups, k=50))) for _ in range(400)]
    assert load.touched(1.0) == pytest.approx(sum(dealt) / len(dealt), rel=0.03)


def test_it_foretells_what_the_bench_has_counted() -> None:
    """Write units of "live, 1,000 a batch" in docs/performance.md: 1.31 a message, in a hundred pairs."""
    moved = Load(1, 200).touched(1000)
    assert moved * (6 * 2 + 2) / 1000 == pytest.approx(1.31, rel=0.02)


def test_a_longer_pause_moves_less() -> None:
    """Never fewer messages a move."""
    moves = [Plan(Load(1_000, 1e6, poll_s=pause), Driver.KCL, FOUND).moves for pause in (0.2, 1, 5, 30)]
    assert moves == sorted(moves, reverse=True)


def test_the_processor_time_foretold_is_the_measured_one() -> None:
    """Worked out from ten messages a second, true at forty."""
    load = Plan(Load(40, 200), Driver.NATIVE, FOUND)
    assert load.shards == FEW_SHARDS
    assert 1000 * load.work_cores / 40 == pytest.approx(FOUND.native_fast_ms, rel=0.35)


def test_a_process_remembers_what_the_code_says() -> None:
    """And a table that fits is remembered whole."""
    assert signature(Memory).parameters["limit"].default == REMEMBERED
    assert Plan(Load(10, REMEMBERED), Driver.NATIVE, FOUND).remembered == 1
    assert Plan(Load(1_000, 1e8), Driver.NATIVE, FOUND).remembered < 1


def test_a_sweep_reads_whole_lists() -> None:
    """Ten times as long lists are more than twice as dear; twice the rows twice."""
    short, long = (sweep(1e6, length, FOUND) for length in (10, 100))
    assert long.units > 2 * short.units
    assert sweep(2e6, 10, FOUND).hours == pytest.approx(2 * short.hours)
