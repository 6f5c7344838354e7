"""Out of a conversation, and out of a dialog: nobody ends where they did not want to be."""

import pytest
from playwright.sync_api import expect

from tests.browser.held import SENDING, Held
from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def test_back_leads_to_the_list_on_a_phone(people: People) -> None:
    """By the browser's way back and by the page's; nobody is signed out by it."""
    ann, ben = people.new("Ann"), people.new("Ben")
    hers = people.at_page(ann, **PHONE)
    hers.begin(ben.handle, "Hello")
    expect(hers.message("Hello")).to_be_visible()
    hers.page.go_back()
    expect(hers.conversation("Ben")).to_be_visible()
    hers.open("Ben")
    hers.button("Back to conversations").click()
    expect(hers.conversation("Ben")).to_be_visible()
    people.expect_status("Live", hers)


def test_a_dialog_stays_while_its_request_is_under_way(people: People) -> None:
    """A first message that is slow cannot be cancelled, so it takes nobody's place later on."""
    [(_, hers)], ben = people.arrive("Ann"), people.new("Ben")
    held = Held(hers.page, SENDING)
    hers.begin(ben.handle, "Hello")
    slow = held.next()
    expect(hers.beginning.get_by_role("button", name="Cancel")).to_be_disabled()
    hers.page.keyboard.press("Escape")
    expect(hers.beginning).to_be_visible()
    slow.continue_()
    expect(hers.beginning).to_be_hidden()
    expect(hers.title).to_have_text("Ben")
