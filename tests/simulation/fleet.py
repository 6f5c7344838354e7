"""Worker processes and who may read which shard: a lease table as KCL keeps one, and its accidents."""

from collections.abc import Mapping
from functools import partial

from stream_worker.checkpoints import END
from stream_worker.drivers.native.lineage import Lineage
from stream_worker.state import CHECKPOINTS
from stream_worker.streams import Shard
from tests.simulation.process import Process
from tests.simulation.scenario import Driver
from tests.simulation.world import World


class Fleet:
    """Keeps as many processes alive as the scenario has; deals the shards out, and steals them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._born = 0
        self._owners: dict[str, Process] = {}
        self._lineage = Lineage()
        self._listed: list[str] = []
        self.processes: list[Process] = []
        self.is_down = False

    def tend(self) -> None:
        """For ever: replace the dead, deal out what may be read."""
        while True:
            self._replace()
            if self._world.scenario.driver is Driver.FLEET:
                self._deal()
            self._world.scheduler.sleep(1.0 if self._world.is_quiet else max(0.1, self._world.scenario.think_s / 10))

    def kill(self) -> None:
        """Every process is gone."""
        for process in self.processes:
            self._world.scheduler.kill(process)

    def _replace(self) -> None:
        alive = self._world.scheduler.alive()
        self.processes = [process for process in self.processes if process in alive]
        while not self.is_down and len(self.processes) < self._world.scenario.workers:
            self._born += 1
            self.processes.append(self._start(f"worker-{self._born}"))

    def _start(self, name: str) -> Process:
        process = Process(self._world, name)
        if self._world.scenario.driver is Driver.NATIVE:
            process.spawn("driver", process.run_native)
        else:
            process.is_zombie = partial(self._is_zombie, process)
            process.spawn("start", process.open_stream)
            process.spawn("upkeep", process.keep_up)
        return process

    def _deal(self) -> None:
        world = self._world
        self._list()
        ready = [process for process in self.processes if process.opened]
        for shard in self._lineage.readable(self._ended()) if ready else []:
            owner = self._owners.get(shard.id)
            if owner not in self.processes:
                self._give(shard, ready)
            elif not world.is_quiet and world.dice.random() < world.steal:
                world.diary.sometimes("shard stolen")
                self._give(shard, ready)

    def _list(self) -> None:
        """A full listing; it says something new if shards have come or gone, or if it lacks a parent once more."""
        shards = self._world.streams.shards
        if self._listed != (listed := list(shards)) or self._lineage.absent:
            self._listed = listed
            shown = [Shard(shard.id, shard.parent) for shard in shards.values()]
            self._lineage = self._lineage.listed(shown, self._world.seconds())

    def _give(self, shard: Shard, ready: list[Process]) -> None:
        owner = self._world.dice.choice(ready)
        if self._owners.get(shard.id) is owner:
            return
        self._owners[shard.id] = owner
        owner.spawn(shard.id, partial(self._read, shard, owner))

    def _read(self, shard: Shard, owner: Process) -> None:
        owner.read(shard, partial(self._may_go_on, shard.id, owner))
        if self._owners.get(shard.id) is owner:
            del self._owners[shard.id]

    def _may_go_on(self, shard: str, process: Process) -> bool:
        """Whether a process knows no better than that the shard is its own; half of the time it is told late."""
        return self._owners.get(shard) is process or self._world.dice.random() < 0.5

    def _is_zombie(self, process: Process) -> bool:
        """Whether the shard that is being read just now was given to somebody else."""
        shard = self._world.scheduler.actor.removeprefix(f"{process.name} ").partition("/")[0]
        return self._owners.get(shard, process) is not process

    def _ended(self) -> Mapping[str, bool]:
        items = self._world.watch.drawer(f"{CHECKPOINTS}#{self._world.streams.arn}")
        return {item["sk"]["S"]: item["position"]["S"] == END for item in items}
