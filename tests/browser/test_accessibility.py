"""axe-core finds nothing to complain of, wherever one is on the page: in light and dark, on a desk and on a phone."""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def look(window: ChatPage) -> None:
    """What axe-core says of what is shown now, when nothing moves any more."""
    window.page.evaluate("Promise.all(document.getAnimations().map(({finished}) => finished.catch(() => {})))")
    found = Axe().run(window.page)
    assert not found.violations_count, found.generate_report()


def test_what_keeps_people_out_is_found(people: People) -> None:
    """A field without a name: axe-core really looks at this page."""
    window = people.stranger()
    look(window)
    window.page.evaluate("document.querySelector('#door form').append(document.createElement('input'))")
    with pytest.raises(AssertionError, match=r"\blabel\b"):
        look(window)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(people: People, scheme: Literal["light", "dark"], size: dict[str, Any]) -> None:
    """At the door, refused there, in an empty list, in dialogs, in a conversation, in an editor."""
    (ben, his), ann = *people.arrive("Ben"), people.new("Ann")
    hers = people.stranger(color_scheme=scheme, **size)
    look(hers)
    hers.fill_door("", "")
    look(hers)
    hers.sign_in(ann)
    look(hers)
    begin(hers, ben.handle)
    his.open("Ann")
    his.send("Hello Ann")
    talk(hers)
    go_back(hers)


def begin(hers: ChatPage, handle: str) -> None:
    """The dialog, with a refusal; then the conversation."""
    hers.troubles.expect("422")
    hers.begin(f"{handle}x", "Hello Ben")
    expect(hers.beginning.get_by_role("alert")).not_to_be_empty()
    look(hers)
    hers.beginning.get_by_role("textbox", name="To").fill(handle)
    hers.beginning.get_by_role("button", name="Start").click()
    expect(hers.message("Hello Ben")).to_be_visible()


def talk(hers: ChatPage) -> None:
    """A message of each; an editor; the dialog that asks before it deletes."""
    expect(hers.message("Hello Ann")).to_be_visible()
    look(hers)
    hers.deed("Hello Ben", "Edit").click()
    look(hers)
    hers.button("Cancel").click()
    hers.deed("Hello Ben", "Delete").click()
    look(hers)
    hers.deletion.get_by_role("button", name="Cancel").click()


def go_back(hers: ChatPage) -> None:
    """The list with a conversation in it; and under the hood."""
    if hers.button("Back to conversations").is_visible():
        hers.button("Back to conversations").click()
        look(hers)
    hers.hood_switch.check()
    expect(hers.hood).to_contain_text("active")
    look(hers)
