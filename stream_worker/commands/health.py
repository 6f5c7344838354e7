"""`stream-worker health`: what a container's health check asks."""

import http.client
import json
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated

import typer

from shared import console
from shared.errors import SettingInvalid
from shared.settings import Settings

PATIENCE_S = 3.0


def health(
    *,
    ready: Annotated[
        bool, typer.Option("--ready", help="Whether it does its part, not only whether it lives.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the worker on this machine how it is; exit status 0: well, 1: not.

    Example: stream-worker health --ready
    """
    settings = Settings.read()
    if not settings.http_port:
        raise SettingInvalid("WORKER_HTTP_PORT is not set: set it to the port that the worker was started with.")
    is_well, said = _ask(_address(settings.http_host), settings.http_port, "/readyz" if ready else "/healthz")
    typer.echo(json.dumps({"ok": is_well, "said": said}) if as_json else said)
    raise typer.Exit(console.OK if is_well else console.FINDING)


def _address(host: str) -> str:
    """Where to ask somebody who listens on `host`: on every address of the machine is on loopback, too."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    loopback = {4: "127.0.0.1", 6: "::1"}
    return loopback[address.version] if address.is_unspecified else host


def _ask(host: str, port: int, path: str) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return False, f"Nobody answers at {host}:{port} ({type(error).__name__}): is the worker running?"
    finally:
        connection.close()
    is_well = status == HTTPStatus.OK
    return is_well, f"{path.strip('/')}: {'ok' if is_well else 'not ok'}"
