"""`chat-app`: the HTTP API, and the table of users behind it."""

from shared import console
from shared.errors import SettingInvalid

_EXTRA = frozenset({"fastapi", "fastapi_offline", "jwt", "limits", "psycopg", "psycopg_pool", "uvicorn"})


def main() -> None:
    """Run `chat-app`; what it needs beyond the rest is the extra `app`."""
    console.run(_run)


def _run() -> None:
    try:
        from chat_app.cli import app  # noqa: PLC0415 - it may not be installed
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise SettingInvalid(f"chat-app needs the extra `app` ({error.name} is missing): install it.") from error
    app()


if __name__ == "__main__":
    main()
