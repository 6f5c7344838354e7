"""What a refusal looks like: a status, and a list of codes. Of a token nothing is said but that it will not do."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from chat_app import errors as ours
from chat_app.api.caller import claims_of
from chat_app.api.parts import parts_of
from chat_app.api.schemas import Codes
from producer.text import TextBlank, TextTooLong
from shared import errors
from shared.errors import AppError, BadInput

_RETRY_AFTER_S = "1"

_REFUSALS: Mapping[type[BadInput], tuple[HTTPStatus, str]] = {
    TextBlank: (HTTPStatus.UNPROCESSABLE_ENTITY, "message_blank"),
    TextTooLong: (HTTPStatus.UNPROCESSABLE_ENTITY, "message_exceed_max_chars"),
    errors.TextInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "message_has_control_chars"),
    errors.HandleUnknown: (HTTPStatus.UNPROCESSABLE_ENTITY, "user_reciever_handle_unknown"),
    errors.MessageToOneself: (HTTPStatus.UNPROCESSABLE_ENTITY, "user_reciever_is_oneself"),
    errors.CursorInvalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "cursor_invalid"),
    errors.GroupUnknown: (HTTPStatus.NOT_FOUND, "message_group_not_found"),
    errors.NotAMember: (HTTPStatus.NOT_FOUND, "message_group_not_found"),
    errors.MessageUnknown: (HTTPStatus.NOT_FOUND, "message_not_found"),
    errors.NotTheSender: (HTTPStatus.FORBIDDEN, "message_not_yours"),
    ours.CallerUnknown: (HTTPStatus.UNPROCESSABLE_ENTITY, "cognito_user_id_blank"),
    ours.TooManyGroups: (HTTPStatus.UNPROCESSABLE_ENTITY, "too_many_message_groups"),
    ours.KeyReused: (HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
    ours.TooManyRequests: (HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests"),
}

DOCUMENTED: dict[int | str, dict[str, object]] = {
    401: {"description": "No access token of the pool: `{}`", "model": dict[str, str]},
    403: {"description": "Somebody else's message", "model": Codes},
    404: {"description": "No such thing, or none of the caller's", "model": Codes},
    408: {"description": "A body that has not come in 10 s", "model": Codes},
    413: {"description": "A body of more than 16 KB", "model": Codes},
    422: {"description": "What is wrong with it", "model": Codes},
    429: {"description": "More than the caller's share", "model": Codes},
    503: {"description": "Try again: what it needs does not answer", "model": Codes},
}


class Refused(BadInput):
    """The request is refused with these codes."""

    def __init__(self, *codes: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY) -> None:
        super().__init__(", ".join(codes) or None)
        self.codes, self.status = codes, status


def refusal(codes: Sequence[str], status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer that carries these codes."""
    return JSONResponse(list(codes), status_code=status, headers=dict(headers or {}))


def code_of(error: BadInput) -> tuple[HTTPStatus, str] | None:
    """The status and the code of an error, by its class or the nearest one above it."""
    return next((_REFUSALS[kind] for kind in type(error).__mro__ if kind in _REFUSALS), None)


def install(app: FastAPI) -> None:
    """Let every error of ours end in such an answer."""
    app.add_exception_handler(AppError, _answer)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(HTTPException, _other)


def _answer(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ours.TokenInvalid):
        return _unauthorized(request, error)
    if isinstance(error, Refused):
        return refusal(error.codes, error.status)
    found = code_of(error) if isinstance(error, BadInput) else None
    if found is None:
        return _unavailable(request, error)
    status, code = found
    if isinstance(error, ours.CallerUnknown):
        parts_of(request).log.warning("caller_unknown", next="chat-app update-cognito-ids")
    wait = {"Retry-After": str(error.wait_s)} if isinstance(error, ours.TooManyRequests) else None
    return refusal([code], status, wait)


def _unauthorized(request: Request, error: Exception) -> JSONResponse:
    parts_of(request).log.info("token_refused", reason=str(error))
    presented = "authorization" in request.headers
    challenge = 'Bearer realm="chat", error="invalid_token"' if presented else 'Bearer realm="chat"'
    return JSONResponse({}, status_code=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": challenge})


def _unavailable(request: Request, error: Exception) -> JSONResponse:
    """What the caller cannot help: something does not answer, or is not set up as it must be."""
    parts = parts_of(request)
    parts.metrics.unavailable(type(error).__name__)
    parts.log.warning("unavailable", error=type(error).__name__, reason=str(error), next="the client may retry")
    return refusal(["unavailable"], HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": _RETRY_AFTER_S})


def _unfit(request: Request, error: Exception) -> JSONResponse:
    """Codes name the field: what was in it is not repeated.

    The framework reads a body before it asks who is calling; a stranger is told that they are one, and nothing else.
    """
    try:
        claims_of(request, parts_of(request))
    except AppError as stranger:
        return _answer(request, stranger)
    places = [problem["loc"] for problem in error.errors()] if isinstance(error, RequestValidationError) else []
    names = [str(place[1]) if len(place) > 1 and isinstance(place[1], str) else "body" for place in places]
    return refusal(
        list(dict.fromkeys(f"{name.lower().replace('-', '_')}_invalid" for name in names)),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    )


def _other(request: Request, error: Exception) -> JSONResponse:
    """The framework's own refusals: no such route, no such method, a body that is no JSON."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == HTTPStatus.BAD_REQUEST:
        return _unfit(request, RequestValidationError([{"loc": ("body",)}]))
    return refusal([HTTPStatus(status).phrase.lower().replace(" ", "_")], status, headers)
