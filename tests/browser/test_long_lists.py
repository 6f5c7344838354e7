"""Lists longer than a page: whatever moves, each conversation is in them once."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import expect

from tests.acceptance.stack import wait_until
from tests.browser.chat_page import ChatPage
from tests.browser.held import look_again, turn_away, turn_back
from tests.browser.people import People
from tests.browser.town import Person, Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def with_many(people: People, town: Town, count: int) -> tuple[Person, ChatPage, Sequence[Person]]:
    """Ann, her window, and those she has written to, the first one longest ago."""
    ann = people.new("Ann")
    others = [town.is_known(f"Person {number:02}") for number in range(count)]
    with town.voice(ann) as voice:
        for other in others:
            voice.say("Hello", other)
    return ann, people.at_page(ann), others


def names(window: ChatPage) -> list[str]:
    """All of the list, page after page."""
    rows = window.list.get_by_role("listitem").locator(".name")
    while window.button("Older conversations").is_visible():
        before = rows.count()
        window.button("Older conversations").click()
        expect(rows.nth(before)).to_be_visible()
    return rows.all_text_contents()


def test_a_row_that_moves_back_is_not_lost(people: People, town: Town) -> None:
    """One's newest message is deleted: the conversation is where it was, below the newest page; the list is right."""
    _, hers, others = with_many(people, town, 25)
    expected = [other.name for other in reversed(others)]
    assert names(hers) == expected
    hers.open("Person 00")
    hers.send("One more")
    hers.expect_list("Person 00", *expected[:-1])
    hers.delete("One more")
    expect(hers.list.get_by_role("listitem").first).not_to_contain_text("Person 00")
    assert names(hers) == expected
    people.expect_status("Live", hers)


def test_a_window_that_nobody_saw_misses_no_row(people: People, town: Town) -> None:
    """It leaves its connection to others; looked at again, it knows what has moved, more than a page of it."""
    ann, hers, others = with_many(people, town, 30)
    expect(hers.list.get_by_role("listitem")).to_have_count(20)
    turn_away(hers.page)
    people.expect_status("Connecting…", hers)
    with town.voice(ann) as voice:
        for other in others[:25]:
            voice.say("Again", other)
        wait_until(lambda: voice.previews().count("Again") == 25, "the worker to move all rows")
    turn_back(hers.page)
    people.expect_status("Live", hers)
    expect(hers.list.get_by_role("listitem").filter(has_text="Again")).to_have_count(20)
    assert sorted(names(hers)) == [other.name for other in others]


def test_a_conversation_that_was_left_comes_back(people: People, town: Town) -> None:
    """Left elsewhere while it is open: one cannot write there, until the other writes again."""
    (ann, hers), (_, his) = people.arrive("Ann", "Ben")
    his.begin(ann.handle, "Hello")
    hers.open("Ben")
    expect(hers.message("Hello")).to_be_visible()
    people.expect_trouble("404")
    with town.voice(ann) as voice:
        voice.leave(hers.group("Ben"))
    look_again(hers.page)
    expect(hers.text).to_be_hidden()
    expect(hers.list.get_by_role("listitem")).to_have_count(0)
    his.send("Come back")
    expect(hers.message("Come back")).to_be_visible()
    expect(hers.text).to_be_visible()


def test_back_leads_to_the_list_on_a_phone(people: People) -> None:
    """By the button and by the gesture; nobody is signed out by it."""
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
