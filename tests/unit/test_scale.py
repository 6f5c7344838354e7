"""docs/scale.md and the costs in deploy/README.md are what the arithmetic says, and the arithmetic is sane.

The worked example is reckoned here once more, by hand and with AWS's prices as AWS's pages have them: whoever changes a
formula or a price and writes the documents anew has to come here, too.
"""

from dataclasses import replace
from inspect import signature
from itertools import pairwise
from math import ceil, exp
from pathlib import Path
from random import Random

import pytest

from stream_worker.reconcile.memory import Memory
from tests.bench.scale import FEW_SHARDS, REMEMBERED, Driver, Plan, full_shard, most_native, plan, sweep, verify
from tests.bench.scale_costs import Bill, Tasks, alarm_metrics, metrics
from tests.bench.scale_load import FASTEST, Load
from tests.bench.scale_measured import kept
from tests.bench.scale_report import blocks, markers

FOUND = kept()
RATES = (0.1, 1, 10, 100, 1_000, 100_000)

ROUND = replace(
    FOUND,
    move_ms_2=3.5,
    move_calls=4,
    look_ms=0.8,
    read_ms=0.016,
    native_message_ms=10,
    native_batches=1.5,
    native_idle_ms=1,
    row_bytes=400,
    message_bytes=300,
    roster_bytes=100,
    wire_bytes=800,
    log_bytes=250,
    emf_bytes=2300,
    sweep_rows_per_s=150,
    sweep_calls=3,
    verify_rows_per_s=250,
    verify_units=2.2,
)
"""Measurements of which the next ones change nothing here."""
LOAD = Load(10, 1e8)
EXAMPLE = Plan(LOAD, Driver.NATIVE, ROUND)
MONTH = 730 * 3600  # seconds, as AWS's calculator counts
GIB = 1024**3
UNEQUAL = 9 / (10.584 - 1 - 10 * 5e7**-0.1)  # the first of 5e7 groups has 1 a second; zeta(1.1) = 10.584 for the others
MOVES = 10 - 0.1 * (1 + 0.4905 * UNEQUAL**2) + 0.008  # 1 - exp(-x) = x - x^2/2 + x^3/6; zeta(2.2) - 1 = 0.4905
FORGOTTEN = 0.25  # of the moves: 50,000 groups of 5e7 are remembered; Che's integral, by the gamma function
RECORDS = 10 + MOVES * 2 * 2
TABLE_GB = (1e8 * (400 + 100 + 100 + 100) + 10 * MONTH * (300 + 100)) / GIB  # 75: eight partitions of 10
INDEX_GB = 1e8 * (400 + 100) / GIB
LOOKS = MOVES * (2 - 1 / 8)  # two rows in eight shards: one in eight times they share one
READS = MOVES * (1 + 2 + 1 + FORGOTTEN / 2) + LOOKS
POLLS = 8 / 0.2
BATCHES = POLLS * (1 - exp(-RECORDS / POLLS))
BATCH_MS = (10 - 3.5 - 1.75 * 0.8 - 5 * 0.016) / 1.5  # two rows in four shards: 1.75 looks


def reckoned(value: float) -> object:
    """By hand, so nearly."""
    return pytest.approx(value, rel=0.01)


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
    assert Plan(Load(1, 200, poll_s=1000), Driver.NATIVE, FOUND).move_writes == pytest.approx(1.31, rel=0.02)


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


def test_by_hand_what_is_written() -> None:
    """A message is put for 4; a pair moves for 2 x (delete, put) x 2 and the check's 2, and on the index for 2 x 2."""
    assert EXAMPLE.moves == reckoned(MOVES)
    assert EXAMPLE.records == reckoned(RECORDS)
    assert EXAMPLE.table_writes == reckoned(10 * 4 + MOVES * (8 + 2))
    assert EXAMPLE.index_writes == reckoned(MOVES * 4)
    assert EXAMPLE.move_writes == reckoned(MOVES * (8 + 2 + 4))


