"""Answers that come late: no message is lost, shown twice, or shown where it does not belong."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.held import came, held, look_again, watch_messages, went
from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_slow_conversation_keeps_no_other_waiting(people: People) -> None:
    """The second one that is opened is read at once; the first one's late answer shows nothing of it there."""
    [(_, hers)], (ben, cat) = people.arrive("Ann"), map(people.new, ("Ben", "Cat"))
    for other in (ben, cat):
        hers.begin(other.handle, f"Hello {other.name}")
        expect(hers.message(f"Hello {other.name}")).to_be_visible()
    with held(hers.page, f"**/api/messages/{hers.group('Ben')}") as slow:
        hers.open("Ben")
        slow.wait()
        hers.open("Cat")
        expect(hers.texts).to_have_text(["Hello Cat"])
        watch_messages(hers.page)
    hers.send("Is anybody there?")
    assert "Ben" not in came(hers.page)


def test_a_message_that_was_just_sent_stays(people: People) -> None:
    """An answer from before it was sent comes after it: nothing is taken away."""
    [(_, hers)], ben = people.arrive("Ann"), people.new("Ben")
    hers.begin(ben.handle, "Hello")
    expect(hers.message("Hello")).to_be_visible()
    pattern = f"**/api/messages/{hers.group('Ben')}"
    with held(hers.page, pattern) as slow:
        look_again(hers.page)
        slow.wait()
        hers.send("Just sent")
        watch_messages(hers.page)
    with hers.page.expect_response(pattern):
        look_again(hers.page)
    expect(hers.texts).to_have_text(["Hello", "Just sent"])
    assert "Just sent" not in went(hers.page)


def test_a_late_edit_does_not_show_in_another_conversation(people: People) -> None:
    """It is saved, and what is open now stays as it is."""
    [(_, hers)], (ben, cat) = people.arrive("Ann"), map(people.new, ("Ben", "Cat"))
    for other in (cat, ben):
        hers.begin(other.handle, f"Hello {other.name}")
        expect(hers.message(f"Hello {other.name}")).to_be_visible()
    with held(hers.page, f"**/api/messages/{hers.group('Ben')}/*") as slow:
        hers.deed("Hello Ben", "Edit").click()
        hers.editor.fill("A secret of Ben's")
        hers.button("Save").click()
        slow.wait()
        hers.open("Cat")
        expect(hers.texts).to_have_text(["Hello Cat"])
        watch_messages(hers.page)
    hers.open("Ben")
    expect(hers.texts).to_have_text(["A secret of Ben's"])
    assert came(hers.page).count("secret") == 1


def test_what_is_sent_closes_no_gap(people: People, town: Town) -> None:
    """Many messages come while a read is slow, then one's own: those that no page has shown are a page away."""
    (ann, hers), ben = people.arrive("Ann")[0], people.new("Ben")
    hers.begin(ben.handle, "Hello")
    expect(hers.message("Hello")).to_be_visible()
    with held(hers.page, f"**/api/messages/{hers.group('Ben')}") as slow:
        look_again(hers.page)
        slow.wait()
        with town.voice(ben) as his:
            for number in range(25):
                his.say(f"Burst {number}", ann)
        hers.send("And I")
    expect(hers.texts).to_have_count(20)
    hers.button("Older messages").click()
    expect(hers.texts).to_have_text(["Hello", *(f"Burst {number}" for number in range(25)), "And I"])


def test_a_late_older_page_leaves_no_gap(people: People, town: Town) -> None:
    """More than a page comes while the older one is asked for: all of it can be read in the end."""
    (ann, hers), ben = people.arrive("Ann")[0], people.new("Ben")
    with town.voice(ben) as his:
        for number in range(25):
            his.say(f"Early {number}", ann)
        hers.open("Ben")
        with held(hers.page, "**/api/messages/*cursor=*") as older:
            hers.button("Older messages").click()
            older.wait()
            with held(hers.page, f"**/api/messages/{hers.group('Ben')}") as newest:
                look_again(hers.page)
                newest.wait()
                for number in range(25):
                    his.say(f"Late {number}", ann)
            expect(hers.message("Late 24")).to_be_visible()
            expect(hers.message("Early 24")).to_have_count(0)
    for count in (40, 50):
        hers.button("Older messages").click()
        expect(hers.texts).to_have_count(count)
    expect(hers.button("Older messages")).to_be_hidden()


def test_a_message_whose_answer_was_lost_stands_there_once(people: People) -> None:
    """Nobody knows whether it was sent: it is tried again by itself, and is one message."""
    [(_, hers)], ben = people.arrive("Ann"), people.new("Ben")
    hers.begin(ben.handle, "Hello")
    expect(hers.message("Hello")).to_be_visible()
    people.expect_trouble("api/messages|ERR_FAILED")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    hers.page.route("**/api/messages", lose, times=1)
    hers.text.fill("Did you get this?")
    hers.button("Send").click()
    expect(hers.log).to_contain_text("Perhaps not sent")
    expect(hers.log.get_by_text("Perhaps not sent")).to_have_count(0)
    expect(hers.texts).to_have_text(["Hello", "Did you get this?"])


def test_what_is_under_way_cannot_be_left(people: People) -> None:
    """A first message that is slow takes nobody's place later on: the dialog stays until it is answered."""
    [(_, hers)], ben = people.arrive("Ann"), people.new("Ben")
    with held(hers.page, "**/api/messages") as slow:
        hers.begin(ben.handle, "Hello")
        slow.wait()
        expect(hers.beginning.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(hers.beginning).to_be_hidden()
    expect(hers.title).to_have_text("Ben")
