"""Iterators hold all of their state."""

import pytest

from devstack.streams.iterators import Place
from shared.errors import RequestRefused
from tests.unit.streams.made import ARN, NOON


@pytest.mark.parametrize("position", [None, 0, 179_534_880_000_000_000_012])
def test_an_iterator_leads_back_to_its_place(position: int | None) -> None:
    """Through a text that fits into a request."""
    place = Place(ARN, "shardId-1", position, NOON + 0.25)
    assert Place.decode(place.encode()) == place
    assert len(place.encode()) < 2048


@pytest.mark.parametrize("text", ["", "nonsense", f"{ARN}|1|", f"{ARN}|1|!!!", f"{ARN}|1|W10=", f"{ARN}|1|é"])
def test_what_is_no_iterator_is_refused(text: str) -> None:
    """As AWS refuses it, not with a trace."""
    with pytest.raises(RequestRefused, match="Invalid ShardIterator"):
        Place.decode(text)
