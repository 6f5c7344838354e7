"""The arithmetic of docs/scale.md: from a load to moves, records, shards, processes and units.

Pure: what was measured comes from `scale_measured.py`, what AWS allows from `scale_prices.py`. Each assumption is a
constant here or in `scale_load.py`, and stands in the document.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import ceil, exp, expm1

from stream_worker.assembly import GROUP_THREADS, SWEEP_THREADS
from stream_worker.drivers.native.stream import MOST_POLLS_S, SLOWEST_POLL_S
from tests.bench import scale_prices as aws
from tests.bench.scale_load import Load, solve
from tests.bench.scale_measured import Measured

PUT_WRITES, PUT_READS = 4, 4  # units of pattern C (docs/data-model.md)
CALL_MS = 5.0  # of a call within the region; only AWS can show it
REMEMBERED = 100_000  # rows (stream_worker/reconcile/memory.py)
HALF = 0.5  # of what a process could do is what it is given: the rest is for peaks, and for catching up
READ_BLOCK = 4096  # bytes of a read unit
FEW_SHARDS = 4  # where whole processes were measured


class Driver(StrEnum):
    """Who reads the stream."""

    NATIVE = "native"
    KCL = "kcl"


@dataclass(frozen=True)
class Plan:
    """What a load takes with one of the drivers; a second, unless it says otherwise."""

    load: Load
    driver: Driver
    found: Measured

    @cached_property
    def moves(self) -> float:
        """A group is moved once for all its messages between two polls."""
        return self.load.touched(self.load.poll_s) / self.load.poll_s

    @property
    def records(self) -> float:
        """The message, and for each row that moves a REMOVE and an INSERT."""
        return self.load.messages + self.moves * 2 * self.load.members

    @property
    def table_writes(self) -> float:
        """Units on the table itself: the message as it is put; per row delete and put, twice each; the check."""
        return self.load.messages * PUT_WRITES + self.moves * (4 * self.load.members + 2)

    @property
    def index_writes(self) -> float:
        """Units on the index: per row one out, one in."""
        return self.moves * 2 * self.load.members

    @property
    def move_writes(self) -> float:
        """Units of the worker's own, both on the table and on the index."""
        return self.moves * (6 * self.load.members + 2)

    @cached_property
    def shards(self) -> int:
        """One for each partition that the writes, or the bytes, ask for; were all used alike."""
        by_writes = ceil(self.table_writes / aws.PARTITION_WRITES.value)
        by_bytes = ceil(self.table_gb / aws.PARTITION_GB.value)
        return int(max(by_writes, by_bytes, aws.FIRST_PARTITIONS.value))

    @property
    def table_gb(self) -> float:
        """Rows, roster items, and the messages of a month."""
        found, more = self.found, aws.OVERHEAD.value
        rows = self.load.rows * (found.row_bytes + found.roster_bytes + 2 * more)
        return (rows + self.load.messages * aws.SECONDS * (found.message_bytes + more)) / aws.GB

    @property
    def index_gb(self) -> float:
        """A copy of each row."""
        return self.load.rows * (self.found.row_bytes + aws.OVERHEAD.value) / aws.GB

    @property
    def looks(self) -> float:
        """At own records: a read for each shard in which rows of a group have moved."""
        shards, members = self.shards, self.load.members
        return self.moves * shards * (1 - (1 - 1 / shards) ** members)

    @cached_property
    def remembered(self) -> float:
        """The share of moves whose rows' places the process knows: in a fleet each shard has a process."""
        processes = self.shards if self.driver is Driver.KCL else 1
        return self.load.within(REMEMBERED / self.load.members * processes)

    @property
    def move_reads(self) -> float:
        """Units: the roster, each row, the newest message, the index where the place is not known; and looks."""
        members, found = self.load.members, self.found
        roster = ceil(members * found.roster_bytes / READ_BLOCK)
        index = (1 - self.remembered) * ceil(members * found.row_bytes / READ_BLOCK) / 2
        return self.moves * (roster + members + 1 + index) + self.looks

    @property
    def interval_s(self) -> float:
        """Between two polls of a shard."""
        if self.driver is Driver.NATIVE:
            return max(self.load.poll_s, min(SLOWEST_POLL_S, self.shards / MOST_POLLS_S))
        return self.load.poll_s * (1 + exp(-self.records / self.shards * self.load.poll_s))  # KCL's after an empty read

    @property
    def polls(self) -> float:
        """GetRecords; no page is full unless the worker is behind."""
        return self.shards / self.interval_s

    @property
    def batches(self) -> float:
        """Polls that find something; each ends with a checkpoint and a line of the log."""
        return self.polls * -expm1(-self.records / self.polls)

    @property
    def moving_cores(self) -> float:
        """Of the native worker's code: to move rows."""
        found = self.found
        return self.moves * _between(self.load.members, found) * (1 + (1 - self.remembered) / found.move_calls) / 1000

    @cached_property
    def work_cores(self) -> float:
        """And to read records, to look at its own, to keep positions."""
        found = self.found
        reading = self.looks * found.look_ms + self.records * found.read_ms + self.batches * batch_ms(found)
        return self.moving_cores + reading / 1000

    @property
    def cores(self) -> float:
        """Of this machine's, all together."""
        if self.driver is Driver.NATIVE:
            return self.work_cores + (self.polls - self.batches) * self.found.native_idle_ms / 1000
        more = self.found.kcl_message_ms / self.found.native_message_ms
        return self.work_cores * more + self.shards * self.found.kcl_shard_cores

    @property
    def threads(self) -> float:
        """Calls of moves that are under way at once, were all else free."""
        return self.moves * self.found.move_calls * CALL_MS / 1000

    @property
    def fits_one(self) -> bool:
        """Whether one native process bears it, with as much again to spare."""
        return self.cores <= HALF and self.threads <= GROUP_THREADS * HALF


