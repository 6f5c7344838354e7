"""Who of the pool is who in the table: `preferred_username` is the `handle`. The comparison is pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import Connection

from shared.dynamo import Answer, Client
from shared.postgres import Database, Row, rows_of


@dataclass(frozen=True, slots=True)
class PoolUser:
    """A user of the pool: `sub` is what tokens name, `handle` is empty where there is no preferred_username."""

    username: str
    sub: str
    handle: str


@dataclass(frozen=True, slots=True)
class Match:
    """What `match` found, each by handle; `nameless` by username, `twice` are handles that several users claim."""

    changed: Sequence[str]
    already_right: Sequence[str]
    only_in_cognito: Sequence[str]
    only_in_postgres: Sequence[str]
    nameless: Sequence[str]
    twice: Sequence[str]

    @property
    def is_complete(self) -> bool:
        """Whether everybody has found their other half."""
        return not (self.only_in_cognito or self.only_in_postgres or self.nameless or self.twice)


def pool_users(cognito: Client, pool: str) -> Iterator[PoolUser]:
    """Everybody in the pool, all pages of 60.

    Raises:
        AppError: what Cognito answers instead, as `Client.call` says it.
    """
    token: dict[str, str] = {}
    while True:
        answer = cognito.call("list_users", UserPoolId=pool, **token)
        yield from map(_pool_user, answer.get("Users", ()))
        if not answer.get("PaginationToken"):
            return
        token = {"PaginationToken": answer["PaginationToken"]}


def update(database: Database, users: Sequence[PoolUser], *, dry_run: bool = False) -> Match:
    """Write the pool's ids into the table, in one transaction.

    Raises:
        UsersUnready: there is no table.
    """
    with database.transaction() as connection:
        rows_of(connection, "LOCK TABLE public.users IN SHARE ROW EXCLUSIVE MODE")
        rows = rows_of(connection, "SELECT handle, cognito_user_id FROM public.users")
        known: dict[str, str | None] = {row[0]: row[1] for row in rows}
        found = match(known, users)
        if not dry_run:
            _write(connection, {user.handle: user.sub for user in users if user.handle in set(found.changed)})
    return found


def match(known: dict[str, str | None], users: Sequence[PoolUser]) -> Match:
    """Compare the table (handle -> Cognito id) with the pool.

    A handle that two users of the pool claim is nobody's: whoever can choose their own preferred_username could
    otherwise take somebody's conversations over.
    """
    claims = Counter(user.handle for user in users if user.handle and user.sub)
    subs = {user.handle: user.sub for user in users if user.sub and claims[user.handle] == 1}
    both = sorted(subs.keys() & known.keys())
    return Match(
        changed=[handle for handle in both if known[handle] != subs[handle]],
        already_right=[handle for handle in both if known[handle] == subs[handle]],
        only_in_cognito=sorted(claims.keys() - known.keys()),
        only_in_postgres=sorted(known.keys() - claims.keys()),
        nameless=sorted(user.username for user in users if not (user.handle and user.sub)),
        twice=sorted(handle for handle, count in claims.items() if count > 1),
    )


def _write(connection: Connection[Row], subs: dict[str, str]) -> None:
    """First nobody has these ids, then their owners do: two users may have had each other's."""
    rows_of(
        connection,
        "UPDATE public.users SET cognito_user_id = NULL WHERE handle = ANY(%s) OR cognito_user_id = ANY(%s)",
        list(subs),
        list(subs.values()),
    )
    for handle, sub in subs.items():
        rows_of(connection, "UPDATE public.users SET cognito_user_id = %s WHERE handle = %s", sub, handle)


def _pool_user(user: Answer) -> PoolUser:
    attributes = {attribute["Name"]: attribute.get("Value", "") for attribute in user.get("Attributes", [])}
    username = user.get("Username", "")
    return PoolUser(username, attributes.get("sub", ""), attributes.get("preferred_username", ""))
