"""Every test gets a clean environment; those that ask, an embedded engine and tables of their own.

`pytest --engine dynamodb-local` runs the engine suite on that engine: whatever takes its engine from the option, and
nothing else.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import hypothesis
import pytest

from devstack.cognito import Pool, make_pool
from devstack.engine import Engine
from devstack.engines import PROGRAMS, EngineName
from devstack.postgres import Postgres
from devstack.program import Program
from shared.directory import read_entries
from shared.dynamo import Clients, connect, connect_cognito
from shared.errors import EngineMissing
from shared.settings import Settings
from stream_worker.contract import Batch
from stream_worker.tape import read_tape
from tests.deploy.stacks import Guarded
from tests.lacking import lacking
from tests.places import settings_of

Tape = Callable[[str], list[Batch]]

_TAPES = Path(__file__).parent / "tapes"
_SLOWER_ENGINE_S = 300
_NOT_OF_ROLES = frozenset({"test_mistakes.py", "test_tapes.py", "test_monitor.py"})  # other tables; ports
_SETTINGS = (
    *("AWS_", "WORKER_", "DDB_", "LOG_", "COGNITO_", "APP_", "DATABASE_URL"),
    *("METRICS", "USERS_FILE", "ALLOW_INSECURE_ENDPOINT"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which engine the tests run on, and as whom the worker runs there."""
    parser.addoption(
        "--role",
        action="store_true",
        help="run the acceptance suite on an engine that asks IAM, the worker as the role that deploy/ecs.yaml makes",
    )
    parser.addoption(
        "--engine",
        choices=[str(name) for name in EngineName],
        default=EngineName.MINISTACK,
        help="run on this engine; on another than the default one, only the tests that it matters to",
    )


def pytest_configure() -> None:
    """How long a made-up input takes proves nothing: this machine may be busy."""
    slow = hypothesis.HealthCheck.too_slow
    hypothesis.settings.register_profile("patient", hypothesis.settings(), deadline=None, suppress_health_check=[slow])
    hypothesis.settings.load_profile("patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever asks for the engine is marked so; what belongs to another run than this one stays away.

    The long ones come first, or one of them would run alone at the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        if _takes_engine(item):
            item.add_marker("engine")
    others = [item for item in items if not _belongs(item, config)]
    items[:] = [item for item in items if item not in set(others)]
    config.hook.pytest_deselected(items=others)
    if _is_usual(config):
        return
    for item in items:
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_SLOWER_ENGINE_S))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Some start an engine themselves: the default one."""
    if item.get_closest_marker("engine") and not _takes_engine(item):
        _prepared(EngineName.MINISTACK)


def _is_usual(config: pytest.Config) -> bool:
    """The run of everything, on the default engine, with all rights."""
    return config.getoption("engine") == EngineName.MINISTACK and not config.getoption("role")


def _belongs(item: pytest.Item, config: pytest.Config) -> bool:
    """Everything to the usual run; to another only what could come out otherwise, and what its engine can do."""
    only = item.get_closest_marker("only_on")
    if only and only.args[0] != config.getoption("engine"):
        return False
    if _is_usual(config):
        return True
    return not _needs_users(item) and (_has_roles(item) if config.getoption("role") else _takes_engine(item))


def _has_roles(item: pytest.Item) -> bool:
    """Whether the test's processes can run as the template says, and meet its policies by it."""
    return "cast" in getattr(item, "fixturenames", ()) and item.path.name not in _NOT_OF_ROLES


def _needs_users(item: pytest.Item) -> bool:
    """Whether the test needs a user pool, which the default engine alone has."""
    return "pool" in getattr(item, "fixturenames", ())


def _takes_engine(item: pytest.Item) -> bool:
    """Whether the test runs on the engine that the option names; others start what they need themselves."""
    return "program" in getattr(item, "fixturenames", ())


def _prepared(name: EngineName) -> Program:
    """A missing engine is a reason to skip on somebody's machine, and a failure in CI."""
    try:
        PROGRAMS[name].prepare()
    except EngineMissing as missing:
        lacking(str(missing))
    return PROGRAMS[name]


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
def program(pytestconfig: pytest.Config) -> Program:
    """Which engine to start: what `--engine` says, or with `--role` the one that asks IAM."""
    if pytestconfig.getoption("role"):
        return Guarded()
    return _prepared(EngineName(pytestconfig.getoption("engine")))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Iterator[Engine]:
    """One embedded engine for the whole session."""
    with Engine(tmp_path_factory.mktemp("engine"), program=program) as engine:
        yield engine


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One embedded Postgres for the whole session."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
    except EngineMissing as missing:
        lacking(str(missing))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def pool(engine: Engine) -> Pool:
    """The pool and its app client on the session's engine, with the users that come with us: PASSWORD is theirs."""
    cognito = connect_cognito(settings_of(engine))
    with closing(cognito.raw):
        return make_pool(cognito, read_entries(None))


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
