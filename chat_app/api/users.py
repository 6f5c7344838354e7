"""What others may know of a user; and, without a caller, how the process is."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from chat_app.api.answers import Refused
from chat_app.api.caller import PUBLIC, Caller
from chat_app.api.parts import PartsOf
from chat_app.api.schemas import UserJson
from shared.errors import HandleUnknown

router = APIRouter()


@router.get("/api/me")
def show_me(me: Caller) -> UserJson:
    """Who is calling."""
    return UserJson.of(me)


@router.get("/api/users/@{handle}/short")
def show_user(handle: Annotated[str, Path(max_length=200)], _me: Caller, parts: PartsOf) -> UserJson:
    """Who has this handle."""
    try:
        return UserJson.of(parts.users.by_handle(handle))
    except HandleUnknown as error:
        raise Refused("user_not_found", status=HTTPStatus.NOT_FOUND) from error


@router.get("/healthz", tags=[PUBLIC])
async def healthz() -> JSONResponse:
    """Whether the process answers; nothing else is told."""
    return JSONResponse({"ok": True})


@router.get("/readyz", tags=[PUBLIC])
def readyz(parts: PartsOf) -> JSONResponse:
    """Whether it could answer a caller: it has the pool's keys, and the users can be asked."""
    ok = parts.is_ready()
    return JSONResponse({"ok": ok}, status_code=HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)
