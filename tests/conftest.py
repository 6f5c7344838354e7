"""Every test gets a clean environment; those that ask, an embedded engine and tables of their own."""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from devstack.engine import Engine
from shared.dynamo import Clients, connect
from shared.settings import Settings
from stream_worker.contract import Batch
from stream_worker.tape import read_tape
from tests.places import settings_of

Tape = Callable[[str], list[Batch]]

_TAPES = Path(__file__).parent / "tapes"
_SETTINGS = ("AWS_", "WORKER_", "DDB_", "LOG_", "USERS_FILE", "ALLOW_INSECURE_ENDPOINT")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the engine is marked so."""
    for item in items:
        if "engine" in getattr(item, "fixturenames", ()):
            item.add_marker("engine")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A missing engine is a reason to skip on somebody's machine, and a failure in CI."""
    if item.get_closest_marker("engine") and find_spec("ministack") is None:
        in_ci = bool(os.environ.get("CI"))  # noqa: TID251 - CI is no setting of ours
        (pytest.fail if in_ci else pytest.skip)("the embedded engine is not installed (extra `local`)")


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the settings, the profile or the `.env` of whoever runs it."""
    for name in [name for name in os.environ if name.startswith(_SETTINGS)]:  # noqa: TID251 - it clears them
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One embedded engine for the whole session."""
    with Engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture
def settings(engine: Engine) -> Settings:
    """Settings for the embedded engine, with tables that no other test knows."""
    return settings_of(engine)


@pytest.fixture
def clients(settings: Settings) -> Iterator[Clients]:
    """Both clients, at the embedded engine."""
    clients = connect(settings)
    yield clients
    clients.dynamodb.raw.close()
    clients.streams.raw.close()


@pytest.fixture
def tape() -> Tape:
    """The batches of a recorded tape by its name: `tape("burst")` reads tests/tapes/burst.jsonl."""
    return lambda name: list(read_tape(_TAPES / f"{name}.jsonl"))
