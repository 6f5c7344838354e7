"""A user pool as the application needs one, made in a Cognito that is an emulator's."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from shared.directory import Entry
from shared.dynamo import Client

PASSWORD = "Embedded-engine-0nly"  # noqa: S105  # nosec B105 - everybody's, in a pool that only this machine has
"""The password of all users in the embedded engine, which only this machine reaches."""

_POOL = "cruddur-user-pool"
_APP_CLIENT = "chat-app"
_PAGE = 60  # the most that Cognito gives at once
_ACCESS_MINUTES = 15


class Pool(NamedTuple):
    """A user pool and the app client that its users sign in with."""

    pool_id: str
    client_id: str


def make_pool(cognito: Client, users: Sequence[Entry], password: str = PASSWORD) -> Pool:
    """Make the pool, its app client and its users, as far as they are missing; a second time nothing changes.

    Args:
        cognito: the emulator's.
        users: who can sign in, by their handles.
        password: of all who are new.

    Raises:
        AppError: what Cognito answers instead, as `Client.call` says it.
    """
    pool = _pool(cognito)
    client = _app_client(cognito, pool)
    states = {
        found["Username"]: found["UserStatus"]
        for found in _all(cognito, "list_users", "Users", "PaginationToken", UserPoolId=pool)
    }
    for user in users:
        if user.handle not in states:
            _create(cognito, pool, user)
        if states.get(user.handle) != "CONFIRMED":  # new, or left without a password by a run that was cut off
            cognito.call(
                "admin_set_user_password", UserPoolId=pool, Username=user.handle, Password=password, Permanent=True
            )
    return Pool(pool, client)


def _pool(cognito: Client) -> str:
    for found in _all(cognito, "list_user_pools", "UserPools", "NextToken", MaxResults=_PAGE):
        if found["Name"] == _POOL:
            return str(found["Id"])
    only_us = {"AllowAdminCreateUserOnly": True}
    made = cognito.call("create_user_pool", PoolName=_POOL, AdminCreateUserConfig=only_us)
    return str(made["UserPool"]["Id"])


def _app_client(cognito: Client, pool: str) -> str:
    for found in _all(
        cognito, "list_user_pool_clients", "UserPoolClients", "NextToken", UserPoolId=pool, MaxResults=_PAGE
    ):
        if found["ClientName"] == _APP_CLIENT:
            return str(found["ClientId"])
    made = cognito.call(
        "create_user_pool_client",
        UserPoolId=pool,
        ClientName=_APP_CLIENT,
        GenerateSecret=False,  # a page in a browser keeps none
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        AccessTokenValidity=_ACCESS_MINUTES,
        TokenValidityUnits={"AccessToken": "minutes"},
        PreventUserExistenceErrors="ENABLED",
        WriteAttributes=["name"],  # not preferred_username: whoever could change theirs could be somebody else
    )
    return str(made["UserPoolClient"]["ClientId"])


def _create(cognito: Client, pool: str, user: Entry) -> None:
    attributes = {
        "preferred_username": user.handle,
        "name": user.display_name,
        "email": user.email or f"{user.handle}@example.com",
        "email_verified": "true",
    }
    cognito.call(
        "admin_create_user",
        UserPoolId=pool,
        Username=user.handle,
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        MessageAction="SUPPRESS",
    )


def _all(cognito: Client, operation: str, what: str, token: str, **params: Any) -> Iterator[Any]:
    """Everything of every page."""
    while True:
        answer = cognito.call(operation, **params)
        yield from answer[what]
        if not answer.get(token):
            return
        params[token] = answer[token]
