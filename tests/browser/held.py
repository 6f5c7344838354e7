"""Requests that are answered when a test says so: what a slow line does, without a clock."""

import re

from playwright.sync_api import Page, Route

from tests.acceptance.stack import wait_until

THREAD = re.compile(r"/api/messages/[^/?]+$")
"""The newest messages of a conversation."""

CONVERSATION = re.compile(r"/api/messages/[^/]+$")
"""The same, and its older ones."""

ONE_MESSAGE = re.compile(r"/api/messages/[^/]+/")
SENDING = re.compile(r"/api/messages$")

_PATIENT = "AbortSignal.timeout = () => new AbortController().signal"  # however slow a test is, nothing is given up
_LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


class Held:
    """From now on a page's requests to such addresses wait, each until the test has sent it on or answered it."""

    def __init__(self, page: Page, url: re.Pattern[str]) -> None:
        self._page, self._url = page, url
        self._waiting: list[Route] = []
        self._is_over = False
        page.evaluate(_PATIENT)
        page.route(url, self._keep)

    def next(self) -> Route:
        """The next that waits."""
        wait_until(self._has_one, f"a request like {self._url.pattern}")
        return self._waiting.pop(0)

    def no_more(self) -> None:
        """Others pass; those that wait go on waiting."""
        self._is_over = True

    def _keep(self, route: Route) -> None:
        if self._is_over:
            route.fallback()
        else:
            self._waiting.append(route)

    def _has_one(self) -> bool:
        self._page.wait_for_timeout(1)  # lets the browser's news in
        return bool(self._waiting)


def read_again(page: Page) -> None:
    """The open conversation is read, and what came is shown: a second reading begins only after that."""
    held = Held(page, THREAD)
    page.evaluate(_LOOK)
    first = held.next()
    page.evaluate(_LOOK)
    held.no_more()
    with page.expect_request(THREAD):
        first.continue_()
