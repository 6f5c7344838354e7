"""Whatever a stream might say, made by hypothesis; and a worker to say it to, its tables as strict as DynamoDB."""

import json
from typing import Any

from hypothesis import strategies as st

from shared.errors import RequestRefused
from shared.keys import message_key
from shared.logging import Log
from shared.models import Item, string
from shared.retry import Retry
from stream_worker.contract import Batch
from stream_worker.dead_letters import DeadLetters, Retrier
from stream_worker.handler import Handler, Parts
from stream_worker.reconcile.decision import told_to
from stream_worker.reconcile.loop import Reconciler
from stream_worker.reconcile.memory import Memory
from stream_worker.reconcile.plan import Newest
from stream_worker.state import State
from tests.fakes.clock import Clock, Stop
from tests.fakes.faulty import Faulty
from tests.fakes.native import in_turn
from tests.fakes.outlets import Lines
from tests.fakes.state import StateTable
from tests.fakes.table import MemoryTable, at, texts

GROUPS = ["g0", "g1", "g2"]
PREFIXES = ["MSG#", "GRP#", "ROS#", "USER#", ""]
ODD = [
    "",
    "\0",
    "🚀",
    "\ud800",
    "#",
    "g0",
    "u-g0",
    "x" * 2000,
    "é" * 1000,
    "2026-13-45T99:99:99.999999+00:00",
    "1" * 5000,
]

words = st.sampled_from(ODD) | st.text(max_size=20)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1e308, True])
leaves = st.none() | numbers | words
anything: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["S", "N", "M", "pk"]), inner, max_size=3)
    ),
    max_leaves=6,
)
values = st.fixed_dictionaries({"S": words}) | st.dictionaries(st.sampled_from(["S", "N", "B", "M", "?"]), anything)
part = st.builds(str.__add__, st.sampled_from(PREFIXES), words).map(lambda text: {"S": text})
keys = st.fixed_dictionaries({"pk": part | values, "sk": values}) | values | anything
names = ["pk", "sk", "message_group_uuid", "message", "worker_rev", "last_message_sk"]
images = st.dictionaries(st.sampled_from(names), values | anything, max_size=5) | anything
kinds = st.sampled_from(["INSERT", "MODIFY", "REMOVE"])
changes = st.fixed_dictionaries(
    {},
    optional={
        "Keys": keys,
        "NewImage": images,
        "OldImage": images,
        "SequenceNumber": st.integers(0, 10**40).map(str) | words | anything,
        "ApproximateCreationDateTime": numbers | anything,
    },
)
garbage = st.fixed_dictionaries({}, optional={"eventName": kinds | anything, "dynamodb": changes | anything}) | anything

odd = st.sampled_from(ODD)
odd_texts = odd.map(lambda text: {"S": text})
odd_keys = st.builds(lambda kind, text, sk: texts(pk=kind + text, sk=sk), st.sampled_from(["MSG#", "GRP#"]), odd, odd)
odd_images = st.fixed_dictionaries({"message_group_uuid": odd_texts}, optional=dict.fromkeys(names[3:], odd_texts))
odd_changes = st.fixed_dictionaries(
    {"Keys": odd_keys, "NewImage": odd_images, "SequenceNumber": odd | st.just("7")},
    optional={"ApproximateCreationDateTime": numbers},
)
nearly_right = st.fixed_dictionaries({"eventName": kinds, "dynamodb": odd_changes})
"""A record as it should be but for what its texts say."""

entries = st.booleans().flatmap(lambda is_near: nearly_right if is_near else garbage)
"""One entry of a page of records."""


def on_the_wire(raw: Any) -> Any:
    """As it is after it was sent: nothing but what JSON can say."""
    return json.loads(json.dumps(raw))


def sound(group: str) -> dict[str, Any]:
    """The record of a group's newest message in `Room`."""
    number = str(10**40 + GROUPS.index(group))
    change = {"Keys": message_key(group, at(2)), "SequenceNumber": number, "ApproximateCreationDateTime": 1.0}
    return {"eventName": "INSERT", "dynamodb": change}


@st.composite
def pages(draw: st.DrawFn) -> list[Any]:
    """What a GetRecords answer may hold: a sound record of each group, and whatever else, in any order."""
    made = [on_the_wire(one) for one in draw(st.lists(entries, max_size=6))]
    return draw(st.permutations([*made, *map(sound, GROUPS)]))


class StrictState(StateTable):
    """Refuses items that DynamoDB would."""

    def put_item(self, *, Item: Item, **more: Any) -> dict[str, Any]:  # noqa: N803
        _demand(string(Item, "sk"), 1024)
        for value in Item.values():
            _demand(json.dumps(value, ensure_ascii=False), 400_000)
        return super().put_item(Item=Item, **more)


class StrictTable(MemoryTable):
    """Refuses keys that DynamoDB would."""

    def roster(self, group: str) -> list[str]:
        """See `Store`."""
        _demand("ROS#" + group, 2048)
        return super().roster(group)

    def ensure_roster(self, group: str, user: str) -> None:
        """See `Store`."""
        _demand("ROS#" + group, 2048)
        _demand(user, 1024)
        super().ensure_roster(group, user)

    def newest(self, group: str) -> Newest | None:
        """See `Store`."""
        _demand("MSG#" + group, 2048)
        return super().newest(group)


class Room:
    """The production handler and its dead letters; groups g0, g1, g2, each with a member whose row is behind."""

    def __init__(self, log: Log | None = None) -> None:
        log = log or Lines()
        self.clock, self.table, self.state = Clock(), StrictTable(), StrictState()
        self.client = Faulty(self.state)
        retry, memory = Retry(Stop(self.clock), sleep=lambda _: None), Memory()
        self.letters = DeadLetters(State(self.client, "state", "pattern-e"), self.clock.now, log)
        reconciler = Reconciler(self.table, memory, retry, told_to(log))
        self.retrier = Retrier(self.letters, self.table, reconciler, self.clock.now, log)
        self.handler = Handler(
            Parts(
                store=self.table,
                reconciler=reconciler,
                memory=memory,
                letters=self.letters,
                run_all=in_turn,
                stopped=retry.stop.is_set,
                clock=self.clock.now,
                monotonic=self.clock.monotonic,
                log=log,
            )
        )
        for group in GROUPS:
            self.table.message(group, at(2), "new")
            self.table.member(group, f"u-{group}", at(1), "old")

    def process(self, batch: Batch) -> None:
        """`Processor`."""
        self.handler.process(batch)

    def shown(self) -> list[str]:
        """What the members of the groups see."""
        return [text for group in GROUPS for _, text in self.table.shown(f"u-{group}")]


def _demand(text: str, most: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise RequestRefused("SerializationException") from error
    if not 0 < size <= most:
        raise RequestRefused("ValidationException")
