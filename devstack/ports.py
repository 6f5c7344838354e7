"""Ports of the loopback interface."""

import random
import socket
from http.client import HTTPConnection, HTTPException

from devstack.process import wait_until
from shared.errors import PortTaken

# Below every system's ephemeral range: a client that keeps knocking at a stopped engine's port could otherwise be
# given that very port for its own end, connect to itself, and keep the engine from coming back.
_RANGE = range(20_000, 32_000)

# An engine of many threads can look dead a moment before the last of them lets go of the port.
_LETS_GO_WITHIN_S = 2.0


def is_free(port: int) -> bool:
    """Whether a server could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(wanted: int | None, last: int | None) -> int:
    """The port `wanted`; else the one used last, if it is free; else any free one.

    Raises:
        PortTaken: `wanted` is not free.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise PortTaken(f"Port {wanted} is taken by another program: choose another with --port.")
        return wanted
    if last is not None and wait_until(lambda: is_free(last), _LETS_GO_WITHIN_S):
        return last
    return next(port for port in random.SystemRandom().sample(_RANGE, len(_RANGE)) if is_free(port))


def status(port: int, path: str) -> int | None:
    """How a GET is answered here; None: nobody does. No proxy is asked, whatever the environment names."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
