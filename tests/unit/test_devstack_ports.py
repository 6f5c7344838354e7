"""Which port an engine gets."""

import socket
from threading import Timer

from devstack import ports


def test_a_port_that_is_about_to_be_free_is_waited_for() -> None:
    """An engine that has just ended may hold it a moment longer; clients know it by that port."""
    with socket.create_server(("127.0.0.1", 0)) as dying:
        port = dying.getsockname()[1]
        Timer(0.3, dying.close).start()
        assert ports.choose(None, port) == port


def test_a_port_that_somebody_else_has_is_given_up() -> None:
    """Another one will do, if nobody insists."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert ports.choose(None, port) not in {None, port}
