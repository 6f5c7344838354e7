"""An engine on this machine is reached directly, whatever proxy the user's network has."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.dynamo import Client, connect
from shared.settings import Settings

NOBODY = "http://127.0.0.1:9"  # the discard port: no proxy listens there


@pytest.fixture(autouse=True)
def proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for everything, no exception made for loopback."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, NOBODY)


def proxies(client: Client) -> Any:
    """Where botocore would send a request of this client."""
    return client.raw._endpoint.http_session._proxy_config._proxies  # botocore tells nobody


@pytest.mark.parametrize("call", [lambda c: c.dynamodb.call("list_tables"), lambda c: c.streams.call("list_streams")])
def test_loopback_needs_no_proxy(settings: Settings, call: Callable[[Any], Any]) -> None:
    """Both services answer although the proxy is dead."""
    clients = connect(settings)
    assert call(clients)
    clients.dynamodb.raw.close()
    clients.streams.raw.close()


def test_elsewhere_the_proxy_is_used() -> None:
    """Each client by its own endpoint: the streams of this machine, the table of AWS."""
    keys: dict[str, Any] = {"region": "us-east-1", "access_key_id": "k", "secret_access_key": "s"}
    clients = connect(Settings(**keys, streams_endpoint="http://localhost:1"))
    assert proxies(clients.streams) == {}
    assert proxies(clients.dynamodb)["https"] == NOBODY