def plan(load: Load, found: Measured) -> Plan:
    """With the native driver where one process is enough."""
    native = Plan(load, Driver.NATIVE, found)
    return native if native.fits_one else Plan(load, Driver.KCL, found)


def batch_ms(found: Measured) -> float:
    """Of a batch beside its moves, looks and records: what a process that was measured has used above them."""
    looks = FEW_SHARDS * (1 - (1 - 1 / FEW_SHARDS) ** 2)
    known = found.move_ms_2 + looks * found.look_ms + 5 * found.read_ms
    return max(0.0, found.native_message_ms - known) / found.native_batches


def most_native(found: Measured, *, share: float = 1.0, rows: float = 1e6) -> float:
    """Messages a second of pairs at which one process has so much of a core to do."""
    return solve(lambda rate: Plan(Load(rate, rows), Driver.NATIVE, found).cores, share, 1e-3, 1e5)


def full_shard(found: Measured) -> tuple[float, float]:
    """Messages a second, of pairs, that fill one partition; and what its child in the fleet takes of a core."""
    rate = aws.PARTITION_WRITES.value / (PUT_WRITES + 4 * 2 + 2)
    moves = rate * (found.move_ms_2 + 2 * found.look_ms + 5 * found.read_ms)
    batches = batch_ms(found) / Load(rate, 2).poll_s
    return rate, (moves + batches) / 1000 * found.kcl_message_ms / found.native_message_ms


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk over all rows."""

    units: float
    """Read units."""
    hours: float


def sweep(rows: float, in_a_list: int, found: Measured) -> Walk:
    """One process does it. Per row: a page of the index, the roster item, the user's whole list, the newest message."""
    scanned = (found.row_bytes + aws.OVERHEAD.value) / READ_BLOCK / 2
    units = scanned + 1 + ceil(in_a_list * found.row_bytes / READ_BLOCK) + 1
    by_calls = SWEEP_THREADS * 1000 / (found.sweep_calls * CALL_MS)
    return Walk(rows * units, rows / min(found.sweep_rows_per_s, by_calls) / 3600)


def verify(load: Load, rate: float, found: Measured) -> Walk:
    """At so many units a second (`--rate`), or as fast as it can. The whole table; and what was counted beside it."""
    table = Plan(load, Driver.NATIVE, found).table_gb * aws.GB / READ_BLOCK
    units = table + load.rows * found.verify_units
    return Walk(units, max(units / rate, load.rows / found.verify_rows_per_s) / 3600)


def _between(members: int, found: Measured) -> float:
    """Of a move: a line through the sizes that were measured."""
    each = (found.move_ms_10 - found.move_ms_2) / 8
    return found.move_ms_2 + (members - 2) * each
