"""What goes wrong in a page without anybody seeing it: it fails the test, unless the test has said so before."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Page, Request

_REPORT = """addEventListener("securitypolicyviolation", ({effectiveDirective, blockedURI, sample}) =>
  console.error(`the policy of the page kept away: ${effectiveDirective} ${blockedURI} ${sample}`));"""

_LEFT_BEHIND = re.compile(r"request GET \S+/api/\S+: net::ERR_ABORTED")  # a stream, a look: whoever signs out ends it


class Troubles:
    """Errors in the console and in scripts, what the page's policy forbids, requests that get no answer."""

    def __init__(self, context: BrowserContext) -> None:
        self._found: list[str] = []
        self._expected = [_LEFT_BEHIND]
        self.asked: list[str] = []
        """Where requests went."""
        context.add_init_script(_REPORT)
        context.on("page", self._watch)

    def expect(self, pattern: str) -> None:
        """The test brings this about."""
        self._expected.append(re.compile(pattern))

    def check(self) -> None:
        """There was nothing else."""
        unforeseen = [found for found in self._found if not any(known.search(found) for known in self._expected)]
        assert not unforeseen, "\n".join(unforeseen)

    def _watch(self, page: Page) -> None:
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._found.append(f"script: {error.stack or error}"))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("requestfailed", self._note_request)
        page.on("dialog", self._note_dialog)

    def _note_console(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self._found.append(f"console: {said.text} ({said.location.get('url', '')})")

    def _note_dialog(self, dialog: Dialog) -> None:
        self._found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, request: Request) -> None:
        self._found.append(f"request {request.method} {request.url}: {request.failure}")