def test_by_hand_what_is_read() -> None:
    """Eight shards, each five times a second."""
    assert EXAMPLE.looks == reckoned(LOOKS)
    assert EXAMPLE.move_reads == reckoned(READS)
    assert EXAMPLE.shards == 8
    assert EXAMPLE.polls * MONTH == reckoned(105_120_000)
    assert EXAMPLE.batches == reckoned(BATCHES)


def test_by_hand_what_a_process_does() -> None:
    """A move is four calls of 5 ms and 3.5 ms of a core, a call's share more where its rows' places are forgotten."""
    busy_ms = MOVES * 3.5 * (1 + FORGOTTEN / 4) + LOOKS * 0.8 + RECORDS * 0.016 + BATCHES * BATCH_MS
    assert EXAMPLE.threads == reckoned(MOVES * 4 * 0.005)
    assert EXAMPLE.cores == reckoned((busy_ms + (POLLS - BATCHES) * 1) / 1000)
    assert Bill(EXAMPLE).tasks == Tasks(2, 0.5, 1)  # half of 0.25 would not do


def test_by_hand_the_bill_of_the_chat() -> None:
    """A million units written 0.625, read 0.125; a GB kept 0.25."""
    put, kept_ = Bill(EXAMPLE).of_the_chat().values()
    assert put == reckoned(10 * MONTH * (4 * 0.625 + 4 * 0.125) / 1e6)
    assert kept_ == reckoned((TABLE_GB + INDEX_GB) * 0.25)


def test_by_hand_the_bill_of_the_worker() -> None:
    """Line by line; the lease 0.3 writes a second, each shard one a minute, upkeep 0.6 reads, the standby 1."""
    wire_gb = (RECORDS * 800 + POLLS * 2000) * MONTH / GIB
    log_gb = (BATCHES * (250 + 26) + 2 / 60 * (2300 + 26)) * MONTH / GIB
    assert list(Bill(EXAMPLE).of_the_worker().values()) == [
        reckoned(MOVES * 14 * MONTH * 0.625 / 1e6),
        reckoned(READS * MONTH * 0.125 / 1e6),
        reckoned(((BATCHES + 0.3 + 8 / 60) * 0.625 + (0.6 + 1) * 0.125) * MONTH / 1e6),
        reckoned(105_120_000 * 0.2 / 1e6),
        reckoned(2 * (0.5 * 0.03238 + 1 * 0.00356) * 730),
        reckoned(1 * 2 * 730 * 0.01 + wire_gb * 0.01),
        reckoned(log_gb * 0.50),
        reckoned(metrics() * 0.30),
        reckoned(alarm_metrics(Driver.NATIVE) * 0.10 + 3),
        reckoned(TABLE_GB * 0.20),
    ]


def test_by_hand_what_fills_a_partition() -> None:
    """A thousand write units a second, of which a message of a pair takes fourteen on the table."""
    assert full_shard(FOUND)[0] == reckoned(1000 / (4 + 8 + 2))
    crowded = Plan(Load(1_000, 1e7, members=50), Driver.KCL, FOUND)
    assert crowded.shards == ceil(crowded.table_writes / 1000) > crowded.table_gb / 10


def test_by_hand_the_walks() -> None:
    """The slower of two: what a processor can do, and what calls of 5 ms leave to four threads or units to a rate."""
    swept, far = sweep(1e8, 10, ROUND), sweep(1e8, 10, replace(ROUND, sweep_rows_per_s=1e6))
    assert swept.units == reckoned(1e8 * (500 / 8192 + 1 + 1 + 1))
    assert swept.hours == reckoned(1e8 / 150 / 3600)
    assert far.hours == reckoned(1e8 / (4 / (3 * 0.005)) / 3600)
    checked = verify(LOAD, 1000, ROUND)
    assert checked.units == reckoned(TABLE_GB * GIB / 4096 + 1e8 * 2.2)
    assert checked.hours == reckoned(1e8 / 250 / 3600)
    assert verify(LOAD, 100, ROUND).hours == reckoned(checked.units / 100 / 3600)
