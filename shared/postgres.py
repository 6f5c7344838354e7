"""The one seam to Postgres: connections, and every error as one of ours.

psycopg (extra `app`) is imported when a database is first used: the worker has no need of it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from shared.errors import SettingInvalid, Unreachable, UsersUnready, clause
from shared.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

Row = tuple[Any, ...]

_CONNECT_S = 3  # psycopg wants whole seconds, and takes 1 for 2
_WAIT_S = 2.0  # for a connection of the pool's: whoever asks over HTTP waits for it
_STATEMENT_MS = 5000
_BACK_WITHIN_S = 4.0  # a pool that found nobody tries again at least this often
_MENDS = "run `chat-app migrate`, or give its role the rights that docs/api.md names"
_SCHEMES = ("postgresql://", "postgres://")
_HOST = re.compile(r"[A-Za-z0-9._:,/-]*", re.ASCII)
_NOTICES_A_DEAD_HOST = {  # after a failover nobody says goodbye: without these a query waits for a quarter of an hour
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class Database:
    """One database; `pool` connections are kept for a server, with none each use has a connection of its own.

    Raises:
        SettingInvalid: the URL cannot be used, or the extra `app` is not installed.
    """

    def __init__(self, url: str, *, pool: int = 0) -> None:
        self._url = url
        self._where = _place(url)
        self._pool = self._open(pool) if pool else None

    def close(self) -> None:
        """Let all connections go."""
        if self._pool:
            self._pool.close()

    def rows(self, query: str, *values: object) -> list[Row]:
        """What one statement answers; nothing, if it answers no rows.

        Raises:
            Unreachable: nobody answers, or not in time.
            UsersUnready: the tables are missing, or older than this version.
        """
        with self.connection() as connection:
            return rows_of(connection, query, *values)

    @contextmanager
    def connection(self) -> Iterator["Connection[Row]"]:
        """A connection, each of its statements a transaction of its own; raises as `rows` does."""
        import psycopg  # noqa: PLC0415 - see above

        try:
            with self._borrowed() as connection:
                yield connection
        except psycopg.IntegrityError:
            raise  # who writes rows knows what it means
        except psycopg.OperationalError as error:  # the pool's own time-out is one
            said = clause(str(error).split("\n", maxsplit=1)[0])
            raise Unreachable(f"Postgres does not answer at {self._where}: {said}.") from error
        except psycopg.Error as error:
            said = clause(error.diag.message_primary or type(error).__name__)  # its detail can quote a row
            raise UsersUnready(f"The database is not as it must be ({said}): {_MENDS}.") from error

    @contextmanager
    def transaction(self) -> Iterator["Connection[Row]"]:
        """A connection whose statements take effect together or not at all; raises as `rows` does."""
        with self.connection() as connection, connection.transaction():
            yield connection

    def _borrowed(self) -> AbstractContextManager["Connection[Row]"]:
        import psycopg  # noqa: PLC0415

        if self._pool:
            return self._pool.connection()
        return psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_S)

    def _open(self, connections: int) -> "ConnectionPool[Connection[Row]]":
        from psycopg_pool import ConnectionPool  # noqa: PLC0415

        return ConnectionPool(
            self._url,
            kwargs={"autocommit": True, "connect_timeout": _CONNECT_S, **_NOTICES_A_DEAD_HOST},
            min_size=1,
            max_size=connections,
            timeout=_WAIT_S,
            reconnect_timeout=_BACK_WITHIN_S,
            configure=_bound,
            check=ConnectionPool.check_connection,  # a database that was restarted has left dead ones here
            open=True,
        )


def database_of(settings: Settings, *, pool: int = 0) -> Database:
    """The database of users that the settings name.

    Raises:
        SettingInvalid: they name none, or one that cannot be used.
    """
    if settings.database_url is None:
        raise SettingInvalid("DATABASE_URL is not set: set it to postgresql://USER:PASSWORD@HOST/DATABASE.")
    return Database(settings.database_url.get_secret_value(), pool=pool)


def rows_of(connection: "Connection[Row]", query: str, *values: object) -> list[Row]:
    """What one statement answers on this connection; nothing, if it answers no rows."""
    cursor = connection.execute(query.encode(), _given(values))
    return cursor.fetchall() if cursor.description else []


def _given(values: Sequence[object]) -> Sequence[object] | None:
    return values or None  # with none at all, a per cent sign is one


def _bound(connection: "Connection[Row]") -> None:
    connection.execute(f"SET statement_timeout = {_STATEMENT_MS}".encode())


def _place(url: str) -> str:
    """The address without its password, which is never repeated: not where it is wrong, either."""
    try:
        from psycopg import ProgrammingError  # noqa: PLC0415
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415
    except ImportError as error:
        raise SettingInvalid("DATABASE_URL needs the extra `app`: install it, or unset DATABASE_URL.") from error
    if not url.startswith(_SCHEMES):
        raise SettingInvalid("DATABASE_URL cannot be used: it does not begin with postgresql://.")
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:
        raise SettingInvalid("DATABASE_URL cannot be used: it is no address of a database.") from None
    host, name = str(parts.get("host") or "the local socket"), str(parts.get("dbname") or "")
    if "@" in name or not (_HOST.fullmatch(host) or "host" not in parts):
        raise SettingInvalid("DATABASE_URL cannot be used: write @, / and : in the password as %40, %2F and %3A.")
    return f"{host}/{name}"
