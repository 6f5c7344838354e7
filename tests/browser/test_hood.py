"""The pane under the hood: what the worker has read and decided, as it does."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_it_shows_how_a_message_moves_a_row(people: People) -> None:
    """The record, what was decided of one's own row, and the calls; in keys and numbers, never in words."""
    (ann, hers), (_, his) = people.arrive("Ann", "Ben")
    his.begin(ann.handle, "First")
    expect(hers.conversation("Ben")).to_contain_text("First")
    hers.hood_switch.check()
    expect(hers.hood).to_contain_text("pattern-e: active")
    his.send("Not for the pane")
    records = hers.hood.get_by_role("region", name="Records of the stream")
    expect(records.get_by_role("listitem").filter(has_text="INSERT").filter(has_text="MSG#").first).to_be_visible()
    decisions = hers.hood.get_by_role("region", name="What the reconcile decided")
    expect(decisions.get_by_role("listitem").filter(has_text="Your row · Ben").first).to_contain_text("moved")
    expect(hers.hood.get_by_role("row", name="TransactWriteItems")).to_be_visible()
    expect(hers.hood).not_to_contain_text("Not for the pane")


def test_it_asks_only_while_it_is_open(people: People) -> None:
    """Nobody pays for a pane that is closed."""
    ann, ben, hers = people.new("Ann"), people.new("Ben"), people.stranger()
    hers.page.clock.install()
    hers.page.reload()
    hers.sign_in(ann)
    assert not [url for url in people.asked if url.endswith("/api/worker")]
    with hers.page.expect_request("**/api/worker"):
        hers.hood_switch.check()
    hers.hood_switch.uncheck()
    expect(hers.hood).to_be_hidden()
    asked = [url for url in people.asked if url.endswith("/api/worker")]
    hers.page.clock.fast_forward("00:10")
    hers.begin(ben.handle, "Ten seconds later")
    expect(hers.message("Ten seconds later")).to_be_visible()
    assert [url for url in people.asked if url.endswith("/api/worker")] == asked
