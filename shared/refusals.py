"""What AWS's error codes mean to us: one answer of a service, one error of ours. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from shared import errors

Answer = Mapping[str, Any]

_THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
    }
)
_BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "UnrecognizedClientException",
    }
)
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException"})
_SIMPLE: Mapping[str, type[errors.AppError]] = {
    "ExpiredIteratorException": errors.IteratorExpired,
    "ResourceInUseException": errors.NotReady,
    "TrimmedDataAccessException": errors.RecordsTrimmed,
    "TransactionConflictException": errors.Conflict,
    "TransactionInProgressException": errors.OutcomeUnknown,
}
_SERVER_ERROR = 500

_WHO_MAY_NOT = re.compile(r"perform: (\S+)(?: on resource: (\S+))?")  # as IAM words it, engines without the place


def refusal(operation: str, response: Answer, params: Answer, *, streams: bool) -> errors.AppError:
    """The error of ours that an error response stands for.

    Args:
        operation: boto3's method name, such as `transact_write_items`.
        response: botocore's `ClientError.response`.
        params: what was asked.
        streams: whether the service was DynamoDB Streams.
    """
    code, message = response["Error"].get("Code", ""), response["Error"].get("Message", "")
    if code == "TransactionCanceledException":
        return errors.TransactionCancelled([_reason(reason) for reason in response.get("CancellationReasons", [])])
    if code == "ConditionalCheckFailedException":
        return errors.ConditionFailed(item=response.get("Item"))
    if code in _SIMPLE:
        return _SIMPLE[code](f"{operation}: {message}")
    if code == "ResourceNotFoundException":
        return _missing(operation, params, streams=streams)
    if code in _THROTTLES:
        return errors.Throttled(f"{operation} is throttled: {code}.")
    return _of_the_caller(operation, code, message, params) or _of_the_request(operation, code, message, response)


def _of_the_caller(operation: str, code: str, message: str, params: Answer) -> errors.AppError | None:
    if code in _DENIALS:
        return errors.AccessDenied(_denied(operation, message, params))
    if code in _BAD_CREDENTIALS:
        return errors.CredentialsRejected(f"AWS does not accept the credentials ({code}): renew them.")
    return None


def _of_the_request(operation: str, code: str, message: str, response: Answer) -> errors.AppError:
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
    if code.isdigit():  # botocore's word where the body is no error of AWS's
        kind = errors.OutcomeUnknown if status >= _SERVER_ERROR else errors.RequestRefused
        return kind(f"{operation} was answered with HTTP {code} by what is no AWS: is AWS_ENDPOINT_URL right?")
    if status >= _SERVER_ERROR or code in {"InternalServerError", "ServiceUnavailable"}:
        return errors.OutcomeUnknown(f"{operation} ended in {code}: it may have been carried out.")
    return errors.RequestRefused(f"{operation} was refused: {code}: {message}")


def _missing(operation: str, params: Answer, *, streams: bool) -> errors.AppError:
    if streams:
        return errors.ShardMissing(f"{operation}: the stream or shard does not exist any more.")
    if pool := params.get("UserPoolId"):
        return errors.SettingInvalid(f"COGNITO_USER_POOL_ID cannot be used: there is no user pool {pool} here.")
    table = params.get("TableName", "the table")
    how = "is it this region and account? A new one is made by `producer schema-load --enable-stream`"
    return errors.TableMissing(f'There is no table "{table}" here: {how}.')


def _denied(operation: str, message: str, params: Answer) -> str:
    if named := _WHO_MAY_NOT.search(message):
        return f"Access denied: allow {named[1]} on {named[2] or _resource(params)} to this identity."
    name = "".join(part.title() for part in operation.split("_"))
    return f"Access denied: allow dynamodb:{name} on {_resource(params)} to this identity. {message}".rstrip()


def _resource(params: Answer) -> str:
    """What a policy calls it, where the service does not say."""
    table = params.get("StreamArn") or f"arn:aws:dynamodb:*:*:table/{_table(params)}"
    return f"{table}/index/{params['IndexName']}" if params.get("IndexName") else str(table)


def _table(params: Answer) -> str:
    """The table that was asked for; of a transaction, that of its first action."""
    actions = [action for item in params.get("TransactItems", ()) for action in item.values()]
    return str((actions[0] if actions else params).get("TableName", "*"))


def _reason(reason: Answer) -> errors.Reason:
    return errors.Reason(code=reason.get("Code") or "None", item=reason.get("Item"))
