"""The script of made-up users."""

from collections import Counter
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.traffic import Plan, people, rooms, script
from shared.errors import BadInput


def plan(*, users: int = 9, groups: int = 9, total: int | None = 100, seed: int = 1) -> Plan:
    return Plan(users, groups, total, None, 0, 0, 0, 1, seed)


@given(st.integers(0, 99), st.integers(2, 30))
def test_traffic_is_made_from_its_seed(seed: int, users: int) -> None:
    """The same users and groups each time, no two groups with the same members."""
    ours = plan(users=users, groups=1 + users // 4, seed=seed)
    made = rooms(ours)
    assert made == rooms(ours)
    assert {user for room in made for user in room.members} <= set(people(ours))
    assert len({frozenset(user.uuid for user in room.members) for room in made}) == len(made)
    assert len({room.group for room in made}) == len(made)


def test_most_groups_are_pairs() -> None:
    """Some have three to five members."""
    sizes = Counter(len(room.members) for room in rooms(plan(users=100, groups=200)))
    assert sizes[2] > 100
    assert set(sizes) == {2, 3, 4, 5}


def test_a_few_groups_get_most_messages() -> None:
    """Zipf: the first of a hundred gets far more than its share."""
    turns = Counter(place for _turn, place in script(plan(groups=100, total=2000)))
    assert turns.total() == 2000
    assert turns[0] > 200


def test_without_a_total_it_never_ends() -> None:
    """Until it is stopped."""
    assert len(list(islice(script(plan(total=None)), 500))) == 500


def test_too_few_users_are_noticed() -> None:
    """Two people make one group."""
    with pytest.raises(BadInput, match="too few users"):
        rooms(plan(users=2, groups=2))
