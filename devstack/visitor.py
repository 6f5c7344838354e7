"""Somebody who signs in at the user pool and calls the application's API, as a page would."""

import json
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, Self

from devstack.cognito import PASSWORD
from shared.dynamo import Client
from shared.errors import EngineFailed, EngineStopped

Json = dict[str, Any]

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user of the embedded pool, signed in.

    Args:
        handle: who.
        token: their access token.
        host, port: where the application listens.
    """

    handle: str
    token: str = field(repr=False)
    host: str
    port: int

    @classmethod
    def sign_in(cls, cognito: Client, client_id: str, handle: str, host: str, port: int) -> Self:
        """Sign in with the password that everybody has in the embedded pool (InitiateAuth, USER_PASSWORD_AUTH).

        Raises:
            AppError: what Cognito answers instead, as `Client.call` says it.
        """
        answer = cognito.call(
            "initiate_auth",
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": handle, "PASSWORD": PASSWORD},
        )
        return cls(handle, answer["AuthenticationResult"]["AccessToken"], host, port)

    def conversations(self) -> list[Json]:
        """Pattern B: the first page of the conversations, newest first."""
        return list(self.ask("GET", "/api/message_groups"))

    def messages(self, group: str) -> list[Json]:
        """Pattern A: the newest messages of a group, oldest first."""
        return list(self.ask("GET", f"/api/messages/{group}"))

    def send(self, group: str, text: str) -> Json:
        """Pattern C: a message into a group."""
        return dict(self.ask("POST", "/api/messages", {"message": text, "message_group_uuid": group}))

    def start(self, handle: str, text: str) -> str:
        """Pattern D: the first message to somebody; where it is."""
        return str(self.ask("POST", "/api/messages", {"message": text, "handle": handle})["message_group_uuid"])

    def ask(self, method: str, path: str, body: Json | None = None) -> Any:
        """The JSON that a request is answered with.

        Raises:
            EngineStopped: nobody listens.
            EngineFailed: it is refused.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with closing(HTTPConnection(self.host, self.port, timeout=_TIMEOUT_S)) as connection:
            try:
                connection.request(method, path, json.dumps(body) if body else None, headers)
                answer = connection.getresponse()
                said = answer.read().decode()
            except (OSError, HTTPException) as error:
                where = f"{self.host}:{self.port}"
                raise EngineStopped(
                    f"No application answers at {where}: start one with `devstack up --app`."
                ) from error
        if answer.status != HTTPStatus.OK:
            raise EngineFailed(f"{method} {path} was answered with {answer.status}: {said}")
        return json.loads(said)
