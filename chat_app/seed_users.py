"""Brings the users of the file into the table: all of them or none, and a second time nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.errors import IntegrityError, UniqueViolation

from shared.directory import Entry
from shared.errors import SettingInvalid, UsersUnready, clause
from shared.postgres import Database, rows_of

_INSERT = """
INSERT INTO public.users (uuid, display_name, handle, email) VALUES (%s, %s, %s, %s)
ON CONFLICT (uuid) DO NOTHING RETURNING uuid
"""


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many were new, and how many there already."""

    new: int
    there: int


def seed_users(database: Database, entries: Sequence[Entry]) -> Seeded:
    """Insert who is missing; whoever is there (by uuid) stays as they are.

    Raises:
        SettingInvalid: an entry has no email, or its handle or email is somebody else's; nobody was inserted.
        UsersUnready: there is no table.
    """
    if without := next((entry.handle for entry in entries if entry.email is None), None):
        raise SettingInvalid(f'"{without}" has no email in the users file: the table wants one of everybody.')
    try:
        with database.transaction() as connection:
            new = sum(
                len(rows_of(connection, _INSERT, entry.uuid, entry.display_name, entry.handle, entry.email))
                for entry in entries
            )
    except UniqueViolation as error:
        said = clause(error.diag.message_detail)
        raise SettingInvalid(f"The users file does not fit the table, and nobody was inserted: {said}.") from error
    except IntegrityError as error:  # its detail would quote a whole row
        raise UsersUnready(
            f"Nobody was inserted ({clause(error.diag.message_primary)}): run `chat-app migrate`."
        ) from error
    return Seeded(new, len(entries) - new)
