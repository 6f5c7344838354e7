"""What a campaign adds up to, and where its figures go."""

from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.campaign import EVENTS, Tally, campaign, silent
from tests.simulation.report import BEGIN, END, has_place, insert


def test_a_campaign_counts_every_run() -> None:
    """Chunks on several processes add up to what was asked for, whoever does the work."""
    told: list[int] = []
    ours = campaign("ours", ["calm"], 12, jobs=2, tell=told.append)["calm"]
    theirs = campaign("original", ["calm"], 2, jobs=1)["calm"]
    assert (ours.runs, ours.bad, sum(told)) == (12, 0, 12)
    assert theirs.bad == len(theirs.worst) == 2


def test_an_event_that_never_happened_is_named() -> None:
    """A simulator that lost a tooth says which."""
    everything = Tally(seen=Counter(EVENTS[1:]))
    assert silent({"calm": everything}) == [EVENTS[0]]
    assert silent({"calm": everything, "churn": Tally(faults=Counter(EVENTS[:1]))}) == []


def test_figures_replace_only_what_is_between_the_markers(tmp_path: Path) -> None:
    """The words around them are somebody's."""
    document = tmp_path / "proof.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    insert(document, ["new", "figures"])
    assert document.read_text() == f"before\n{BEGIN}\nnew\nfigures\n{END}\nafter\n"


@pytest.mark.parametrize("text", ["", BEGIN, END + BEGIN])
def test_a_document_without_markers_is_refused_before_the_work(tmp_path: Path, text: str) -> None:
    """Hours of runs are not thrown away at the end."""
    document = tmp_path / "proof.md"
    assert not has_place(document)
    document.write_text(text)
    assert not has_place(document)
