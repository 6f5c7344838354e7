"""Databases that no other test knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg

from devstack.postgres import Postgres


@contextmanager
def empty_database(postgres: Postgres) -> Iterator[str]:
    """The URL of a new database, which is gone afterwards."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield postgres.url.replace("/postgres?", f"/{name}?")
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
