"""One actor's connection to DynamoDB: operations that can go wrong."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from shared.dynamo import Answer
from shared.errors import ConditionFailed, Conflict, OutcomeUnknown, Reason, Throttled, TransactionCancelled
from tests.simulation.cloud.cloud import Cloud
from tests.simulation.cloud.database import FINE
from tests.simulation.cloud.expressions import Request
from tests.simulation.cloud.faults import Fault
from tests.simulation.cloud.obstacles import note_obstacles
from tests.simulation.cloud.reads import Reads
from tests.simulation.scheduler import Killed

IN_FLIGHT = "in flight"  # the end of the name of a call that nobody waits for any more
ALMOST_FULL = 90  # actions in a transaction: a group was so large that it needed another

T = TypeVar("T")

_SINGLE = {"put_item": "Put", "update_item": "Update", "delete_item": "Delete"}
_READS = {"get_item": Reads.get_item, "batch_get_item": Reads.batch_get_item, "query": Reads.query, "scan": Reads.scan}


@dataclass
class Connection:
    """A raw client behind `shared.dynamo.Client`, for one actor."""

    cloud: Cloud
    kind: str
    """worker, person, original: who is calling."""
    die: Callable[[], object]
    """Kill the process that is calling."""
    is_zombie: Callable[[], bool] = lambda: False
    """Whether the process has lost, knowing it or not, the right to do what it does."""

    def __post_init__(self) -> None:
        """Every operation by boto3's name; a `__getattr__` would make all else that is asked of a connection slow."""
        self._reads = Reads(self.cloud)
        for operation in (*_SINGLE, "transact_write_items", *_READS):
            setattr(self, operation, partial(self._call, operation))

    def point(self, operation: str) -> Fault | None:
        """Before a call: others act, and it may meet a fault.

        Raises:
            Throttled, OutcomeUnknown, Conflict: it is not carried out.
        """
        cloud = self.cloud
        cloud.scheduler.point()
        fault = cloud.draw(self.kind, operation)
        if fault:
            cloud.diary.trace(f"{operation}: {fault.value}")
            self._suffer(fault, operation)
        return fault

    def ask(self, operation: str, carry_out: Callable[[], T]) -> T:
        """A call that somebody else carries out."""
        fault = self.point(operation)
        answer = carry_out()
        self.answered(fault)
        return answer

    def _suffer(self, fault: Fault, operation: str) -> None:
        if fault is Fault.STALLED:
            self._stall(self.cloud.rates.stall_s * 2 * self.cloud.dice.random())
        elif fault is Fault.KILLED_BEFORE:
            self._end()
        elif fault is Fault.THROTTLED:
            raise Throttled
        elif fault is Fault.UNSENT:
            raise OutcomeUnknown
        elif fault is Fault.CONFLICT and operation != "transact_write_items":
            raise Conflict

    def _stall(self, seconds: float) -> None:
        """Of one thread, or of the whole process as by SIGSTOP."""
        scheduler = self.cloud.scheduler
        if scheduler.owner and self.cloud.dice.random() < 0.5:
            scheduler.pause(scheduler.owner, seconds)
        scheduler.sleep(seconds)

    def _end(self) -> None:
        self.die()
        raise Killed

    def _call(self, operation: str, **request: Any) -> Answer:
        cloud = self.cloud
        cloud.calls[self.kind] += 1
        fault = self.point(operation)
        if fault is Fault.CONFLICT:
            raise TransactionCancelled(self._conflict(_size(request)))
        if cloud.moment and self.kind == "worker":
            cloud.moment(request)
        if fault is Fault.LATE:
            actor, landing = cloud.scheduler.actor, partial(self._land, operation, request)
            cloud.scheduler.spawn(f"{actor} {IN_FLIGHT}", landing)
            raise OutcomeUnknown
        answer = self._carry_out(operation, request)
        if fault is Fault.REPEATED and operation in _SINGLE:  # a repeated transaction is recognised by its token
            answer = self._carry_out(operation, request)
        self.answered(fault)
        return answer

    def answered(self, fault: Fault | None) -> None:
        """The answer is on its way; others may act before it is read, or it never arrives.

        Raises:
            OutcomeUnknown: it was carried out.
        """
        if self.cloud.dice.random() < self.cloud.rates.torn:
            self.cloud.scheduler.point()
        if fault is Fault.LOST:
            raise OutcomeUnknown
        if fault is Fault.KILLED_AFTER:
            self._end()

    def _land(self, operation: str, request: Request) -> None:
        self.cloud.scheduler.sleep(self.cloud.dice.random() * 3)
        with suppress(ConditionFailed, TransactionCancelled):
            self._carry_out(operation, request)

    def _conflict(self, size: int) -> list[Reason]:
        """One of the actions met somebody else's transaction, or a throttle."""
        code = self.cloud.dice.choice(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
        place = int(self.cloud.dice.random() * size)
        return [Reason(code if number == place else "None") for number in range(size)]

    def _carry_out(self, operation: str, request: Request) -> Answer:
        self.cloud.kind = self.kind
        if operation in _READS:
            return _READS[operation](self._reads, request)
        if operation == "transact_write_items":
            self._transact(request["TransactItems"])
        else:
            self.cloud.database.write(_SINGLE[operation], request)
        return {}

    def _transact(self, actions: Sequence[Mapping[str, Any]]) -> None:
        who = "zombie commit" if self.is_zombie() else f"{self.kind}'s commit"
        try:
            if self.cloud.spoil and self.kind == "worker":
                _refuse_spoilt(self.cloud.spoil, actions)
            self.cloud.database.transact(actions)
        except TransactionCancelled as cancelled:
            self.cloud.diary.sometimes(f"{who} refused")
            note_obstacles(self.cloud.diary, actions, cancelled.reasons)
            raise
        self.cloud.diary.sometimes(f"{who} carried out")
        if len(actions) > ALMOST_FULL:
            self.cloud.diary.sometimes("transaction of 100 actions")


def _refuse_spoilt(spoil: Callable[[Request], Reason | None], actions: Sequence[Mapping[str, Any]]) -> None:
    spoilt = [spoil(request) or FINE for action in actions for request in action.values()]
    if any(reason is not FINE for reason in spoilt):
        raise TransactionCancelled(spoilt)


def _size(request: Request) -> int:
    return len(request["TransactItems"])
