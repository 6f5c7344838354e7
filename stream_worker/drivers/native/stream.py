"""All shards of one stream: found, read in the order of their lineage, each when its time has come."""

from dataclasses import dataclass, field
from functools import partial

from shared.errors import Poison, ShardMissing, Transient
from shared.keys import stamp
from shared.logging import Log
from shared.models import Item
from stream_worker.checkpoints import Checkpoint
from stream_worker.contract import Gap, RunAll
from stream_worker.drivers.native.lineage import GONE_AFTER, PARENT_S, Lineage, Standing
from stream_worker.drivers.native.reader import Reading, ShardReader
from stream_worker.drivers.native.seats import Childless, Seat
from stream_worker.state import STREAMS, State
from stream_worker.streams import Shard, StreamsApi
from stream_worker.trouble import back_off
from stream_worker.views import StreamView

LISTING_S = 30.0  # a full listing, whatever happened
CHILD_FIRST_S, CHILD_LONGEST_S = 0.2, 30.0  # an ended shard's children are asked for, ever more slowly
CHILDLESS_S = 60.0  # an ended shard without a child for so long is an alarm (of an old stream: its last one)
MOST_POLLS_S = 400.0  # polls a second of the process; many shards are each polled less often
SLOWEST_POLL_S = 1.0


@dataclass(slots=True)
class _Shards:
    standing: Standing = field(default_factory=Standing)
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    childless: dict[str, Childless] = field(default_factory=dict)
    excused: set[str] | None = None
    """Shards of a stream's very first listing: a sweep is owed for whatever came before them."""


