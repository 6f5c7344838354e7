"""A town and a browser for each worker of pytest's; new people, each with a browser window, for each test."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from devstack.cognito import Pool
from devstack.engine import Engine
from devstack.postgres import Postgres
from tests.browser.people import People
from tests.browser.town import Town, founded
from tests.databases import empty_database
from tests.integration.app.stage import settings_for_app
from tests.lacking import lacking
from tests.places import settings_of

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_NAMES = "chromium", "chromium-browser", "google-chrome"
_PATIENCE_MS = 30_000


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's; while it is open no other test can have an event loop in this thread."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if not program:
        lacking("There is no Chromium: install it (Debian: chromium).")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS, timeout=_PATIENCE_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def town(engine: Engine, postgres: Postgres, pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Tables and a database that nobody else knows, an application, a worker; a test that stops one starts it again."""
    with empty_database(postgres) as url:
        settings = settings_for_app(settings_of(engine), url, pool)
        with founded(settings, tmp_path_factory.mktemp("town")) as town:
            yield town


@pytest.fixture
def people(town: Town, chromium: Browser) -> Iterator[People]:
    """New people; nothing may have gone wrong in their windows that the test did not expect."""
    people = People(town, chromium, _PATIENCE_MS)
    try:
        yield people
        people.check()
    finally:
        people.leave()
