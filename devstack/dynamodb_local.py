"""The second engine: Amazon's own DynamoDB Local, a Java program."""

import os
from http import HTTPStatus
from pathlib import Path

from devstack import jars, ports


class DynamoDBLocal:
    """DynamoDB Local as `dynamodb-local.pom.xml` pins it: one database for every key and region, on disk."""

    name = "dynamodb-local"
    note = "DynamoDB Local listens on all interfaces and cannot be told otherwise: mind who can reach this machine."

    def prepare(self) -> None:
        """Java must be there; the jars are fetched at first use."""
        _java()
        jars.library()

    def command(self, port: int, data: Path) -> list[str]:
        """A small heap and no second compiler: it starts in a second."""
        library = jars.library()
        machine = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m", f"-Djava.library.path={library}"]
        server = "software.amazon.dynamodb.services.local.main.ServerRunner"
        options = ["-dbPath", str(data), "-sharedDb", "-disableTelemetry", "-port", str(port)]
        return [_java(), *machine, "-cp", f"{library}/*", server, *options]

    def environment(self, port: int, data: Path) -> dict[str, str]:  # noqa: ARG002 - its command says both
        """It reads none."""
        return {"PATH": os.defpath}

    def is_ready(self, port: int) -> bool:
        """Whether it refuses an unsigned request, as DynamoDB does."""
        return ports.status(port, "/") == HTTPStatus.BAD_REQUEST


def _java() -> str:
    return jars.installed("java", "Java 17 or newer (Debian: default-jre-headless)")
