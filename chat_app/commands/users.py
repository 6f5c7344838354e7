"""Commands that prepare the table of users: migrate, seed-users, update-cognito-ids."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from chat_app import cognito_ids, seed_users
from chat_app.migrate import migrate as apply_missing
from shared.console import FINDING, NOTES, emit_json
from shared.directory import read_entries
from shared.dynamo import connect_cognito
from shared.errors import SettingInvalid
from shared.postgres import database_of
from shared.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_SENTENCES = {
    "changed": "changed",
    "already_right": "already right",
    "only_in_cognito": "only in Cognito (add them to the table, or change their preferred_username)",
    "only_in_postgres": "only in Postgres (they cannot sign in)",
    "nameless": "in Cognito without a preferred_username (set it to their handle)",
    "twice": "claimed by several users in Cognito, left as they were (one may not be who they say)",
}


def migrate(*, as_json: AsJson = False) -> None:
    """Bring the database to this version; a second time changes nothing.

    Example: chat-app migrate
    """
    with closing(database_of(Settings.read())) as database:
        applied = []
        for migration in apply_missing(database):
            applied.append({"number": migration.number, "name": migration.name})
            NOTES.print(f"{migration.number:04} {migration.name.replace('_', ' ')}")
    if as_json:
        emit_json({"applied": applied})
    elif not applied:
        NOTES.print("nothing to do: the database is of this version")


def seed(*, as_json: AsJson = False) -> None:
    """Bring the users of USERS_FILE into the table (without it, the three that come with us); all of them or none.

    Example: chat-app seed-users
    """
    settings = Settings.read()
    entries = read_entries(settings.users_file)
    with closing(database_of(settings)) as database:
        seeded = seed_users.seed_users(database, entries)
    if as_json:
        emit_json(asdict(seeded))
    else:
        NOTES.print(f"{seeded.new} users inserted, {seeded.there} were there already")


def update_cognito_ids(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give each user of the table the id that the pool's tokens name; exit status 1 if somebody is left over.

    Example: chat-app update-cognito-ids --dry-run
    """
    settings = Settings.read()
    if settings.pool_id is None:
        raise SettingInvalid("COGNITO_USER_POOL_ID is not set: set it to the id of the user pool.")
    users = list(cognito_ids.pool_users(connect_cognito(settings), settings.pool_id))
    with closing(database_of(settings)) as database:
        found = cognito_ids.update(database, users, dry_run=dry_run)
    if as_json:
        emit_json({**asdict(found), "dry_run": dry_run})
    else:
        for name, handles in asdict(found).items():
            _tell(name, handles, dry_run=dry_run)
    if not found.is_complete:
        raise typer.Exit(FINDING)


def _tell(name: str, handles: Sequence[str], *, dry_run: bool) -> None:
    sentence = "would be changed" if dry_run and name == "changed" else _SENTENCES[name]
    typer.echo(f"{len(handles):4} {sentence}{': ' if handles else ''}{', '.join(map(_visible, handles))}")


def _visible(name: str) -> str:
    """What somebody has called themselves, without what would look like another line, or steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in name)