class StreamReader:
    """Reads one stream; `step()` does one round and says when to come again."""

    def __init__(self, stream: str, reading: Reading, state: State, run_all: RunAll, poll_s: float) -> None:
        self.stream = stream
        self._with = reading
        self._state = state
        self._run_all = run_all
        self._poll_s = poll_s
        self._now = reading.monotonic
        self._log: Log = reading.log
        self._api: StreamsApi = reading.api
        self.is_latest = True
        """Whether the table's changes come here; set by the driver. An old stream's last shards have no children."""
        self._shards = _Shards()
        self._listing_due = 0.0
        self._failed_listings = 0
        self._quiet_listings = 0
        self._is_open = False
        self._owed_at = reading.clock()

    def step(self) -> float:
        """One round: list if due, poll every shard that is due; the answer is in seconds."""
        if not self._is_open:
            self._open()
        if self._now() >= self._listing_due:
            self._list()
        self._ask_for_children()
        self._seat_readable()
        due = [seat for seat in self._shards.seats.values() if seat.due <= self._now()]
        self._run_all([partial(self._turn, seat) for seat in due])
        if self._take_note(due):
            return 0.0
        return max(0.0, self._next_due() - self._now())

    @property
    def is_drained(self) -> bool:
        """Whether every shard known is settled to its end, and none was found for a while."""
        alone = self._shards.childless.values()
        return self._quiet_listings >= GONE_AFTER and all(self._now() - one.since > CHILDLESS_S for one in alone)

    @property
    def is_at_its_end(self) -> bool:
        """Whether nothing is left to read and no child is known: a stream that was switched off looks like that."""
        return bool(self._shards.childless) and not self._shards.seats

    def view(self) -> StreamView:
        """What others may know of it; may be asked by any thread."""
        shards = self._shards
        seats, alone = list(shards.seats.values()), list(shards.childless.items())
        standing = shards.standing  # one value: counted from several, a shard that ends meanwhile is counted twice
        stalled = tuple(shard for shard, one in alone if one.told)
        read = tuple(seat.reader.view(seat.failures) for seat in seats)
        return StreamView(
            self.stream,
            self.is_latest,
            read,
            ended=sum(standing.ended.values()),
            waiting=len(standing.waiting),
            stalled=stalled,
        )

    def close(self) -> None:
        """The stream is drained: a later start does not open it again."""
        self._state.delete(STREAMS, self.stream)
        self._with.checkpoints.forget_all()

    def _open(self) -> None:
        """Owe what must be owed before anything of this stream is read."""
        known = self._state.get(STREAMS, self.stream)
        checkpoints = self._with.checkpoints.load()
        if known is None:
            others = next(iter(self._state.all(STREAMS)), None)
            self._owed_at = self._with.owe(self.stream, Gap.NEW_STREAM if others else Gap.FIRST_START)
            since: Item = {"since": {"S": stamp(self._owed_at)}}
            self._state.replace(STREAMS, self.stream, since, None)
        elif not checkpoints:
            self._owed_at = self._with.owe(self.stream, Gap.CHECKPOINT_MISSING)
        unlisted = [Shard(c.shard, c.parent, closed=True) for c in checkpoints.values() if not c.ended]
        ended = {c.shard: c.ended for c in checkpoints.values()}
        self._shards = _Shards(Standing(Lineage().heard(unlisted), ended), checkpoints)
        if known is not None and checkpoints:
            self._shards.excused = set()
        self._is_open = True

    def _list(self) -> None:
        """A full listing; sooner again while a shard waits for a parent that was not shown."""
        try:
            listing = self._api.shards(self.stream)
        except ShardMissing:
            listing = []  # the stream is gone; its readers will find out, shard by shard
        except (Transient, Poison) as error:
            self._failed_listings += 1
            wait = back_off(self._failed_listings)
            self._listing_due = self._now() + wait
            self._log.warning("listing_failed", error=str(error), next=f"reads what is known, retry in {wait:.1f} s")
            return
        self._failed_listings = 0
        shards, known = self._shards, len(self._shards.standing.lineage.shards)
        shards.standing = standing = shards.standing.listed(listing, self._now())
        if shards.excused is None:
            shards.excused = {shard.id for shard in listing}
        is_quiet = len(standing.lineage.shards) == known and not standing.lineage.is_unfinished(standing.ended)
        self._quiet_listings = self._quiet_listings + 1 if is_quiet else 0
        waiting = standing.lineage.is_waiting(standing.ended)
        self._listing_due = self._now() + (PARENT_S if waiting else LISTING_S)
        self._forget_ended({shard.id for shard in listing})

    def _forget_ended(self, listed: set[str]) -> None:
        shards = self._shards
        try:
            gone = self._with.checkpoints.forget_ended(shards.checkpoints, listed)
        except Transient as error:
            self._log.info("checkpoints_kept", error=str(error), next="forgotten after the next listing")
            return
        shards.standing = shards.standing.without(gone)
        for shard in gone:
            del shards.checkpoints[shard]

    def _seat_readable(self) -> None:
        shards = self._shards
        for shard in shards.standing.readable:
            if shard.id not in shards.seats:
                checkpoint = shards.checkpoints.get(shard.id) or self._start(shard)
                self._keep(checkpoint)
                shards.seats[shard.id] = Seat(ShardReader(self._with, self.stream, checkpoint), due=self._now())
                self._log.info("shard_opened", shard=shard.id, parent=shard.parent, after=checkpoint.sequence)

    def _start(self, shard: Shard) -> Checkpoint:
        """The first checkpoint of a shard; a sweep is owed first if something may lie between it and what we read."""
        parent = self._shards.checkpoints.get(shard.parent or "")
        since = parent.settled_until if parent else self._owed_at
        if shard.id not in (self._shards.excused or set()):
            if parent is None:
                since = self._with.owe(self.stream, Gap.CHECKPOINT_MISSING)
            elif self._with.checkpoints.is_too_old(parent):
                since = self._with.owe(self.stream, Gap.CHECKPOINT_OLD)
        return self._with.checkpoints.start(shard.id, shard.parent, since)

    def _turn(self, seat: Seat) -> None:
        try:
            more = seat.reader.turn()
        except (Transient, Poison) as error:  # a refused iterator is not a bad record: ask for another
            seat.failures += 1
            wait = back_off(seat.failures)
            seat.due = self._now() + wait
            self._log.warning("shard_waits", shard=seat.reader.shard, error=str(error), next=f"retry in {wait:.1f} s")
        else:
            seat.failures = 0
            seat.due = self._now() + (0.0 if more else self._interval_s())

    def _take_note(self, turned: list[Seat]) -> bool:
        """Take note of how far these shards are; whether one has ended."""
        readers = [seat.reader for seat in turned]
        for reader in readers:
            self._keep(reader.checkpoint)
        over = [reader.shard for reader in readers if reader.checkpoint.ended]
        for shard in over:
            del self._shards.seats[shard]
        return bool(over)

    def _keep(self, checkpoint: Checkpoint) -> None:
        shards = self._shards
        shards.checkpoints[checkpoint.shard] = checkpoint
        shards.standing = shards.standing.settled(checkpoint.shard, ended=checkpoint.ended)

    def _ask_for_children(self) -> None:
        """Look for the children of shards that ended, here or before this process; without one nothing goes on."""
        shards, now = self._shards, self._now()
        shards.childless = {
            shard: shards.childless.get(shard) or Childless(now, now) for shard in shards.standing.childless
        }
        for shard, alone in shards.childless.items():
            if alone.due <= now:
                self._ask(shard, alone)

    def _ask(self, shard: str, alone: Childless) -> None:
        alone.asked += 1
        alone.due = self._now() + min(CHILD_FIRST_S * 2 ** min(alone.asked, 10), CHILD_LONGEST_S)
        if self._now() - alone.since > CHILDLESS_S and self.is_latest and not alone.told:
            alone.told = True
            self._log.error("lineage_stalled", shard=shard, next="a closed shard has no child; is the stream disabled?")
        try:
            children = self._api.children(self.stream, shard)
        except (Transient, Poison) as error:  # some services do not know this question
            self._log.info("children_unknown", shard=shard, error=str(error), next="lists all shards")
            children = []
        if children:
            self._shards.standing = self._shards.standing.heard(children)
        elif not self._failed_listings:
            self._listing_due = self._now()

    def _interval_s(self) -> float:
        spread = min(SLOWEST_POLL_S, len(self._shards.seats) / MOST_POLLS_S)
        return max(self._poll_s, spread)

    def _next_due(self) -> float:
        seats, childless = self._shards.seats.values(), self._shards.childless.values()
        return min([self._listing_due, *[seat.due for seat in seats], *[alone.due for alone in childless]])
