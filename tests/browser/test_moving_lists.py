"""Rows go where nobody looks: out of the newest page, away, up from below; none is lost, and none is waited for."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import expect

from tests.browser.held import read_again
from tests.browser.people import People
from tests.browser.town import Person, Town, Voice

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_row_that_goes_back_below_the_newest_is_not_lost(people: People, town: Town) -> None:
    """It rose with a message that is deleted again; nobody waits for it."""
    ann = people.new("Ann")
    with town.voice(ann) as voice:
        names = _begins(voice, _strangers(town, 22))
    hers = people.at_page(ann, has_clock=True)
    hers.button("Older conversations").click()
    hers.open(names[-1])
    hers.send("One more")
    hers.expect_list(names[-1], *names[:-1])
    hers.delete("One more")
    hers.expect_list(*names[:20])
    read_again(hers.page)
    hers.page.clock.fast_forward("00:03")
    people.expect_status("Live", hers)
    hers.button("Older conversations").click()
    hers.expect_list(*names)


def test_rows_that_moved_while_nobody_looked_are_all_there(people: People, town: Town) -> None:
    """More than a page of them: what was shown before does not join on to it, and is read again on demand."""
    ann, others = people.new("Ann"), _strangers(town, 42)
    with town.voice(ann) as voice:
        names = _begins(voice, others[:21])
        hers = people.at_page(ann, has_clock=True)
        hers.expect_list(*names[:20])
        hers.look_away()
        names = _begins(voice, others[21:]) + names
    hers.look_back()
    hers.expect_list(*names[:20])
    for count in (40, 42):
        hers.button("Older conversations").click()
        hers.expect_list(*names[:count])


def test_a_conversation_that_is_left_elsewhere_is_not_waited_for(people: People, town: Town) -> None:
    """Its row shall never show what was sent last; whoever writes to them again finds them there."""
    ann, ben = people.new("Ann"), people.new("Ben")
    hers = people.at_page(ann, has_clock=True)
    people.expect_trouble("404")
    with town.without_worker(), town.voice(ann) as anns, town.voice(ben) as bens:
        group = anns.say("Hello", to=ben)
        hers.open("Ben")
        hers.send("And goodbye")
        anns.leave(group)
        hers.expect_list()
        hers.page.clock.fast_forward("00:03")
        assert hers.status.text_content() == "Live"
        read_again(hers.page)
        expect(hers.text).to_be_hidden()
        bens.say("Come back", to=ann)
        expect(hers.message("Come back")).to_be_visible()
    hers.send("I am back")


def _strangers(town: Town, count: int) -> list[Person]:
    return [town.is_known(f"Other {number}") for number in range(count)]


def _begins(voice: Voice, others: Sequence[Person]) -> list[str]:
    """A conversation with each; their names as the list has them, the newest first."""
    for other in others:
        voice.say("Hello", to=other)
    return [other.name for other in reversed(others)]
