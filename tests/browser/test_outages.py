"""What people see while a part of it is down, and that all of it comes right by itself."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

UNREACHABLE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE"
DISCONNECTED = r"ERR_INTERNET_DISCONNECTED|ERR_ABORTED|ERR_FAILED|ERR_NETWORK"
OFFLINE = "Offline: trying again…"


def test_without_a_worker_messages_are_there_and_lists_stand_still(people: People, town: Town) -> None:
    """Both windows say that the list has to catch up, the pane why; with the worker it does."""
    (ann, hers), (_, his), (_, cats) = people.arrive("Ann", "Ben", "Cat")
    hers.hood_switch.check()
    his.begin(ann.handle, "First")
    cats.begin(ann.handle, "Second")
    hers.expect_list("Cat", "Ben")
    with town.without_worker():
        his.send("Third")
        hers.open("Ben")
        expect(hers.texts).to_have_text(["First", "Third"])
        people.expect_status("Catching up…", hers, his)
        hers.expect_list("Cat", "Ben")
        expect(hers.conversation("Ben")).to_contain_text("First")
        expect(hers.hood).to_contain_text("No worker answers.")
    hers.expect_list("Ben", "Cat")
    people.expect_status("Live", hers, his)


def test_a_message_that_no_list_has_shown_can_be_deleted(people: People, town: Town) -> None:
    """Without a worker it is read, then deleted: nobody waits for it for ever."""
    (ann, hers), (_, his) = people.arrive("Ann", "Ben")
    his.begin(ann.handle, "First")
    hers.open("Ben")
    expect(hers.texts).to_have_text(["First"])
    people.expect_status("Live", hers)
    with town.without_worker():
        his.send("Second")
        hers.open("Ben")
        people.expect_status("Catching up…", hers, his)
        his.delete("Second")
        hers.open("Ben")
        people.expect_status("Live", hers, his)


def test_without_the_application_nothing_is_lost(people: People, town: Town) -> None:
    """The page says that it is offline, keeps what could not be sent, sends it and is live again by itself."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    his.open("Ann")
    people.expect_trouble(UNREACHABLE)
    with town.without_app():
        people.expect_status(OFFLINE, hers, his)
        for text in ("Into the void", "Better not"):
            hers.text.fill(text)
            hers.button("Send").click()
        expect(hers.log.get_by_text("Perhaps not sent: the chat cannot be reached")).to_have_count(2)
        hers.button("Discard").last.click()
    people.expect_status("Live", hers, his)
    for window in (hers, his):
        expect(window.texts).to_have_text(["Hello", "Into the void"])
        expect(window.page.get_by_text("Better not")).to_have_count(0)


def test_what_was_opened_while_offline_is_read_when_that_is_over(people: People, town: Town) -> None:
    """Nobody has to do anything for it; nor for somebody who is at the door meanwhile."""
    [(_, hers)], (ben, cat), stranger = people.arrive("Ann"), map(people.new, ("Ben", "Cat")), people.stranger()
    for other in (ben, cat):
        hers.begin(other.handle, f"Hello {other.name}")
        expect(hers.conversation(other.name)).to_contain_text("Hello")
    people.expect_trouble(UNREACHABLE)
    with town.without_app():
        hers.open("Ben")
        expect(hers.page.get_by_text("The chat cannot be reached")).to_be_visible()
        stranger.fill_door(cat.handle, cat.password)
        expect(stranger.door.get_by_role("alert")).to_contain_text("The chat cannot be reached")
    expect(hers.texts).to_have_text(["Hello Ben"])
    expect(hers.page.get_by_text("The chat cannot be reached")).to_be_hidden()
    stranger.sign_in(cat)


def test_a_browser_that_was_offline_is_live_again(people: People) -> None:
    """By itself, with what has happened meanwhile."""
    (ann, hers), (_, his) = people.arrive("Ann", "Ben")
    people.expect_trouble(DISCONNECTED)
    hers.page.context.set_offline(offline=True)
    people.expect_status(OFFLINE, hers)
    his.begin(ann.handle, "Where are you?")
    hers.page.context.set_offline(offline=False)
    people.expect_status("Live", hers)
    expect(hers.conversation("Ben")).to_contain_text("Where are you?")
