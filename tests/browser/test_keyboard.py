"""Nobody needs a mouse."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.chat_page import ChatPage
from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

_STOPS = 40


class Keyboard:
    """Somebody's hands; what they reach can be seen, and has a ring around it."""

    def __init__(self, window: ChatPage) -> None:
        self._page = window.page

    def reach(self, target: Locator, key: str = "Tab") -> None:
        """Press Tab until one is there."""
        expect(target).to_be_visible()
        for _ in range(_STOPS):
            if target.evaluate("element => element === document.activeElement"):
                break
            self._page.keyboard.press(key)
        expect(target).to_be_focused()
        assert target.evaluate("element => getComputedStyle(element).outlineStyle") != "none"

    def press(self, target: Locator) -> None:
        """Reach a button and press it."""
        self.reach(target)
        self._page.keyboard.press("Enter")

    def write(self, text: str, target: Locator | None = None) -> None:
        """Write, there or where one is, in place of what stands there."""
        if target:
            self.reach(target)
        self._page.keyboard.press("Control+A")
        self._page.keyboard.type(text)


def test_all_of_it_by_keyboard(people: People) -> None:
    """Sign in, begin a conversation, write, edit, delete, open another conversation, sign out."""
    (ann, ben, cat), hers = map(people.new, ("Ann", "Ben", "Cat")), people.stranger()
    hands = Keyboard(hers)
    hands.write(ann.handle)
    hands.write(ann.password, hers.door.get_by_label("Password"))
    hers.page.keyboard.press("Enter")
    for other in (cat, ben):
        hands.press(hers.button("New conversation"))
        hands.write(other.handle)
        hands.write("Hello", hers.beginning.get_by_role("textbox", name="Message"))
        hands.press(hers.beginning.get_by_role("button", name="Start"))
        expect(hers.title).to_have_text(other.name)
        expect(hers.text).to_be_focused()
    say_edit_and_delete(hers, hands)
    hands.press(hers.conversation("Cat"))
    expect(hers.title).to_have_text("Cat")
    hands.press(hers.button("Sign out"))
    expect(hers.door.get_by_role("textbox", name="Handle")).to_be_focused()


def say_edit_and_delete(hers: ChatPage, hands: Keyboard) -> None:
    """One message's life, without a mouse."""
    hands.write("Two lines:")
    hers.page.keyboard.press("Shift+Enter")
    hers.page.keyboard.type("second")
    hers.page.keyboard.press("Enter")
    expect(hers.texts).to_have_text(["Hello", "Two lines: second"])
    hands.press(hers.log.get_by_role("button", name="Edit").last)
    hands.write("One line")
    hands.press(hers.button("Save"))
    expect(hers.texts).to_have_text(["Hello", "One line"])
    hands.press(hers.deed("One line", "Delete"))
    hands.press(hers.deletion.get_by_role("button", name="Delete message"))
    expect(hers.texts).to_have_text(["Hello"])


def test_a_focus_in_the_list_stays_with_its_conversation(people: People) -> None:
    """When another one rises above it."""
    (ann, hers), (_, bens), (_, cats) = people.arrive("Ann", "Ben", "Cat")
    bens.begin(ann.handle, "First")
    cats.begin(ann.handle, "Second")
    hers.expect_list("Cat", "Ben")
    hers.conversation("Ben").focus()
    bens.send("Third")
    hers.expect_list("Ben", "Cat")
    cats.send("Fourth")
    hers.expect_list("Cat", "Ben")
    expect(hers.conversation("Ben")).to_be_focused()
    hers.page.keyboard.press("Enter")
    expect(hers.title).to_have_text("Ben")


def test_escape_leaves_an_editor_and_a_dialog(people: People) -> None:
    """Nothing is changed, and one is back where one was."""
    (_, hers), (ben, _) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    for deed, place in (("Edit", hers.editor), ("Delete", hers.deletion)):
        hers.deed("Hello", deed).press("Enter")
        expect(place).to_be_visible()
        hers.page.keyboard.press("Escape")
        expect(place).to_be_hidden()
        expect(hers.deed("Hello", deed)).to_be_focused()
    expect(hers.texts).to_have_text(["Hello"])
