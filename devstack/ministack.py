"""The default engine: ministack, a Python package, ready in a second or two."""

import os
import sys
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path

from devstack import ports
from shared.errors import EngineMissing


class MiniStack:
    """ministack as the extra `local` pins it."""

    name = "ministack"
    note = ""

    def prepare(self) -> None:
        """It is a package of this Python's."""
        if find_spec("ministack") is None:
            raise EngineMissing

    def command(self, port: int, data: Path) -> list[str]:  # noqa: ARG002 - its environment says both
        """This Python, isolated from the folder it runs in and from the user's PYTHON* variables."""
        return [sys.executable, "-I", "-m", "ministack"]

    def environment(self, port: int, data: Path) -> dict[str, str]:
        """Loopback only, state on disk, no way to a Docker engine (it would remove containers there)."""
        return {
            "PATH": os.defpath,
            "HOME": str(data),
            "TMPDIR": str(data),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "localhost",
            "IOT_MTLS_ENABLED": "0",  # it would listen on all interfaces, whatever BIND_HOST says
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{data}/no-docker",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(data / "state"),
            "LOG_LEVEL": "WARNING",
        }

    def is_ready(self, port: int) -> bool:
        """Whether its own ready page says so."""
        return ports.status(port, "/_ministack/ready") == HTTPStatus.OK
