"""The second look, before anybody is accused: strong reads of one member, until it is right or patience ends."""

from collections import Counter
from collections.abc import Callable, Iterator

from shared.keys import roster_key
from stream_worker.verify.findings import Finding, Grade, GroupView, MemberView, judge
from stream_worker.verify.survey import Doubt, Survey
from stream_worker.verify.table import Table

LOOK_AGAIN_S = 0.5
AT_ONCE = 1_000  # members who wait for their second look at the same time

_Doubts = dict[tuple[str, str], Doubt]


class Verifier:
    """Tells what a survey doubts and a closer look confirms; `grades` counts along.

    Args:
        table: the table.
        survey: the walk through it.
        patience_s: how long a row that seems wrong may take to become right (the worker may be behind).
        monotonic: a clock.
    """

    def __init__(self, table: Table, survey: Survey, patience_s: float, monotonic: Callable[[], float]) -> None:
        self.grades: Counter[Grade] = Counter()
        self._table = table
        self._survey = survey
        self._patience_s = patience_s
        self._monotonic = monotonic

    def findings(self) -> Iterator[Finding]:
        """What is wrong, suspect or odd, as soon as it is certain."""
        for finding in self._findings():
            self.grades[finding.grade] += 1
            yield finding

    def _findings(self) -> Iterator[Finding]:
        doubts: _Doubts = {}
        for found in self._survey.doubts():
            if isinstance(found, Finding):
                yield found
                continue
            doubts[found.group, found.user] = found
            if len(doubts) >= AT_ONCE:
                yield from self._look_again(doubts)
                doubts = {}
        yield from self._look_again(doubts)

    def _look_again(self, doubts: _Doubts) -> Iterator[Finding]:
        """The worker may have been on its way: what is wrong must still be wrong when patience ends."""
        until = self._monotonic() + self._patience_s
        looks = 0
        while doubts:
            is_over = self._monotonic() >= until
            looks += 1
            lasting: _Doubts = {}
            for pair, doubt in doubts.items():
                found = self._look(doubt)
                is_wrong = any(finding.grade is Grade.WRONG for finding in found)
                is_missing = any(finding.what == "missing" for finding in found)  # a Query may pass a row that moves
                if (is_wrong and not is_over) or (is_missing and looks == 1):
                    lasting[pair] = doubt
                else:
                    yield from found
            doubts = lasting
            if doubts:
                self._table.retry.stop.wait(LOOK_AGAIN_S)

    def _look(self, doubt: Doubt) -> list[Finding]:
        """One member by strong reads, rows first; a row past what was newest at the first look is on its way."""
        rows = self._table.store.rows_of(doubt.group, doubt.user)
        newest = self._table.store.newest(doubt.group)
        roster = self._table.get(roster_key(doubt.group, doubt.user))
        himself = {doubt.user}
        view = GroupView(newest, himself if doubt.wrote else set(), himself if doubt.named else set())
        found = list(judge(doubt.group, doubt.user, MemberView(rows, roster), view))
        moving = len(rows) == 1 and doubt.newest and newest and doubt.newest.sk < rows[0].shown <= newest.sk
        return [] if moving and all(finding.what in {"stale", "text"} for finding in found) else found
