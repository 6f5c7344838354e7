"""Brings the database to this version: each numbered SQL file once, in a transaction of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from psycopg import Connection
from psycopg.errors import IntegrityError

from shared.errors import SchemaUnknown, UsersUnready, clause
from shared.postgres import Database, Row, rows_of

_LOCK = 0x70617474  # any number of ours: two that migrate at once take turns

_RECORD = """
CREATE TABLE IF NOT EXISTS public.chat_app_migrations (
  number integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """All there are, in their order."""
    found = [file for file in files("chat_app.migrations").iterdir() if file.name.endswith(".sql")]
    split = [(file.name.removesuffix(".sql").partition("_"), file) for file in found]
    return sorted(
        (Migration(int(number), name, file.read_text("utf-8")) for (number, _, name), file in split),
        key=lambda migration: migration.number,
    )


def migrate(database: Database) -> Iterator[Migration]:
    """Apply what is missing; yields each as soon as it stands.

    Raises:
        SchemaUnknown: a newer version has migrated this database.
        UsersUnready: the rows that are there do not fit (somebody is there twice).
    """
    known = migrations()
    for migration in known:
        if _apply(database, migration, known):
            yield migration


def _apply(database: Database, migration: Migration, known: Sequence[Migration]) -> bool:
    try:
        with database.transaction() as connection:
            rows_of(connection, "SELECT pg_advisory_xact_lock(%s)", _LOCK)
            rows_of(connection, _RECORD)
            if migration.number in _applied(connection, known):
                return False
            rows_of(connection, migration.sql)
            record = "INSERT INTO public.chat_app_migrations (number, name) VALUES (%s, %s)"
            rows_of(connection, record, migration.number, migration.name)
    except IntegrityError as error:
        said = clause(error.diag.message_detail or error)
        raise UsersUnready(f"Migration {migration.number} ({migration.name}) was not applied: {said}.") from error
    return True


def _applied(connection: Connection[Row], known: Sequence[Migration]) -> set[int]:
    applied = {number for (number,) in rows_of(connection, "SELECT number FROM public.chat_app_migrations")}
    if newer := applied - {migration.number for migration in known}:
        raise SchemaUnknown(f"A newer version has migrated this database (number {max(newer)}): use that version.")
    return applied
