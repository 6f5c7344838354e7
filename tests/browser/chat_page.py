"""The page as people know it: by roles and names."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.town import Person
from tests.browser.troubles import Troubles

_BECOMES = """state => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


class ChatPage:
    """One window."""

    def __init__(self, page: Page, troubles: Troubles) -> None:
        self.page, self.troubles = page, troubles
        self.status = page.get_by_role("status")
        self.list = page.get_by_role("list", name="Conversations")
        self.log = page.get_by_role("log", name="Messages")
        self.text = page.locator("#thread").get_by_role("textbox", name="Message", exact=True)
        self.texts = self.log.locator("[data-uuid] .text")
        self.editor = self.log.get_by_role("textbox", name="Edit message")
        self.title = page.locator("#thread").get_by_role("heading").first
        self.hood_switch = page.get_by_role("switch", name="Under the hood")
        self.hood = page.get_by_role("complementary", name="Under the hood")
        self.door = page.get_by_role("dialog", name="Sign in")
        self.beginning = page.get_by_role("dialog", name="New conversation")
        self.deletion = page.get_by_role("dialog", name="Delete this message?")

    def button(self, name: str) -> Locator:
        """A button of the page."""
        return self.page.get_by_role("button", name=name, exact=True)

    def sign_in(self, person: Person) -> None:
        """Sign in, and wait until the page is live."""
        self.fill_door(person.handle, person.password)
        expect(self.door).to_be_hidden()
        expect(self.status).to_have_text("Live")

    def sign_in_again(self, person: Person) -> None:
        """The session has ended, and the page knows whose it was."""
        expect(self.door).to_contain_text("Your session has ended.")
        expect(self.door.get_by_role("textbox", name="Handle")).to_have_value(person.handle)
        self.door.get_by_label("Password").fill(person.password)
        self.door.get_by_role("button", name="Sign in").click()
        expect(self.status).to_have_text("Live")

    def fill_door(self, handle: str, password: str) -> None:
        """Ask to be let in."""
        self.door.get_by_role("textbox", name="Handle").fill(handle)
        self.door.get_by_label("Password").fill(password)
        self.door.get_by_role("button", name="Sign in").click()

    def sign_out(self) -> None:
        """Sign out."""
        self.button("Sign out").click()
        expect(self.door).to_be_visible()

    def begin(self, handle: str, text: str) -> None:
        """Write to somebody by their handle."""
        self.button("New conversation").click()
        self.beginning.get_by_role("textbox", name="To").fill(handle)
        self.beginning.get_by_role("textbox", name="Message").fill(text)
        self.beginning.get_by_role("button", name="Start").click()

    def conversation(self, name: str) -> Locator:
        """The row of the conversation with somebody, by the name that it shows."""
        return self.list.get_by_role("button").filter(has=self.page.get_by_text(name, exact=True))

    def open(self, name: str) -> None:
        """Open the conversation with somebody."""
        self.conversation(name).click()
        expect(self.title).to_have_text(name)

    def expect_list(self, *names: str) -> None:
        """These conversations, in this order."""
        expect(self.list.get_by_role("listitem").locator(".name")).to_have_text(list(names))

    def send(self, text: str) -> None:
        """Send a message in the open conversation, and wait until it has arrived."""
        self.text.fill(text)
        self.button("Send").click()
        expect(self.message(text)).to_be_visible()

    def message(self, text: str) -> Locator:
        """A message that has arrived, by its text."""
        return self.log.locator("[data-uuid]").filter(has=self.page.get_by_text(text, exact=True))

    def deed(self, text: str, name: str) -> Locator:
        """What can be done to one's own message: Edit, Delete; one's hand is over it then."""
        self.message(text).hover()
        return self.message(text).get_by_role("button", name=name)

    def edit(self, text: str, other: str) -> None:
        """Give one's own message another text."""
        self.deed(text, "Edit").click()
        self.editor.fill(other)
        self.button("Save").click()
        expect(self.message(other)).to_be_visible()

    def delete(self, text: str) -> None:
        """Delete one's own message."""
        self.deed(text, "Delete").click()
        self.deletion.get_by_role("button", name="Delete message").click()
        expect(self.message(text)).to_have_count(0)

    def look_away(self) -> None:
        """Nobody sees the page (it has a clock to move), until it has given up its stream."""
        self.page.evaluate(_BECOMES, "hidden")
        with self.page.expect_event("requestfailed", lambda request: request.url.endswith("/api/events")):
            self.page.clock.fast_forward("00:11")

    def look_back(self) -> None:
        """Somebody sees it again."""
        self.page.evaluate(_BECOMES, "visible")

    def everything(self) -> str:
        """All that the page holds, shown or not."""
        values = "[...document.querySelectorAll('input, textarea')].map(({value}) => value).join()"
        return f"{self.page.content()} {self.page.evaluate(values)}"
