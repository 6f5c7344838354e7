"""What the search takes for granted of the production worker, asked of it for every answer it can get."""

from itertools import combinations, product

import pytest

from stream_worker.reconcile.plan import Action, Create, Rewrite
from tests.simulation.model.replay import Answer, Call, History, Player, Reply, Rows, Seen, Start, production
from tests.simulation.model.world import LOOK, Line, Message, Read

LINES = [
    Line(position, shows, text)
    for position in (1, 2)
    for shows in (position, None)
    for text in ("a", "b", "")
    if text or shows
]
ROWS = [Rows(())] + [Rows((Read(line, is_so),)) for line in LINES for is_so in (True, False)]
PAIRS = [Rows((Read(one), Read(two))) for one, two in combinations(LINES, 2) if one.position < two.position]
NEWEST = [Seen(None), *(Seen(Message(number, text)) for number in (1, 2, 3) for text in "ab")]
A_LOOK = Start(messages=(LOOK,))
STARTS = [
    Start(messages=(3,)),
    Start(messages=(LOOK, 3), rows=(Read(LINES[0]),)),
    Start(rows=(Read(LINES[0]),)),
    Start(rows=(Read(LINES[-1]),)),
    Start(messages=(LOOK,), hint=1),
]


@pytest.fixture(scope="module")
def player() -> Player:
    """The production worker, stopped at each call."""
    return Player(production)


def actions(call: Call | None) -> list[Action] | str | None:
    """What is asked, whatever the fresh revisions in it are."""
    if call is None or call.name != "commit":
        return call.name if call else None
    return [_unversioned(action) for action in call.actions]


def _unversioned(action: Action) -> Action:
    match action:
        case Create(item):
            return Create({**item, "worker_rev": {}, "row_rev": {}})
        case Rewrite(row, attributes):
            return Rewrite(row, {**attributes, "worker_rev": {}, "row_rev": {}})
        case _:
            return action


def cancelled(player: Player, history: History) -> History | None:
    """The same, and its transaction was cancelled."""
    call = player.next(A_LOOK, history).call
    if call is None:
        return None
    return (*history, Reply((("ConditionalCheckFailed", None), *[("None", None)] * (len(call.actions) - 1))))


def test_after_a_lost_race_a_worker_reads_as_if_it_had_just_begun(player: Player) -> None:
    """So a cancelled transaction may be taken for the end of a batch that comes again."""
    for first in product([*ROWS, *PAIRS], NEWEST):
        if history := cancelled(player, first):
            assert player.next(A_LOOK, history).call == Call("rows_of"), first
            assert player.next(A_LOOK, history).applied == 0


def test_nothing_read_before_a_lost_race_matters_after_it(player: Player) -> None:
    """Every second look does what a first one does with the same answers, whatever came before."""
    firsts = [history for first in product(PAIRS[:2] + ROWS[1:4], NEWEST[:3]) if (history := cancelled(player, first))]
    for before, look in product(firsts, product([*ROWS, *PAIRS], NEWEST)):
        _same(player, (A_LOOK, (*before, *look)), (A_LOOK, look))


@pytest.mark.parametrize("start", STARTS, ids=str)
def test_every_batch_ends_in_the_same_look(player: Player, start: Start) -> None:
    """Whatever a worker was told, once it reads the list only the list and the message after it count."""
    for prefix in _ways_to_the_list(player, start, ()):
        for look in product([*ROWS, *PAIRS], NEWEST):
            _same(player, (start, (*prefix, *look)), (A_LOOK, look))


def test_a_hit_is_as_good_as_a_list_with_one_row(player: Player) -> None:
    """Where no duplicate stands, a hinted read and a Query are the same."""
    for look in product([rows for rows in ROWS if rows.found and rows.found[0].line.position == 1], NEWEST):
        _same(player, (Start(messages=(LOOK,), hint=1), look), (A_LOOK, look))


def test_revisions_are_never_compared(player: Player) -> None:
    """Production only hands them on as conditions, so that a stale read is planned for as a fresh one is."""
    for line, newest in product(LINES, NEWEST):
        fresh, stale = (player.next(A_LOOK, (Rows((Read(line, is_so),)), newest)).call for is_so in (True, False))
        assert kinds(fresh) == kinds(stale)


def kinds(call: Call | None) -> list[type[Action]]:
    """What a transaction would do."""
    return [type(action) for action in call.actions] if call else []


def _ways_to_the_list(player: Player, start: Start, answers: tuple[Answer, ...]) -> list[tuple[Answer, ...]]:
    """All answers after which the list is read next."""
    call = player.next(start, answers).call
    if call is None or call.name == "commit":
        return []
    if call.name == "rows_of":
        return [answers]
    following = [Rows(())] if call.name == "rows_at" else NEWEST
    return [way for answer in following for way in _ways_to_the_list(player, start, (*answers, answer))]


def _same(player: Player, one: tuple[Start, History], other: tuple[Start, History]) -> None:
    assert actions(player.next(*one).call) == actions(player.next(*other).call)
