"""What people see while a part of it is down, and that all of it comes right by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from devstack.cognito import Pool
from devstack.engine import Engine
from devstack.postgres import Postgres
from tests.browser.conftest import town_on
from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

UNREACHABLE = r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE"


@pytest.fixture
def town(engine: Engine, postgres: Postgres, pool: Pool, tmp_path: Path) -> Iterator[Town]:
    """One of the test's own, as parts of it are stopped."""
    with town_on(engine, postgres, pool, tmp_path) as town:
        yield town


def test_without_a_worker_messages_are_there_and_lists_stand_still(people: People, town: Town) -> None:
    """Both windows say that the list has to catch up, the pane why; with the worker it does."""
    (ann, hers), (_, his), (_, cats) = people.arrive("Ann", "Ben", "Cat")
    hers.hood_switch.check()
    his.begin(ann.handle, "First")
    cats.begin(ann.handle, "Second")
    hers.expect_list("Cat", "Ben")
    town.stop_worker()
    his.send("Third")
    hers.open("Ben")
    expect(hers.texts).to_have_text(["First", "Third"])
    for window in (his, hers):
        expect(window.status).to_have_text("Catching up…")
    hers.expect_list("Cat", "Ben")
    expect(hers.conversation("Ben")).to_contain_text("First")
    expect(hers.hood).to_contain_text("No worker answers.")
    town.start_worker()
    hers.expect_list("Ben", "Cat")
    for window in (his, hers):
        expect(window.status).to_have_text("Live")


def test_a_message_that_no_list_has_shown_can_be_deleted(people: People, town: Town) -> None:
    """Without a worker it is read, then deleted: nobody waits for it for ever."""
    (ann, hers), (_, his) = people.arrive("Ann", "Ben")
    his.begin(ann.handle, "First")
    hers.open("Ben")
    expect(hers.status).to_have_text("Live")
    town.stop_worker()
    his.send("Second")
    hers.open("Ben")
    for window in (his, hers):
        expect(window.status).to_have_text("Catching up…")
    his.delete("Second")
    hers.open("Ben")
    for window in (his, hers):
        expect(window.status).to_have_text("Live")


def test_what_was_opened_while_offline_is_read_when_that_is_over(people: People, town: Town) -> None:
    """Nobody has to do anything for it."""
    (_, hers), (ben, _), cat = *people.arrive("Ann", "Ben"), people.new("Cat")
    for other in (ben, cat):
        hers.begin(other.handle, f"Hello {other.name}")
        expect(hers.conversation(other.name)).to_contain_text("Hello")
    people.expect(UNREACHABLE)
    town.app.stop()
    hers.open("Ben")
    expect(hers.page.get_by_text("The chat cannot be reached")).to_be_visible()
    town.app.start()
    expect(hers.texts).to_have_text(["Hello Ben"])
    expect(hers.page.get_by_text("The chat cannot be reached")).to_be_hidden()


def test_a_browser_that_was_offline_is_live_again(people: People) -> None:
    """By itself, with what has happened meanwhile."""
    (ann, hers), (_, his) = people.arrive("Ann", "Ben")
    hers.troubles.expect("ERR_INTERNET_DISCONNECTED|ERR_ABORTED|ERR_FAILED|ERR_NETWORK")
    hers.page.context.set_offline(offline=True)
    expect(hers.status).to_have_text("Offline: trying again…")
    his.begin(ann.handle, "Where are you?")
    hers.page.context.set_offline(offline=False)
    expect(hers.status).to_have_text("Live")
    expect(hers.conversation("Ben")).to_contain_text("Where are you?")


def test_without_the_application_nothing_is_lost(people: People, town: Town) -> None:
    """The page says that it is offline, keeps what could not be sent, and is live again by itself."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    his.open("Ann")
    people.expect(UNREACHABLE)
    town.app.stop()
    for window in (hers, his):
        expect(window.status).to_have_text("Offline: trying again…")
    hers.text.fill("Into the void")
    hers.button("Send").click()
    expect(hers.log).to_contain_text("Not sent. The chat cannot be reached")
    town.app.start()
    for window in (hers, his):
        expect(window.status).to_have_text("Live")
    hers.button("Try again").click()
    for window in (hers, his):
        expect(window.texts).to_have_text(["Hello", "Into the void"])


def test_what_could_not_be_sent_can_be_discarded(people: People, town: Town) -> None:
    """It is gone then, and nobody else has seen it."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    his.open("Ann")
    people.expect(UNREACHABLE)
    town.app.stop()
    hers.text.fill("Better not")
    hers.button("Send").click()
    hers.button("Discard").click()
    expect(hers.page.get_by_text("Better not")).to_have_count(0)
    town.app.start()
    hers.send("Something else")
    expect(his.texts).to_have_text(["Hello", "Something else"])


def test_a_sign_in_that_nobody_answers_is_said(people: People, town: Town) -> None:
    """At the door, with a sentence; it works when the application is back."""
    ann, window = people.new("Ann"), people.stranger()
    window.troubles.expect(UNREACHABLE)
    town.app.stop()
    window.fill_door(ann.handle, ann.password)
    expect(window.door.get_by_role("alert")).to_contain_text("The chat cannot be reached")
    town.app.start()
    window.sign_in(ann)
