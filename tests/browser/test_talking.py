"""People talk: what one does is seen by the other, and lists move when the worker has moved their rows."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_first_message_by_handle_is_seen_by_both(people: People) -> None:
    """Both lists show it, each under the other's name, and the other reads it."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    expect(hers.page.get_by_text("Nobody has written yet.")).to_be_visible()
    hers.begin(ben.handle, "Hello Ben")
    expect(hers.message("Hello Ben")).to_be_visible()
    expect(hers.title).to_have_text("Ben")
    expect(hers.conversation("Ben")).to_contain_text("Hello Ben")
    expect(his.conversation("Ann")).to_contain_text("Hello Ben")
    his.open("Ann")
    expect(his.message("Hello Ben")).to_be_visible()


def test_a_reply_appears_in_the_open_conversation(people: People) -> None:
    """Nobody reloads: both see all of it, in order, and whose it is."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Are you there?")
    his.open("Ann")
    his.send("I am")
    hers.send("Good")
    for window in (hers, his):
        expect(window.texts).to_have_text(["Are you there?", "I am", "Good"])
    expect(hers.message("I am")).to_contain_text("Ben")
    expect(hers.message("Good")).to_contain_text("You")
    expect(his.deed("Good", "Edit")).to_have_count(0)


def test_a_conversation_moves_to_the_top(people: People) -> None:
    """In the window of somebody who only looks on; a new sign-in after a reload shows the same order."""
    (ann, hers), (_, bens), (_, cats) = people.arrive("Ann", "Ben", "Cat")
    bens.begin(ann.handle, "First")
    expect(hers.conversation("Ben")).to_be_visible()
    cats.begin(ann.handle, "Second")
    hers.expect_list("Cat", "Ben")
    bens.send("Third")
    hers.expect_list("Ben", "Cat")
    expect(hers.conversation("Ben")).to_contain_text("new")
    hers.page.reload()
    hers.sign_in(ann)
    hers.expect_list("Ben", "Cat")


def test_an_edit_is_seen_by_the_other(people: People) -> None:
    """In the conversation and in the list; Cancel changes nothing."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Helo")
    his.open("Ann")
    hers.deed("Helo", "Edit").click()
    hers.button("Cancel").click()
    hers.edit("Helo", "Hello")
    expect(his.texts).to_have_text(["Hello"])
    expect(his.conversation("Ann")).to_contain_text("Hello")


