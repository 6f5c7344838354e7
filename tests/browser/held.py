"""Answers that come late, and what a page has shown meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import APIResponse, Page, Route

_WATCH = """() => {
  window.seen = { added: [], removed: [] };
  const note = (nodes, texts) => nodes.forEach((node) => texts.push(node.textContent ?? ""));
  new MutationObserver((changes) => changes.forEach(({ addedNodes, removedNodes }) => {
    note([...addedNodes], window.seen.added);
    note([...removedNodes], window.seen.removed);
  })).observe(document.getElementById("messages"), { childList: true, subtree: true });
}"""


class Held:
    """Answers as the application gave them, kept back."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._answers: list[tuple[Route, APIResponse]] = []
        self._is_over = False

    def hold(self, route: Route) -> None:
        """Ask, and keep the answer."""
        if self._is_over:
            route.continue_()
        else:
            self._answers.append((route, route.fetch()))

    def wait(self) -> None:
        """Until there is one."""
        while not self._answers:
            self._page.wait_for_timeout(20)

    def let_go(self) -> None:
        """Now they come."""
        self._is_over = True
        while self._answers:
            route, answer = self._answers.pop(0)
            route.fulfill(response=answer)


@contextmanager
def held(page: Page, pattern: str) -> Iterator[Held]:
    """Answers to these requests are kept back, and come at the end at the latest."""
    held = Held(page)
    page.route(pattern, held.hold)
    try:
        yield held
    finally:
        held.let_go()


def watch_messages(page: Page) -> None:
    """From now on, remember what comes and goes among the messages."""
    page.evaluate(_WATCH)


def came(page: Page) -> str:
    """All that came, however shortly it stood there."""
    return str(page.evaluate("window.seen.added.join()"))


def went(page: Page) -> str:
    """All that was taken away."""
    return str(page.evaluate("window.seen.removed.join()"))


def look_again(page: Page) -> None:
    """Somebody comes back to the window: it reads the conversation again."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def turn_away(page: Page) -> None:
    """Nobody sees the window for a while; the page's clock goes ahead."""
    page.clock.install()
    page.evaluate("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })")
    look_again(page)
    page.clock.fast_forward(11_000)


def turn_back(page: Page) -> None:
    """Somebody sees it again."""
    page.evaluate("delete document.visibilityState")
    look_again(page)
