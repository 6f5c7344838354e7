"""The one seam to AWS: boto3's low-level clients behind `Client`, and every AWS error as one of ours.

Items stay DynamoDB JSON, so sets, binary values and numbers survive untouched. botocore retries a little
(standard mode: legacy mode would not retry a stream's LimitExceeded); patience is `shared.retry`'s.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from shared import errors
from shared.models import Item
from shared.refusals import refusal
from shared.settings import Settings, is_loopback

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """A boto3 client (`dynamodb`, `dynamodbstreams`, `cognito-idp`) that raises our errors."""

    raw: Any
    streams: bool = False

    def call(self, operation: str, **params: Any) -> Answer:
        """boto3's answer to `operation` (its method name, such as `transact_write_items`).

        Raises:
            AppError: what AWS or the network answered instead, as the branch that says what to do.
        """
        try:
            answer: Answer = getattr(self.raw, operation)(**params)
        except aws.ClientError as error:
            raise refusal(operation, error.response, params, streams=self.streams) from error
        except (aws.NoRegionError, aws.NoCredentialsError, aws.PartialCredentialsError) as error:
            raise _credentials_or_region(error) from error
        except (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ProxyConnectionError) as error:
            raise errors.Unreachable(f"Nobody answers at {self.raw.meta.endpoint_url}.") from error
        except aws.ParamValidationError as error:
            raise errors.RequestRefused(f"{operation} was not sent: {error}") from error
        except aws.BotoCoreError as error:  # read time-out, connection cut: it may have happened
            raise errors.OutcomeUnknown(f"The answer to {operation} was lost ({type(error).__name__}).") from error
        return answer

    def pages(self, operation: str, **params: Any) -> Iterator[Answer]:
        """Every page of a Query or Scan."""
        while True:
            answer = self.call(operation, **params)
            yield answer
            if not answer.get("LastEvaluatedKey"):
                return
            params["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def items(self, operation: str, **params: Any) -> Iterator[Item]:
        """Every item of every page of a Query or Scan."""
        for page in self.pages(operation, **params):
            yield from page["Items"]


@dataclass(frozen=True, slots=True)
class Clients:
    """Both services; thread-safe, one pair a process."""

    dynamodb: Client
    streams: Client


def connect(settings: Settings, *, threads: int = 16, answer_within_s: int = 10, attempts: int = 3) -> Clients:
    """Clients for both services, from the settings.

    Args:
        settings: where, and as whom.
        threads: how many connections are kept at most.
        answer_within_s: an answer that takes longer is lost.
        attempts: how often botocore itself tries.

    Raises:
        NoRegion: no region is set.
        CredentialsMissing: no credentials can be found, half a key only, or the profile does not exist.
    """
    try:
        session = _session(settings)
        if session.region_name is None:
            raise errors.NoRegion
        if session.get_credentials() is None:
            raise errors.CredentialsMissing
        config = Config(
            connect_timeout=2,
            read_timeout=answer_within_s,
            retries={"mode": "standard", "max_attempts": attempts},
            max_pool_connections=threads,
            tcp_keepalive=True,
        )
        dynamodb = _client(session, "dynamodb", config, settings.dynamodb_endpoint or settings.endpoint)
        streams = _client(session, "dynamodbstreams", config, settings.streams_endpoint or settings.endpoint)
    except aws.ProfileNotFound as error:
        raise errors.CredentialsMissing(f"{errors.clause(error)}: set AWS_PROFILE to one that exists.") from error
    except aws.BotoCoreError as error:
        raise _credentials_or_region(error) from error
    read_records_fast(streams.meta.events.register)
    return Clients(Client(dynamodb), Client(streams, streams=True))


def connect_cognito(settings: Settings) -> Client:
    """A client for Cognito user pools (`cognito-idp`); raises as `connect` does."""
    try:
        config = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 5})
        endpoint = settings.cognito_endpoint or settings.endpoint
        return Client(_client(_session(settings), "cognito-idp", config, endpoint))
    except aws.ProfileNotFound as error:
        raise errors.CredentialsMissing(f"{errors.clause(error)}: set AWS_PROFILE to one that exists.") from error
    except aws.BotoCoreError as error:
        raise _credentials_or_region(error) from error


def credentials_in_use(settings: Settings) -> str:
    """Which credentials these are: the end of the access key's id, and where they were found; never a secret.

    Raises:
        CredentialsMissing: none can be found, or the profile does not exist.
    """
    try:
        found = _session(settings).get_credentials()
        if found is None:
            raise errors.CredentialsMissing
        source = "the settings" if found.method == "explicit" else found.method
        return f"access key ...{found.access_key[-4:]}, from {source}"
    except aws.BotoCoreError as error:
        raise errors.CredentialsMissing(f"The credentials cannot be fetched: {errors.clause(error)}.") from error


def unless_changed(item: Item | None, *, nor_given: str = "") -> dict[str, Any]:
    """The condition parameters "if the item is as it was read" (None: "if nothing stands there").

    Every attribute that was read must be equal; no condition of DynamoDB can say that none was added.

    Args:
        item: as it was read.
        nor_given: an attribute that must not have been added, if the item had none of this name.
    """
    if item is not None and nor_given and nor_given not in item:
        as_read = unless_changed(item)
        return {
            **as_read,
            "ConditionExpression": f"{as_read['ConditionExpression']} AND attribute_not_exists({nor_given})",
        }
    if item is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    attributes = {name: value for name, value in item.items() if name not in {"pk", "sk"}}
    if not attributes:
        return {"ConditionExpression": "attribute_exists(pk)"}
    expression, names, values = _all_equal(len(attributes))
    return {
        "ConditionExpression": expression,
        "ExpressionAttributeNames": dict(zip(names, attributes, strict=True)),
        "ExpressionAttributeValues": dict(zip(values, attributes.values(), strict=True)),
    }


@cache
def _all_equal(count: int) -> tuple[str, list[str], list[str]]:
    """The condition that so many attributes are equal, and what it calls them and their values."""
    names, values = [f"#r{i}" for i in range(count)], [f":r{i}" for i in range(count)]
    return " AND ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True)), names, values


def read_records_fast(register: Callable[[str, Callable[..., None]], object]) -> None:
    """Let GetRecords answers be read by plain `json`, which takes an eighth of the time of botocore's parser.

    Images stay as they came over the wire (binary values in base64). Errors stay botocore's. Where the hook does
    not fire, botocore parses as always and `stream_worker` reads both forms (boto/boto3 issue 2928).
    """

    def read(response_dict: Answer, customized_response_dict: Answer, **_: object) -> None:
        if response_dict["status_code"] == 200:  # noqa: PLR2004
            customized_response_dict.update(_answer(response_dict["body"]))
            response_dict["body"] = b"{}"

    register("before-parse.dynamodb-streams.GetRecords", read)


def _answer(body: bytes) -> Answer:
    """The answer in a body; what cannot be read is an empty one, which its caller refuses and asks for again."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _session(settings: Settings) -> Any:
    if bool(settings.access_key_id) != bool(settings.secret_access_key):
        has, lacks = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
        if settings.secret_access_key:
            has, lacks = lacks, has
        raise errors.CredentialsMissing(f"{has} is set without {lacks}: set both, or neither.")
    return boto3.Session(
        region_name=settings.region,
        profile_name=settings.profile,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=_open(settings.secret_access_key),
        aws_session_token=_open(settings.session_token) if settings.access_key_id else None,  # of no use by itself
    )


def _client(session: Any, service: str, config: Config, url: str | None) -> Any:
    direct = Config(proxies={}) if is_loopback(url) else None  # none at all, whatever the environment names
    return session.client(service, config=config.merge(direct) if direct else config, endpoint_url=url)


def _credentials_or_region(error: Exception) -> errors.AppError:
    if isinstance(error, aws.NoRegionError):
        return errors.NoRegion()
    if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError):
        return errors.CredentialsMissing()
    return errors.SettingInvalid(f"AWS settings cannot be used: {errors.clause(error)}.")


def _open(secret: Any) -> str | None:
    return secret.get_secret_value() if secret else None
