"""What a plan costs a month on AWS, line by line, with the stack of deploy/ecs.yaml."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from math import ceil
from typing import Any

from stream_worker.monitor.metrics import Metrics
from stream_worker.monitor.status import Vitals
from stream_worker.views import DriverView, Role
from tests.bench import scale_prices as aws
from tests.bench.scale import PUT_READS, PUT_WRITES, Driver, Plan
from tests.deploy.template import read

MILLION = 1e6
ZONES = 2
LEASE_WRITES = 0.3  # a second: WORKER_LEASE_S=10, renewed every third of it
REFRESH_S = 60.0  # an idle shard's checkpoint
UPKEEP_READS = 0.6  # a second: owed sweeps every two seconds, dead letters every ten
STANDBY_READS = 1.0  # a second
KCL_LEASE_BYTES = 400  # of a lease; the leader scans all of them once a second
POLL_BYTES = 2000  # of a request and an empty answer, with their headers
NATIVE_TASKS = ((0.25, 0.5), (0.5, 1.0), (1.0, 2.0))  # vCPU, GB
FLEET_TASKS = ((1.0, (2.0, 4.0, 8.0)), (4.0, (8.0,)))  # vCPU; GB that Fargate has for it, and deploy/ecs.yaml
MOST_SMALL = 8  # tasks of one vCPU; beyond, they have four
MB_A_GB = 1024


@dataclass(frozen=True, slots=True)
class Tasks:
    """Of Fargate, all alike."""

    number: int
    vcpu: float
    gb: float


@dataclass(frozen=True)
class Bill:
    """Of one plan; `endpoints` are interface endpoints in each of two zones."""

    plan: Plan
    endpoints: int = 1

    @cached_property
    def tasks(self) -> Tasks:
        """Each has half of its processors to spare; a native worker has a standby."""
        plan = self.plan
        if plan.driver is Driver.NATIVE:
            fits = [size for size in NATIVE_TASKS if plan.cores <= size[0] / 2]
            return Tasks(2, *(fits or NATIVE_TASKS[-1:])[0])
        few = max(2, ceil(2 * self._fleet_cores(2)))
        vcpu, sizes = FLEET_TASKS[few > MOST_SMALL]
        number = min(plan.shards, max(2, ceil(2 * self._fleet_cores(ceil(few / vcpu)) / vcpu)))
        needed = (plan.found.kcl_host_mb + ceil(plan.shards / number) * plan.found.kcl_child_mb) / MB_A_GB
        return Tasks(number, vcpu, next((gb for gb in sizes if gb >= needed), sizes[-1]))

    def _fleet_cores(self, hosts: int) -> float:
        return self.plan.cores + hosts * max(0.0, self.plan.found.kcl_host_cores)

    @property
    def state_writes(self) -> float:
        """A second, on the worker's table and KCL's."""
        plan, found = self.plan, self.plan.found
        if plan.driver is Driver.NATIVE:
            return plan.batches + LEASE_WRITES + plan.shards / REFRESH_S
        return plan.batches + self.tasks.number * found.kcl_host_writes + plan.shards * found.kcl_shard_writes

    @property
    def state_reads(self) -> float:
        """A second."""
        if self.plan.driver is Driver.NATIVE:
            return UPKEEP_READS + STANDBY_READS * (self.tasks.number - 1)
        scanned = ceil(self.plan.shards * KCL_LEASE_BYTES / 4096)
        return self.tasks.number * self.plan.found.kcl_host_reads + scanned

    @property
    def log_gb(self) -> float:
        """A month."""
        lines = self.plan.batches * (self.plan.found.log_bytes + aws.EVENT.value)
        numbers = self.tasks.number / 60 * (self.plan.found.emf_bytes + aws.EVENT.value)
        return _month(lines + numbers) / aws.GB

    @property
    def endpoint_gb(self) -> float:
        """A month, through the endpoint of the streams."""
        return _month(self.plan.records * self.plan.found.wire_bytes + self.plan.polls * POLL_BYTES) / aws.GB

    def of_the_chat(self) -> dict[str, float]:
        """What there is without a worker, too: messages put, everything kept."""
        plan = self.plan
        put = PUT_WRITES * aws.WRITE_UNIT.dollars + PUT_READS * aws.READ_UNIT.dollars
        kept = (plan.table_gb + plan.index_gb) * aws.STORED.dollars
        return {
            "messages put (pattern C)": _month(plan.load.messages) * put,
            "table and index kept, with a month of messages": kept,
        }

    def of_the_worker(self) -> dict[str, float]:
        """What the worker adds."""
        plan, tasks = self.plan, self.tasks
        task = tasks.vcpu * aws.VCPU.dollars + tasks.gb * aws.MEMORY.dollars
        hours = self.endpoints * ZONES * aws.HOURS * aws.ENDPOINT.dollars
        streams_only = hours + self.endpoint_gb * aws.ENDPOINT_GB.dollars
        watched = alarm_metrics(plan.driver) * aws.ALARM_METRIC.dollars + aws.DASHBOARD.dollars
        return {
            "rows moved: writes": _month(plan.move_writes) * aws.WRITE_UNIT.dollars,
            "rows moved: reads": _month(plan.move_reads) * aws.READ_UNIT.dollars,
            "state table; of the fleet, KCL's three, too": self._state(),
            "stream reads": _month(plan.polls) * aws.STREAM_READ.dollars,
            "Fargate": tasks.number * task * aws.HOURS,
            "endpoint of the streams": streams_only,
            "log": self.log_gb * aws.LOG_GB.dollars,
            "metrics": metrics() * aws.METRIC.dollars,
            "alarms and dashboard": watched,
            "backups of both tables": plan.table_gb * aws.BACKED_UP.dollars,
        }

    def _state(self) -> float:
        return _month(self.state_writes) * aws.WRITE_UNIT.dollars + _month(self.state_reads) * aws.READ_UNIT.dollars

    @property
    def dollars(self) -> float:
        """A month, all of it."""
        return sum(self.of_the_chat().values()) + sum(self.of_the_worker().values())


@cache
def metrics() -> int:
    """All that a worker can write with METRICS=emf, once for all tasks; and those counted from the log."""
    numbers, now = Metrics(), datetime.now(UTC)
    view = DriverView(owner="", lease_held_by="", role=Role.STANDBY, turned_at=0.0, streams=())
    numbers.watch(Vitals(lambda: view, lambda: now, lambda: 0.0))
    return sum(2 if one.type == "histogram" else 1 for one in numbers.registry.collect()) + len(
        _all("Logs::MetricFilter")
    )


@cache
def alarm_metrics(driver: Driver) -> int:
    """Each metric that an alarm looks at is billed."""
    others = {Driver.NATIVE: {"IsFleet"}, Driver.KCL: {"IsNative", "HasStandby"}}
    alarms = [one for one in _all("CloudWatch::Alarm") if one.get("Condition") not in others[driver]]
    watched = [one["Properties"].get("Metrics", [{"MetricStat": {}}]) for one in alarms]
    return sum("MetricStat" in metric for some in watched for metric in some)


def _all(kind: str) -> list[dict[str, Any]]:
    return [one for one in read("ecs.yaml")["Resources"].values() if one["Type"] == f"AWS::{kind}"]


def _month(a_second: float) -> float:
    return a_second * aws.SECONDS
