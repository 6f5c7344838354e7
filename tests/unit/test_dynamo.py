"""Every AWS error becomes one of ours, at one place."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as aws
from pydantic import SecretStr

from shared import errors, refusals
from shared.dynamo import Client, connect, credentials_in_use, read_records_fast, unless_changed
from shared.errors import AppError
from shared.settings import Settings


def failing(error: Exception, *, streams: bool = False) -> Client:
    def operation(**_: Any) -> None:
        raise error

    meta = SimpleNamespace(endpoint_url="http://127.0.0.1:1")
    return Client(SimpleNamespace(get_item=operation, get_records=operation, meta=meta), streams=streams)


def refusal(code: str, status: int = 400, **more: Any) -> aws.ClientError:
    response = {"Error": {"Code": code, "Message": "because"}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return aws.ClientError(response, "GetItem")


def raised(error: Exception, *, streams: bool = False) -> AppError:
    with pytest.raises(AppError) as caught:
        failing(error, streams=streams).call("get_item", TableName="messages")
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ProvisionedThroughputExceededException", errors.Throttled),
        ("LimitExceededException", errors.Throttled),
        ("ThrottlingException", errors.Throttled),
        ("TransactionConflictException", errors.Conflict),
        ("TransactionInProgressException", errors.OutcomeUnknown),
        ("ExpiredIteratorException", errors.IteratorExpired),
        ("TrimmedDataAccessException", errors.RecordsTrimmed),
        ("ResourceInUseException", errors.NotReady),
        ("ResourceNotFoundException", errors.TableMissing),
        ("ValidationException", errors.RequestRefused),
        ("IdempotentParameterMismatchException", errors.RequestRefused),
        ("ItemCollectionSizeLimitExceededException", errors.RequestRefused),
        ("AccessDeniedException", errors.AccessDenied),
        ("ExpiredTokenException", errors.CredentialsRejected),
        ("SomethingNew", errors.RequestRefused),
    ],
)
def test_a_code_has_one_meaning(code: str, kind: type[AppError]) -> None:
    """What AWS says decides what a caller does."""
    assert type(raised(refusal(code))) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refusal("InternalServerError", 500), errors.OutcomeUnknown),
        (refusal("Whatever", 503), errors.OutcomeUnknown),
        (aws.ReadTimeoutError(endpoint_url="x"), errors.OutcomeUnknown),
        (aws.ConnectionClosedError(endpoint_url="x"), errors.OutcomeUnknown),
        (aws.EndpointConnectionError(endpoint_url="x"), errors.Unreachable),
        (aws.ConnectTimeoutError(endpoint_url="x"), errors.Unreachable),
        (aws.NoCredentialsError(), errors.CredentialsMissing),
        (aws.NoRegionError(), errors.NoRegion),
        (aws.ParamValidationError(report="x"), errors.RequestRefused),
    ],
)
def test_a_lost_answer_is_not_a_lost_call(error: Exception, kind: type[AppError]) -> None:
    """What may have been carried out is unknown; what was never sent is unreachable or refused."""
    assert type(raised(error)) is kind


@pytest.mark.parametrize(("status", "kind"), [(501, errors.OutcomeUnknown), (404, errors.RequestRefused)])
def test_what_is_no_dynamodb_is_said(status: int, kind: type[AppError]) -> None:
    """A web server at the endpoint answers with a page; botocore has the status only."""
    error = raised(refusal(str(status), status))
    assert (type(error), "is AWS_ENDPOINT_URL right?" in str(error)) == (kind, True)


def test_a_stream_that_is_gone_is_no_missing_table() -> None:
    """The same code means a shard there."""
    assert type(raised(refusal("ResourceNotFoundException"), streams=True)) is errors.ShardMissing


def test_a_missing_table_is_named() -> None:
    """With the command that makes it."""
    assert str(raised(refusal("ResourceNotFoundException"))) == (
        'There is no table "messages" here: is it this region and account? '
        "A new one is made by `producer schema-load --enable-stream`."
    )


def test_access_denied_names_action_and_target() -> None:
    """So that a policy can be mended."""
    assert "dynamodb:GetItem on arn:aws:dynamodb:*:*:table/messages to" in str(raised(refusal("AccessDeniedException")))


def test_access_denied_says_what_iam_says() -> None:
    """IAM knows the ARN; its long sentence is made short."""
    said = "User: arn:aws:iam::1:user/x is not authorized to perform: dynamodb:Query on resource: arn:aws:dynamodb:t"
    error = refusal("AccessDeniedException")
    error.response["Error"]["Message"] = said
    assert "allow dynamodb:Query on arn:aws:dynamodb:t to" in str(raised(error))


def test_access_denied_inside_a_transaction() -> None:
    """The action is the one inside: IAM knows none called TransactWriteItems."""
    said = {
        "Code": "AccessDeniedException",
        "Message": "User is not authorized to perform: dynamodb:DeleteItem because",
    }
    asked = {"TransactItems": [{"Delete": {"TableName": "messages"}}]}
    error = refusals.refusal("transact_write_items", {"Error": said}, asked, streams=False)
    assert "allow dynamodb:DeleteItem on arn:aws:dynamodb:*:*:table/messages to" in str(error)


def test_a_cancelled_transaction_tells_who_is_in_the_way() -> None:
    """One reason an action, in their order, with the item that stands there."""
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"pk": {"S": "x"}}}]
    error = raised(refusal("TransactionCanceledException", CancellationReasons=reasons))
    assert isinstance(error, errors.TransactionCancelled)
    assert error.reasons == (errors.Reason("None"), errors.Reason("ConditionalCheckFailed", {"pk": {"S": "x"}}))


def test_a_failed_condition_tells_who_is_in_the_way() -> None:
    """The item comes with the error."""
    error = raised(refusal("ConditionalCheckFailedException", Item={"pk": {"S": "x"}}))
    assert isinstance(error, errors.ConditionFailed)
    assert error.item == {"pk": {"S": "x"}}


def test_pages_are_followed_to_the_end() -> None:
    """An empty page with a key is not the end."""
    answers = [{"Items": [], "LastEvaluatedKey": {"k": 1}}, {"Items": [{"pk": {"S": "a"}}]}]
    asked: list[Any] = []

    def query(**params: Any) -> Any:
        asked.append(params.get("ExclusiveStartKey"))
        return answers.pop(0)

    assert list(Client(SimpleNamespace(query=query)).items("query")) == [{"pk": {"S": "a"}}]
    assert asked == [None, {"k": 1}]


def test_as_read_covers_every_attribute_but_the_key() -> None:
    """By placeholder, whatever the attributes are called."""
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, "size": {"N": "1"}}
    assert unless_changed(item) == {
        "ConditionExpression": "#r0 = :r0",
        "ExpressionAttributeNames": {"#r0": "size"},
        "ExpressionAttributeValues": {":r0": {"N": "1"}},
    }


@pytest.mark.parametrize(
    ("item", "condition"),
    [(None, "attribute_not_exists(pk)"), ({"pk": {"S": "p"}, "sk": {"S": "s"}}, "attribute_exists(pk)")],
)
def test_as_read_of_nothing_and_of_a_bare_key(item: Any, condition: str) -> None:
    """Neither has values to compare."""
    assert unless_changed(item) == {"ConditionExpression": condition}


def test_no_region_is_noticed_before_the_first_call() -> None:
    """So are credentials."""
    with pytest.raises(errors.NoRegion):
        connect(Settings())
    with pytest.raises(errors.CredentialsMissing):
        connect(Settings(region="us-east-1"))


@pytest.mark.parametrize("half", [{"access_key_id": "k"}, {"secret_access_key": "s"}])
def test_half_a_key_is_no_key(half: dict[str, Any]) -> None:
    """Nothing can be signed with it, however long one waits; the sentence names what is missing."""
    settings = Settings(region="us-east-1", **half)
    for use in (connect, credentials_in_use):
        with pytest.raises(errors.CredentialsMissing, match="without AWS_"):
            use(settings)


def test_a_token_that_a_shell_has_left_behind_is_not_used() -> None:
    """By itself it signs nothing; boto3 would fail on it with a trace."""
    settings = Settings(region="us-east-1", session_token=SecretStr("t"))
    with pytest.raises(errors.CredentialsMissing):
        connect(settings)


def test_a_region_that_is_none_is_one_sentence() -> None:
    """Botocore brings a full stop of its own."""
    with pytest.raises(errors.SettingInvalid, match=r"[^.]\.$"):
        connect(Settings(region="here and there", access_key_id="k", secret_access_key=SecretStr("s")))


def test_an_unknown_profile_is_one_sentence() -> None:
    """It says what to set."""
    with pytest.raises(errors.CredentialsMissing, match="AWS_PROFILE"):
        connect(Settings(region="us-east-1", profile="nobody"))


def test_records_are_read_by_plain_json_and_errors_by_botocore() -> None:
    """The hook takes a good answer's body, and leaves a bad one alone."""
    hooks: list[Callable[..., None]] = []
    read_records_fast(lambda _event, hook: hooks.append(hook))
    good: dict[str, Any] = {"status_code": 200, "body": json.dumps({"Records": [1]}).encode()}
    bad: dict[str, Any] = {"status_code": 400, "body": b"{}"}
    for response, expected in ((good, {"Records": [1]}), (bad, {})):
        parsed: dict[str, Any] = {}
        hooks[0](response_dict=response, customized_response_dict=parsed)
        assert parsed == expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"Records": [{"ev', b"[]", b"null", b"7", b"\xff", b"[" * 100_000], ids=len
)
def test_a_body_that_cannot_be_read_is_an_empty_answer(body: bytes) -> None:
    """Something between us and the service has spoken: no reason to end the process."""
    hooks: list[Callable[..., None]] = []
    read_records_fast(lambda _event, hook: hooks.append(hook))
    parsed: dict[str, Any] = {}
    hooks[0](response_dict={"status_code": 200, "body": body}, customized_response_dict=parsed)
    assert parsed == {}
