"""People, each with a window of their own onto the page."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.chat_page import ChatPage
from tests.browser.town import Person, Town
from tests.browser.troubles import Troubles


class People:
    """Whoever a test is about, and their windows."""

    def __init__(self, town: Town, browser: Browser, patience_ms: int) -> None:
        self._town, self._browser, self._patience_ms = town, browser, patience_ms
        self._people: list[Person] = []
        self._windows: list[tuple[BrowserContext, Troubles]] = []

    def new(self, name: str) -> Person:
        """Somebody who can sign in."""
        person = self._town.moves_in(name)
        self._people.append(person)
        return person

    def stranger(self, path: str = "/", *, has_clock: bool = False, **options: Any) -> ChatPage:
        """A window in which nobody is signed in, perhaps with a clock to move; `options` as a browser's context's."""
        context = self._browser.new_context(**{"locale": "en-GB", "timezone_id": "Europe/Berlin", **options})
        context.set_default_timeout(self._patience_ms)
        troubles = Troubles(context)
        self._windows.append((context, troubles))
        page = context.new_page()
        if has_clock:
            page.clock.install()
        page.goto(f"{self._town.app.url}{path}")
        return ChatPage(page, troubles)

    def at_page(self, person: Person, **options: Any) -> ChatPage:
        """A window in which this person is signed in."""
        chat = self.stranger(**options)
        chat.sign_in(person)
        return chat

    def arrive(self, *names: str) -> list[tuple[Person, ChatPage]]:
        """New people, each signed in."""
        return [(person, self.at_page(person)) for person in map(self.new, names)]

    def second_tab(self, chat: ChatPage, person: Person) -> ChatPage:
        """Another tab of the same browser; one signs in there as well, as tokens are kept nowhere."""
        page = chat.page.context.new_page()
        page.goto(self._town.app.url)
        tab = ChatPage(page, chat.troubles)
        tab.sign_in(person)
        return tab

    @property
    def asked(self) -> list[str]:
        """Where requests went, of all windows."""
        return [url for _, troubles in self._windows for url in troubles.asked]

    def expect_trouble(self, pattern: str) -> None:
        """The test brings this about, in every window."""
        for _, troubles in self._windows:
            troubles.expect(pattern)

    @staticmethod
    def expect_status(text: str, *windows: ChatPage) -> None:
        """What the status line of each comes to say."""
        for window in windows:
            expect(window.status).to_have_text(text)

    def check(self) -> None:
        """Nothing has gone wrong unseen."""
        for _, troubles in self._windows:
            troubles.check()

    def leave(self) -> None:
        """Windows are closed; nobody can sign in any more: pools are shared, and others count their users."""
        for context, _ in self._windows:
            context.close()
        for person in self._people:
            self._town.moves_out(person)
