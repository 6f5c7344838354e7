"""The page at /docs: Swagger UI from our own address."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import People
from tests.browser.town import Town
from tests.integration.app.stage import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_it_shows_the_routes_and_asks_them(people: People, town: Town) -> None:
    """It renders, names what can be asked, and asks it with a token; it speaks with nobody but us."""
    ann, window = people.new("Ann"), people.stranger("/docs")
    page = window.page
    page.get_by_role("button", name="Authorize", exact=True).click()
    page.get_by_role("textbox", name="auth-bearer-value").fill(sign_in(town.settings, ann.handle))
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="get /api/message_groups", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table td.response-col_status").last).to_contain_text("200")
    assert all(url.startswith((town.app.url, "data:")) for url in window.troubles.asked)
