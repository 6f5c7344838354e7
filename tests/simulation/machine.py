"""A Hypothesis state machine over the simulator: what it finds, it shortens to a script for `play`."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shared.keys import MESSAGE
from shared.models import string
from tests.simulation.cloud.faults import Fault
from tests.simulation.play import Play
from tests.simulation.scenario import Driver
from tests.simulation.world import Contender, ours

GROUPS = st.sampled_from(["group-0", "group-1", "group-2"])
USERS = st.integers(0, 3)
MOST_CALLS = 40  # that one deed needs
A_WHILE = 80  # steps
DICE = st.integers(0, 7)
DEEDS = st.sampled_from(["send", "send", "send", "edit", "delete", "put_again", "join", "leave", "pin", "start"])
CALLS = st.sampled_from(["transact_write_items", "transact_write_items", "query", "update_item", "put_item"])
MEETS = st.sampled_from([("worker", fault.value) for fault in Fault]) | st.sampled_from(
    [("person", Fault.LOST.value), ("person", Fault.UNSENT.value)]
)
ACCIDENTS = st.one_of(
    st.builds("crash {}".format, st.integers(0, 1)),
    st.builds("pause {} {}".format, st.integers(0, 1), st.sampled_from([1, 5, 60])),
    st.builds("steal {}".format, DICE),
    st.builds("split {} {}".format, st.integers(0, 3), DICE),
    st.builds("freeze {}".format, st.sampled_from([1, 10])),
    st.builds("skip {}".format, st.sampled_from([1, 20 * 3600, 25 * 3600])),
    st.builds("hold {}".format, CALLS),
    st.just("release"),
    st.builds("reads {} {}".format, st.sampled_from([0, 1]), st.sampled_from([100, 2])),
    st.builds("copy {} user-{}".format, GROUPS, USERS),
    st.builds(lambda meets: "fault {} {}".format(*meets), MEETS),
)


class Machine(RuleBasedStateMachine):
    """People, workers, accidents, in any order; subclasses name another contender."""

    contender: Contender = staticmethod(ours)

    def __init__(self) -> None:
        super().__init__()
        self.play: Play | None = None
        self._said = 0

    @initialize(driver=st.sampled_from(Driver))
    def open(self, driver: Driver) -> None:
        """The curtain."""
        self.play = Play(driver, type(self).contender)

    @rule(deed=DEEDS, group=GROUPS, who=USERS, first=st.sampled_from([0, MOST_CALLS]))
    def somebody(self, deed: str, group: str, who: int, first: int) -> None:
        """Somebody begins to do something, and perhaps gets it done before anybody else acts."""
        self._said += 1
        text = "same" if deed == "edit" else f"text-{self._said}"
        more = "" if deed in {"delete", "join", "leave", "put_again"} else f" {text}"
        able = self._able(deed, group)
        self._step(f"deed {deed} {group} {able[who % len(able)]}{more}")
        self._step(f"act {self._play.names[-1]} {first} 0")

    @rule(call=CALLS, deed=DEEDS, group=GROUPS, who=USERS, dice=DICE)
    def somebody_beside_a_call(self, call: str, deed: str, group: str, who: int, dice: int) -> None:
        """A worker is about to make this call, and somebody gets something done: where most races are."""
        self._step(f"hold {call}")
        self._step(f"everyone {A_WHILE} {dice}")
        self.somebody(deed, group, who, MOST_CALLS)
        self._step("release")

    @rule(what=ACCIDENTS)
    def accident(self, what: str) -> None:
        """Something goes wrong."""
        self._step(what)

    @rule(who=st.integers(0, 15), times=st.integers(1, 20), dice=DICE)
    def one_acts(self, who: int, times: int, dice: int) -> None:
        """One process or task goes on, and nobody else."""
        names = self._play.names
        self._step(f"act {names[who % len(names)]} {times} {dice}")

    @rule(times=st.integers(1, 60), dice=DICE)
    def all_act(self, times: int, dice: int) -> None:
        """Everybody goes on."""
        self._step(f"everyone {times} {dice}")

    @rule(dice=DICE)
    def all_is_settled(self, dice: int) -> None:
        """Guards matter most to workers that were idle."""
        self._step(f"lull {dice}")

    @invariant()
    def the_promise_holds(self) -> None:
        """At every moment."""
        if self.play:
            self._check()

    def teardown(self) -> None:
        """In the end all comes right."""
        if not self.play:
            return
        try:
            if not self.play.violations:
                self.play.finish()
                self._check()
        finally:
            self.play.close()

    @property
    def _play(self) -> Play:
        assert self.play
        return self.play

    def _check(self) -> None:
        if self._play.violations:
            raise AssertionError("\n".join([*self._play.violations, "", "As a file of scripts/:", *self._play.script]))

    def _able(self, deed: str, group: str) -> list[str]:
        """For whom the deed makes sense, if for anybody."""
        world = self._play.world
        members = {user.uuid for user in world.members(group)}
        authors = {
            string(item, "user_uuid") for item in world.database.partition(world.messages, MESSAGE + group).values()
        }
        everybody = {user.uuid for user in world.users}
        able = {"edit": authors, "delete": authors, "join": everybody - members, "start": everybody}.get(deed, members)
        return sorted(able or everybody)

    def _step(self, line: str) -> None:
        self._play.step(line)