def test_a_message_that_is_deleted_goes_for_both(people: People) -> None:
    """The list shows the one before it again; whoever does not want to delete after all keeps it."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "This stays")
    hers.send("This goes")
    his.open("Ann")
    hers.deed("This goes", "Delete").click()
    hers.deletion.get_by_role("button", name="Cancel").click()
    hers.delete("This goes")
    for window in (hers, his):
        expect(window.texts).to_have_text(["This stays"])
    expect(hers.conversation("Ben")).to_contain_text("This stays")


def test_an_old_message_that_is_edited_is_seen_before_long(people: People) -> None:
    """It moves no row, so no event tells of it: the conversation that is open is read again every half minute."""
    (_, hers), ben = *people.arrive("Ann"), people.new("Ben")
    his = people.at_page(ben, has_clock=True)
    hers.begin(ben.handle, "Oldest")
    hers.send("Newest")
    his.open("Ann")
    expect(his.texts).to_have_text(["Oldest", "Newest"])
    hers.edit("Oldest", "The oldest")
    his.page.clock.fast_forward("00:31")
    expect(his.texts).to_have_text(["The oldest", "Newest"])


def test_two_tabs_show_the_same(people: People) -> None:
    """What one sends in a tab is in the other, also where that conversation is open."""
    (ann, hers), (ben, _) = people.arrive("Ann", "Ben")
    other = people.second_tab(hers, ann)
    hers.begin(ben.handle, "From the first tab")
    other.open("Ben")
    other.send("From the second")
    for tab in (hers, other):
        expect(tab.texts).to_have_text(["From the first tab", "From the second"])
        expect(tab.conversation("Ben")).to_contain_text("From the second")


def test_a_handle_of_nobody_is_refused_in_the_dialog(people: People) -> None:
    """With a sentence; what was written is still there, and goes out when the handle is mended."""
    (ann, hers), (ben, _) = people.arrive("Ann", "Ben")
    hers.troubles.expect("422")
    for handle, sentence in ((f"{ben.handle}x", "Nobody has this handle"), (ann.handle, "That is you")):
        hers.begin(handle, "Hello")
        expect(hers.beginning.get_by_role("alert")).to_contain_text(sentence)
        hers.beginning.get_by_role("button", name="Cancel").click()
    hers.button("New conversation").click()
    expect(hers.beginning.get_by_role("textbox", name="Message")).to_have_value("Hello")
    hers.beginning.get_by_role("textbox", name="To").fill(f"@{ben.handle}")
    hers.beginning.get_by_role("button", name="Start").click()
    expect(hers.texts).to_have_text(["Hello"])


def test_older_messages_are_there_on_demand(people: People, town: Town) -> None:
    """45 of them: 20, then 40, then all, oldest first; a new one does not take the older ones away."""
    (ann, hers), (ben, _) = people.arrive("Ann", "Ben")
    said = [f"Message {number}" for number in range(45)]
    with town.voice(ben) as voice:
        for text in said:
            voice.say(text, to=ann)
    hers.open("Ben")
    for known in (said[25:], said[5:], said):
        expect(hers.texts).to_have_text(known)
        if known != said:
            hers.button("Older messages").click()
    expect(hers.button("Older messages")).to_be_hidden()
    hers.send("Message 45")
    expect(hers.texts).to_have_text([*said, "Message 45"])


def test_who_reads_older_messages_is_not_taken_away(people: People, town: Town) -> None:
    """A new one is announced, and a button leads to it."""
    (ann, hers), (ben, his) = people.arrive("Ann", "Ben")
    with town.voice(ben) as voice:
        for number in range(20):
            voice.say(f"Message {number}\n\nwith\nmany\nlines", to=ann)
    hers.open("Ben")
    expect(hers.log.get_by_text("Message 19")).to_be_in_viewport()
    hers.log.evaluate("log => log.scrollTo(0, 0)")
    his.open("Ann")
    his.send("The newest")
    expect(hers.message("The newest")).not_to_be_in_viewport()
    expect(hers.log.get_by_text("Message 0")).to_be_in_viewport()
    hers.button("New messages ↓").click()
    expect(hers.message("The newest")).to_be_in_viewport()
    expect(hers.button("New messages ↓")).to_be_hidden()


def test_what_is_written_stays_with_its_conversation(people: People) -> None:
    """Drafts, and a message that could not be sent: whoever looks elsewhere meanwhile finds them again."""
    [(_, hers)], (ben, cat) = people.arrive("Ann"), map(people.new, ("Ben", "Cat"))
    for other in (ben, cat):
        hers.begin(other.handle, f"Hello {other.name}")
        expect(hers.message(f"Hello {other.name}")).to_be_visible()
    hers.troubles.expect("ERR_FAILED")
    hers.page.route("**/api/messages", lambda route: route.abort())
    hers.text.fill("Not for Ben")
    hers.button("Send").click()
    hers.text.fill("A draft for Cat")
    hers.open("Ben")
    expect(hers.text).to_have_value("")
    expect(hers.log).not_to_contain_text("Not for Ben")
    hers.open("Cat")
    expect(hers.text).to_have_value("A draft for Cat")
    expect(hers.log).to_contain_text("Not for Ben")
    hers.page.unroute("**/api/messages")
    expect(hers.texts).to_have_text(["Hello Cat", "Not for Ben"])


def test_older_conversations_are_there_on_demand(people: People, town: Town) -> None:
    """23 of them: 20, then all, newest first; the oldest one rises to the top, and none is there twice."""
    ann = people.new("Ann")
    others = [town.is_known(f"Other {number}") for number in range(23)]
    with town.voice(ann) as voice:
        for other in others:
            voice.say("Hello", to=other)
        hers = people.at_page(ann)
        names = [other.name for other in reversed(others)]
        hers.expect_list(*names[:20])
        hers.button("Older conversations").click()
        hers.expect_list(*names)
        voice.say("You again", to=others[0])
    hers.expect_list(names[-1], *names[:-1])
    expect(hers.button("Older conversations")).to_be_hidden()


def test_on_a_phone_one_pane_is_shown_at_a_time(people: People) -> None:
    """The list, then the conversation, and back."""
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    (ann, _), ben = *people.arrive("Ann"), people.new("Ben")
    his = people.at_page(ben, **phone)
    his.begin(ann.handle, "From my phone")
    expect(his.message("From my phone")).to_be_visible()
    expect(his.list).to_be_hidden()
    his.text.fill("A draft")
    his.button("Back to conversations").click()
    expect(his.text).to_be_hidden()
    his.open("Ann")
    expect(his.text).to_have_value("A draft")
    his.send("And again")
    assert his.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
