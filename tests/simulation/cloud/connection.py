"""One actor's connection to DynamoDB: operations that can go wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from shared.dynamo import Answer
from shared.errors import ConditionFailed, Conflict, OutcomeUnknown, Reason, Throttled, TransactionCancelled
from shared.keys import ROW
from shared.models import Item
from tests.simulation.cloud.cloud import Cloud
from tests.simulation.cloud.expressions import Request, holds, projected, wanted
from tests.simulation.cloud.faults import Fault
from tests.simulation.cloud.index import group_of
from tests.simulation.cloud.obstacles import note_obstacles
from tests.simulation.scheduler import Killed

IN_FLIGHT = "in flight"  # the end of the name of a call that nobody waits for any more
ALMOST_FULL = 90  # actions in a transaction: a group was so large that it needed another

_SINGLE = {"put_item": "Put", "update_item": "Update", "delete_item": "Delete"}


@dataclass(slots=True)
class Connection:
    """A raw client behind `shared.dynamo.Client`, for one actor."""

    cloud: Cloud
    kind: str
    """worker, person, original: who is calling."""
    die: Callable[[], object]
    """Kill the process that is calling."""
    is_zombie: Callable[[], bool] = lambda: False
    """Whether the process has lost, knowing it or not, the right to do what it does."""
    spoil: Callable[[Request], Reason | None] = lambda _action: None
    """What DynamoDB has against an action of a transaction, whatever its condition says."""
    moment: Callable[[Request], object] = lambda _request: None
    """Called just before a request is carried out: an adversary who waits for the worst one."""

    def __getattr__(self, operation: str) -> Callable[..., Answer]:
        """Any operation, by boto3's name."""
        return partial(self._call, operation)

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

    @contextmanager
    def meeting(self, operation: str) -> Iterator[None]:
        """Around a call that somebody else carries out."""
        fault = self.point(operation)
        yield
        self.answered(fault)

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
        self.cloud.calls[self.kind] += 1
        fault = self.point(operation)
        if fault is Fault.CONFLICT:
            raise TransactionCancelled(self._conflict(_size(request)))
        self.moment(request)
        if fault is Fault.LATE:
            actor, landing = self.cloud.scheduler.actor, partial(self._land, operation, request)
            self.cloud.scheduler.spawn(f"{actor} {IN_FLIGHT}", landing)
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
        if operation in _SINGLE:
            self.cloud.database.write(_SINGLE[operation], request)
            return {}
        if operation == "transact_write_items":
            self._transact(request["TransactItems"])
            return {}
        answer: Answer = getattr(self, f"_{operation}")(request)
        return answer

    def _transact(self, actions: Sequence[Mapping[str, Any]]) -> None:
        who = "zombie commit" if self.is_zombie() else f"{self.kind}'s commit"
        try:
            self._refuse_spoilt(actions)
            self.cloud.database.transact(actions)
        except TransactionCancelled as cancelled:
            self.cloud.diary.sometimes(f"{who} refused")
            note_obstacles(self.cloud.diary, actions, cancelled.reasons)
            raise
        self.cloud.diary.sometimes(f"{who} carried out")
        if len(actions) > ALMOST_FULL:
            self.cloud.diary.sometimes("transaction of 100 actions")

    def _refuse_spoilt(self, actions: Sequence[Mapping[str, Any]]) -> None:
        spoilt = [self.spoil(request) or Reason("None") for action in actions for request in action.values()]
        if any(reason.code != "None" for reason in spoilt):
            raise TransactionCancelled(spoilt)

    def _get_item(self, request: Request) -> Answer:
        assert request.get("ConsistentRead"), "whoever reads one item wants to know"
        key = request["Key"]
        item = self.cloud.database.get(request["TableName"], (key["pk"]["S"], key["sk"]["S"]))
        return {"Item": item} if item else {}

    def _batch_get_item(self, request: Request) -> Answer:
        """Consistent per item only; what is not served must be asked for again."""
        ((table, wish),) = request["RequestItems"].items()
        assert wish["ConsistentRead"], "a hint is verified by a strong read"
        keys, cut = wish["Keys"], len(wish["Keys"])
        if self.cloud.dice.random() < self.cloud.rates.unprocessed:
            cut = int(self.cloud.dice.random() * len(keys))
        found = [self._one(table, key) for key in keys[:cut]]
        left = {table: {**wish, "Keys": keys[cut:]}} if cut < len(keys) else {}
        return {"Responses": {table: [item for item in found if item]}, "UnprocessedKeys": left}

    def _one(self, table: str, key: Item) -> Item | None:
        self._tear()
        return self.cloud.database.get(table, (key["pk"]["S"], key["sk"]["S"]))

    def _query(self, request: Request) -> Answer:
        if request.get("IndexName"):
            _, group = wanted(request, "message_group_uuid")
            rows = self.cloud.index.rows(group)
            if self.cloud.index.lacks(group):
                self.cloud.diary.sometimes("index was stale")
            return {"Items": [projected(request, row) for row in rows]}
        assert request.get("ConsistentRead"), "only hints are read weakly"
        limit = min(request.get("Limit", self.cloud.rates.page), self.cloud.rates.page)
        before, page = self._groups_in(request), list[Item]()
        for item in self._walk(request):
            page.append(item)
            if len(page) == limit:  # a full page names its last key, even if nothing follows
                return {"Items": _chosen(page, request), "LastEvaluatedKey": _only(item, "pk", "sk")}
        if "ExclusiveStartKey" not in request and before & self._groups_in(request) - set(map(group_of, page)):
            self.cloud.diary.sometimes("query passed a row that moved")
        return {"Items": _chosen(page, request)}

    def _groups_in(self, request: Request) -> set[str]:
        """The groups whose rows stand in the partition that is read, now."""
        _, pk = wanted(request, "pk")
        if not self.cloud.rates.torn or not pk.startswith(ROW):
            return set()
        items = self.cloud.database.partition(request["TableName"], pk)
        return {group_of(item) for item in items.values()} - {""}

    def _walk(self, request: Request) -> Iterator[Item]:
        """The items of a partition one by one: what moves to a place already passed is not seen (read-committed)."""
        _, pk = wanted(request, "pk")
        forward = request.get("ScanIndexForward", True)
        operator, least = wanted(request, "sk")
        assert operator in {"", ">="}
        place = request.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        while True:
            items = self.cloud.database.partition(request["TableName"], pk)
            left = [sk for sk in items if sk >= least and (place is None or (sk > place if forward else sk < place))]
            if not left:
                return
            place = min(left) if forward else max(left)
            yield items[place]
            self._tear()

    def _scan(self, request: Request) -> Answer:
        assert request["IndexName"], "only the index is walked through"
        start = request.get("ExclusiveStartKey")
        rows = [row for row in self.cloud.index.all() if start is None or _place(row) > _place(start)]
        limit = min(request["Limit"], self.cloud.rates.page)
        page = rows[:limit]
        last = [_only(row, "pk", "sk", "message_group_uuid") for row in page[-1:] if len(page) == limit]
        more = {"LastEvaluatedKey": last[0]} if last else {}
        return {"Items": [projected(request, row) for row in page], **more}

    def _tear(self) -> None:
        if self.cloud.rates.torn and self.cloud.dice.random() < self.cloud.rates.torn:
            self.cloud.scheduler.point()


def _chosen(page: list[Item], request: Request) -> list[Item]:
    return [projected(request, item) for item in page if holds(request, item, "FilterExpression")]


def _only(item: Item, *names: str) -> Item:
    return {name: item[name] for name in names}


def _place(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _size(request: Request) -> int:
    return len(request["TransactItems"])
