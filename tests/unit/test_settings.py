"""Settings: from the environment, checked, named when they cannot be used."""

import re
from pathlib import Path

import pytest
from pydantic import AliasChoices

from shared.errors import SettingInvalid
from shared.settings import Settings


def test_the_defaults_are_the_documented_ones() -> None:
    """People script against them."""
    settings = Settings.read()
    assert (settings.message_table, settings.state_table) == ("cruddur-messages", "cruddur-messages-worker")
    assert (settings.worker_name, settings.poll_ms, settings.batch, settings.lease_s) == ("pattern-e", 200, 1000, 10)


def test_every_setting_is_documented_and_no_other() -> None:
    """A variable that was renamed on one side would be passed over without a word."""
    aliases = [field.validation_alias for field in Settings.model_fields.values()]
    names = {name for alias in aliases for name in (alias.choices if isinstance(alias, AliasChoices) else [alias])}
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
    assert names == set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+|METRICS)`", text))


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`.env` of the working folder is read too; an empty variable counts as unset."""
    (tmp_path / ".env").write_text("DDB_MESSAGE_TABLE=from-file\nWORKER_NAME=from-file\nUNKNOWN=1\n")
    monkeypatch.setenv("DDB_MESSAGE_TABLE", "from-environment")
    monkeypatch.setenv("WORKER_NAME", "")
    settings = Settings.read()
    assert (settings.message_table, settings.worker_name) == ("from-environment", "from-file")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DDB_MESSAGE_TABLE", "a b"),
        ("WORKER_NAME", "a/b"),
        ("WORKER_POLL_MS", "often"),
        ("WORKER_BATCH", "1001"),
        ("WORKER_LEASE_S", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """One sentence."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingInvalid, match=name):
        Settings.read()


@pytest.mark.parametrize("url", ["ftp://localhost", "localhost:4566", "http://"])
def test_an_endpoint_is_an_http_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Whatever else it is, it is refused."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(SettingInvalid, match="endpoint"):
        Settings.read()


def test_conversations_leave_this_machine_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http is for loopback, unless somebody insists."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://10.0.0.5:8000")
    with pytest.raises(SettingInvalid, match="ALLOW_INSECURE_ENDPOINT"):
        Settings.read()
    monkeypatch.setenv("ALLOW_INSECURE_ENDPOINT", "1")
    assert Settings.read().dynamodb_endpoint == "http://10.0.0.5:8000"


@pytest.mark.parametrize(
    ("endpoint", "dynamodb", "local"),
    [
        (None, None, False),
        ("http://127.0.0.1:1", None, True),
        ("http://127.0.0.1:1", "https://dynamodb.us-east-1.amazonaws.com", False),
        ("https://example.org", "http://localhost:1", True),
    ],
)
def test_local_is_where_the_table_is(endpoint: str | None, dynamodb: str | None, local: bool) -> None:  # noqa: FBT001
    """The service's own endpoint wins over the common one."""
    assert Settings(endpoint=endpoint, dynamodb_endpoint=dynamodb).is_local is local


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a repr nor in a dump."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    settings = Settings.read()
    assert "hush" not in f"{settings!r} {settings.model_dump()}"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "http://127.0.0.1:port"])
def test_an_endpoint_nobody_can_have_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A port out of range is found here, not by whoever connects; the sentence ends once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(SettingInvalid) as caught:
        Settings.read()
    assert url in str(caught.value)
    assert not str(caught.value).endswith("..")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Whatever an editor has left in `.env`."""
    (tmp_path / ".env").write_bytes("WORKER_NAME=caf\xe9\n".encode("latin-1"))
    with pytest.raises(SettingInvalid, match=r"\.env cannot be read"):
        Settings.read()


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"pool_id": "eu-west-1_Ab3"}, "https://cognito-idp.eu-west-1.amazonaws.com"),
        ({"pool_id": "eu-west-1_Ab3", "issuer_url": "https://id.example.com/pool"}, "https://id.example.com"),
        ({"pool_id": "eu-west-1_Ab3", "endpoint": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        ({"endpoint": "http://127.0.0.1:1", "cognito_endpoint": "http://127.0.0.1:2"}, "http://127.0.0.1:2"),
        ({"cognito_endpoint": "http://127.0.0.1:2", "app_cognito_url": "http://127.0.0.1:3"}, "http://127.0.0.1:3"),
        ({}, None),
    ],
)
def test_a_browser_signs_in_where_the_pool_is(settings: dict[str, str], url: str | None) -> None:
    """At AWS, at an emulator, or where the setting says that browsers reach it."""
    assert Settings(**settings).sign_in_url == url  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["APP_COGNITO_URL", "APP_WORKER_URLS"])
def test_what_a_page_speaks_with_is_encrypted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Passwords and keys go over the network in the clear to this machine only, and each address is one."""
    for url in ("http://10.0.0.1:9400/status", "somewhere", "ftp://127.0.0.1"):
        monkeypatch.setenv(name, url)
        with pytest.raises(SettingInvalid):
            Settings.read()
    monkeypatch.setenv(name, "http://127.0.0.1:1/status")
    assert Settings.read()


def test_several_workers_are_named_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces and empty places do no harm."""
    monkeypatch.setenv("APP_WORKER_URLS", "http://127.0.0.1:1/status, http://127.0.0.1:2/status,")
    assert Settings.read().worker_urls == ("http://127.0.0.1:1/status", "http://127.0.0.1:2/status")
