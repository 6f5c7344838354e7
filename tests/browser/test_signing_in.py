"""Who comes in and for how long: passwords, tokens that are over, signing out."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chat_page import ChatPage
from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

WRONG = "The handle or the password is wrong."


def end_token(page: Page) -> list[str]:
    """Let the API refuse the token that the page has from now on, as when its time is over; the tokens that it sees."""
    seen = list[str]()

    def answer(route: Route) -> None:
        token = route.request.headers["authorization"]
        seen.append(token)
        if token == seen[0]:
            route.fulfill(status=401, body="{}", content_type="application/json")
        else:
            route.continue_()

    page.route("**/api/**", answer)
    return seen


def refuse_renewal(page: Page) -> None:
    """Let Cognito refuse refresh tokens, as when somebody was signed out everywhere."""

    def answer(route: Route) -> None:
        if "REFRESH_TOKEN_AUTH" in (route.request.post_data or ""):
            body = json.dumps({"__type": "NotAuthorizedException", "message": "Refresh Token has been revoked"})
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=400, body=body, headers=headers, content_type="application/x-amz-json-1.1")
        else:
            route.continue_()

    page.route(lambda url: "/api/" not in url, answer)


def end_session(window: ChatPage) -> None:
    """Both: the next request finds the token over, and no other is to be had."""
    window.troubles.expect("40[01]")
    end_token(window.page)
    refuse_renewal(window.page)


def test_a_wrong_password_and_a_wrong_handle_are_answered_alike(people: People) -> None:
    """With a sentence, and nothing of the chat is shown; then the right one lets in."""
    ann, window = people.new("Ann"), people.stranger()
    window.troubles.expect("400")
    for handle, password in ((ann.handle, "Wrong-passw0rd"), ("nobody-at-all", ann.password)):
        window.fill_door(handle, password)
        expect(window.door.get_by_role("alert")).to_have_text(WRONG)
    expect(window.status).to_be_hidden()
    window.page.keyboard.press("Escape")
    window.page.keyboard.press("Escape")
    expect(window.door).to_be_visible()
    window.sign_in(ann)
    window.sign_out()
    expect(window.door.get_by_text(WRONG)).to_be_hidden()


def test_nothing_is_asked_for_an_empty_form(people: People) -> None:
    """The page says what it wants."""
    window = people.stranger()
    window.fill_door("", "")
    expect(window.door.get_by_role("alert")).to_have_text("Give your handle and your password.")
    assert not [url for url in window.troubles.asked if "/api/" in url]


def test_a_token_that_is_over_is_renewed_without_a_word(people: People) -> None:
    """In two windows: the message goes out with a new token, and nobody is asked to sign in."""
    (_, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    his.open("Ann")
    for window, text in ((hers, "One"), (his, "Two")):
        window.troubles.expect("401")
        seen = end_token(window.page)
        window.send(text)
        assert len(set(seen)) == 2
        expect(window.door).to_be_hidden()
    for window in (hers, his):
        expect(window.texts).to_have_text(["Hello", "One", "Two"])


def test_who_must_sign_in_again_keeps_the_draft(people: People) -> None:
    """The session is over for good: the page says so, knows the handle, and goes on where one was."""
    (ann, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    hers.text.fill("A long thought, not sent yet")
    end_session(hers)
    his.open("Ann")
    his.send("This lets her page ask again")
    hers.sign_in_again(ann)
    expect(hers.text).to_have_value("A long thought, not sent yet")
    hers.button("Send").click()
    expect(hers.texts).to_have_text(["Hello", "This lets her page ask again", "A long thought, not sent yet"])


def test_what_was_sent_as_the_session_ended_is_not_lost(people: People) -> None:
    """It stands there as not sent, and goes out after the new sign-in, once."""
    (ann, hers), (ben, his) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Hello")
    expect(hers.conversation("Ben")).to_contain_text("Hello")
    end_session(hers)
    hers.text.fill("Too late")
    hers.button("Send").click()
    hers.sign_in_again(ann)
    expect(hers.log).to_contain_text("Not sent. Your session has ended")
    hers.button("Try again").click()
    his.open("Ann")
    for window in (hers, his):
        expect(window.texts).to_have_text(["Hello", "Too late"])


def test_somebody_else_sees_nothing_of_the_one_before(people: People) -> None:
    """After a session that ended by itself: no message, no draft, no conversation, no name."""
    (ann, hers), (ben, his), cat = *people.arrive("Ann", "Ben"), people.new("Cat")
    hers.begin(ben.handle, "Between us")
    leave_a_draft(hers)
    hers.text.fill("A draft")
    end_session(hers)
    his.open("Ann")
    his.send("This lets her page ask again")
    hers.door.get_by_role("button", name="I am somebody else").click()
    hers.sign_in(cat)
    expect(hers.page.get_by_text("Nobody has written yet.")).to_be_visible()
    assert not [left for left in ("Between us", "draft", "Ben", ann.handle, ben.handle) if left in hers.everything()]


def leave_a_draft(window: ChatPage) -> None:
    """Write in the dialog for a new conversation, and let it be."""
    window.button("New conversation").click()
    window.beginning.get_by_role("textbox", name="Message").fill("Another draft")
    window.beginning.get_by_role("button", name="Cancel").click()


def test_signing_out_leaves_nothing_behind(people: People) -> None:
    """Neither on the page nor in the browser; its refresh token is revoked, and nobody is signed in by a reload."""
    (ann, hers), (ben, _) = people.arrive("Ann", "Ben")
    hers.begin(ben.handle, "Between us")
    leave_a_draft(hers)
    hers.text.fill("A draft")
    with hers.page.expect_request(lambda request: "RevokeToken" in request.headers.get("x-amz-target", "")):
        hers.sign_out()
    assert not [left for left in ("Between us", "draft", "Ben", ann.handle, ben.handle) if left in hers.everything()]
    assert hers.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    hers.page.reload()
    expect(hers.door).to_be_visible()
    hers.sign_in(ann)
    hers.expect_list("Ben")
