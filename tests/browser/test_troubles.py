"""What would fail the tests here is seen: otherwise they would prove nothing."""

import pytest

from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("event", "script", "seen"),
    [
        ("console", "console.error('something is wrong')", "something is wrong"),
        ("pageerror", "setTimeout(() => { throw new Error('broken') })", "broken"),
        ("dialog", "setTimeout(() => alert('attacked'))", "dialog: attacked"),
        ("console", "new Image().src = 'https://evil.example.com/'", "Content Security Policy"),
        ("console", "setTimeout(() => { document.body.innerHTML = '<b>'; })", "TrustedHTML"),
        ("requestfailed", "fetch('/page-settings', {signal: AbortSignal.timeout(0)}).catch(() => {})", "page-settings"),
    ],
)
def test_what_goes_wrong_in_a_page_is_seen(people: People, event: str, script: str, seen: str) -> None:
    """In the console, in a script, before the eyes of whoever looks on, at the page's policy, on the network."""
    window = people.stranger()
    with window.page.expect_event(event):
        window.page.evaluate(script)
    with pytest.raises(AssertionError, match=seen):
        window.troubles.check()
    window.troubles.expect("")
