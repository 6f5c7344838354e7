"""Answers come late, or never: nothing is shown that is not so, nothing is lost, and nobody waits for the wrong one."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.held import CONVERSATION, ONE_MESSAGE, SENDING, THREAD, Held
from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


class Ann:
    """She is at the page, has written to Ben and to Cat, and writes from elsewhere as well."""

    def __init__(self, hers: ChatPage, say: Callable[[str, str], object]) -> None:
        self.hers, self._say = hers, say

    def says(self, name: str, *texts: str) -> list[str]:
        """Messages to one of them, from elsewhere."""
        for text in texts:
            self._say(name, text)
        return [*texts]


@pytest.fixture
def ann(people: People, town: Town) -> Iterator[Ann]:
    """Ann."""
    person = people.new("Ann")
    others = {name: town.is_known(name) for name in ("Ben", "Cat")}
    with town.voice(person) as voice:
        ann = Ann(people.at_page(person, has_clock=True), lambda name, text: voice.say(text, to=others[name]))
        for name in others:
            ann.says(name, f"Hello {name}")
        yield ann


def test_a_conversation_is_read_though_the_one_before_is_not_answered(ann: Ann) -> None:
    """Nor does that answer, when it comes, change what is open."""
    hers = ann.hers
    held = Held(hers.page, THREAD)
    hers.open("Ben")
    late = held.next()
    hers.open("Cat")
    held.next().continue_()
    expect(hers.texts).to_have_text(["Hello Cat"])
    with hers.page.expect_event("requestfinished"):
        late.continue_()
    hers.send("You alone")
    held.next()  # until it is answered, nothing would mend what the late one did
    expect(hers.texts).to_have_text(["Hello Cat", "You alone"])


def test_what_was_just_sent_stays_when_an_answer_from_before_comes(ann: Ann) -> None:
    """The conversation is read once more instead; until then the message stands where it was put."""
    hers = ann.hers
    held = Held(hers.page, THREAD)
    hers.open("Ben")
    late = held.next()
    before = late.fetch()
    hers.send("Just sent")
    late.fulfill(response=before)
    again = held.next()
    expect(hers.texts).to_have_text(["Just sent"])
    held.no_more()
    again.continue_()
    expect(hers.texts).to_have_text(["Hello Ben", "Just sent"])


def test_an_edit_that_is_answered_late_is_not_shown_in_another_conversation(ann: Ann) -> None:
    """It is stored, and stands where it belongs."""
    hers, told = ann.hers, ann.says("Cat", *map(str, range(21)))
    hers.open("Ben")
    held = Held(hers.page, ONE_MESSAGE)
    hers.deed("Hello Ben", "Edit").click()
    hers.editor.fill("Between Ben and me")
    hers.button("Save").click()
    late = held.next()
    hers.open("Cat")
    expect(hers.texts).to_have_text(told[-20:])
    with hers.page.expect_event("requestfinished", lambda request: request.method == "PUT"):
        late.continue_()
    told += ann.says("Cat", "The end")
    expect(hers.texts).to_have_text(told[-21:])
    hers.open("Ben")
    expect(hers.texts).to_have_text(["Between Ben and me"])


def test_what_is_sent_among_many_closes_no_gap(ann: Ann) -> None:
    """More than a page has come since the last reading: the newest are shown, and a button leads to the others."""
    hers = ann.hers
    hers.open("Ben")
    expect(hers.texts).to_have_text(["Hello Ben"])
    held = Held(hers.page, THREAD)
    told = ann.says("Ben", *map(str, range(25)))
    late = held.next()
    hers.send("And this")
    held.no_more()
    late.continue_()
    expect(hers.texts).to_have_text([*told[-19:], "And this"])
    hers.button("Older messages").click()
    expect(hers.texts).to_have_text(["Hello Ben", *told, "And this"])


def test_older_messages_that_come_late_leave_no_gap(ann: Ann) -> None:
    """So many have come meanwhile that they would not join on: they are had when they are asked for again."""
    hers, told = ann.hers, ["Hello Ben", *ann.says("Ben", *map(str, range(24)))]
    hers.open("Ben")
    expect(hers.texts).to_have_text(told[-20:])
    held = Held(hers.page, CONVERSATION)
    hers.button("Older messages").click()
    older = held.next()
    told += ann.says("Ben", *map(str, range(24, 48)))
    held.next().continue_()
    expect(hers.texts).to_have_text(told[-20:])
    held.no_more()
    older.continue_()
    for count in (40, 49):
        hers.button("Older messages").click()
        expect(hers.texts).to_have_text(told[-count:])


def test_a_message_whose_answer_is_lost_is_there_once(ann: Ann) -> None:
    """It may have been sent: it is sent again by itself, and both are one."""
    hers = ann.hers
    hers.troubles.expect("ERR_FAILED")
    hers.open("Ben")
    held = Held(hers.page, SENDING)
    hers.text.fill("Did you get this?")
    hers.button("Send").click()
    lost = held.next()
    lost.fetch()
    lost.abort()
    expect(hers.log.get_by_text("Perhaps not sent")).to_be_visible()
    hers.page.clock.fast_forward("00:11")
    again = held.next()
    expect(hers.message("Did you get this?")).to_be_visible()
    again.continue_()
    expect(hers.log.get_by_text("Did you get this?")).to_have_count(1)
