"""Who is calling: the subject of their token, looked up among the users. Nothing else in a request says who one is."""

from collections.abc import Collection, Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from chat_app.api.parts import Parts, PartsOf
from chat_app.errors import CallerUnknown, TokenInvalid
from chat_app.tokens import Claims
from shared.errors import SettingInvalid
from shared.models import User

PUBLIC = "public"
"""The tag of a route that needs no caller."""

_SCHEME = HTTPBearer(auto_error=False, description="An access token of the user pool.")


def claimed(
    request: Request,
    parts: PartsOf,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Security(_SCHEME)],
) -> Claims:
    """What the access token that came with the request proves; raises as `claims_of` does."""
    return claims_of(request, parts)


Claimed = Annotated[Claims, Depends(claimed)]


def caller(claims: Claimed, parts: PartsOf) -> User:
    """The user whose access token came with the request.

    Raises:
        TokenInvalid, KeysUnavailable: as `claims_of` does.
        CallerUnknown: nobody in the users table has this Cognito id.
        TooManyRequests: they have asked too often.
    """
    user = parts.users.by_cognito_id(claims.sub)
    if user is None:
        raise CallerUnknown
    parts.shares.read(user.uuid)
    return user


def claims_of(request: Request, parts: Parts) -> Claims:
    """What the request's token proves.

    Raises:
        TokenInvalid: it has none, or one that is none of the pool's, or two.
        KeysUnavailable: it cannot be told now.
    """
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise TokenInvalid("doubled")
    return parts.verifier.claims(given[0] if given else None)


Caller = Annotated[User, Depends(caller)]


def demand_callers(app: FastAPI, *, but: Collection[str] = ()) -> None:
    """See to it that each route asks who is calling, or says that it is public.

    Args:
        app: all routes.
        but: paths of what is no route of ours, and for everybody.

    Raises:
        SettingInvalid: one does neither; the application must not start with it.
    """
    for found in iter_route_contexts(app.routes):
        route, path = found.original_route, found.path
        if path not in but and not (isinstance(route, APIRoute) and _is_guarded(route)):
            raise SettingInvalid(f"The route {path} asks nobody who they are: give it a Caller, or say PUBLIC.")


def _is_guarded(route: APIRoute) -> bool:
    return PUBLIC in route.tags or caller in set(_calls(route.dependant))


def _calls(dependant: Dependant) -> Iterator[object]:
    for needed in dependant.dependencies:
        yield needed.call
        yield from _calls(needed)
