"""A window that nobody sees leaves its connection to the others: a browser has six to a host."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_window_that_nobody_sees_does_not_listen(people: People, town: Town) -> None:
    """A moment after it was left; when somebody looks again it is live, with what has happened meanwhile."""
    ann, ben = people.new("Ann"), people.new("Ben")
    hers = people.at_page(ann, has_clock=True)
    hers.look_away()
    people.expect_status("Connecting…", hers)
    with town.voice(ben) as voice:
        voice.say("Where are you?", to=ann)
    hers.look_back()
    people.expect_status("Live", hers)
    expect(hers.conversation("Ben")).to_contain_text("Where are you?")
