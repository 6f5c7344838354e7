"""The conversation to begin with."""

from producer.seed import conversation
from shared import keys
from shared.models import User

ANN, BEN = User("ann-1", "ann", "Ann"), User("ben-1", "ben", "Ben")


def test_the_seed_is_always_the_same() -> None:
    """A hundred messages of two people, in order, with names and places that do not change."""
    group = keys.pair_group("ann-1", "ben-1")
    first, second = conversation(group, ANN, BEN), conversation(group, ANN, BEN)
    assert first == second
    assert len({message.uuid for message in first}) == len(first) == 100
    assert [message.created_at for message in first] == sorted({message.created_at for message in first})
