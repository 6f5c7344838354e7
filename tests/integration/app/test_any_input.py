"""Whatever is sent, no answer is a 500, and each is as the document says."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.app.stage import NOBODY, Stage

EXAMPLES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
ANY_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TEXTS = some.text(max_size=50) | some.sampled_from(["bayko", "londo", str(NOBODY), "", "GRP#x", "\ud800", "a\x00"])


@given(
    body=some.fixed_dictionaries(
        {}, optional={"message": TEXTS | ANY_JSON, "handle": TEXTS | ANY_JSON, "message_group_uuid": TEXTS | ANY_JSON}
    )
)
@EXAMPLES
def test_any_message_is_stored_or_refused(stage: Stage, body: dict[str, Any]) -> None:
    """200, or 422 and why."""
    headers = {"Content-Type": "application/json"}
    answer = stage.ask("andrewbrown", "POST", "/api/messages", content=json.dumps(body), headers=headers)
    assert answer.status_code in {200, 404, 422}, answer.content


@given(content=some.binary(max_size=200))
@EXAMPLES
def test_any_body_is_answered(stage: Stage, content: bytes) -> None:
    """What is no message is refused."""
    headers = {"Content-Type": "application/json"}
    assert stage.ask("andrewbrown", "POST", "/api/messages", content=content, headers=headers).status_code == 422


HEADER = some.text(some.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=80)


@given(value=HEADER | HEADER.map(lambda text: f"Bearer {text}"))
@EXAMPLES
def test_any_authorization_is_refused(stage: Stage, value: str) -> None:
    """401, whatever it is."""
    answer = stage.client.get("/api/message_groups", headers=[(b"Authorization", value.encode("latin-1"))])
    assert (answer.status_code, answer.json()) == (401, {})


@given(name=some.sampled_from(["cursor", "limit", "created_at"]), value=some.text(max_size=60))
@EXAMPLES
def test_any_query_is_answered(stage: Stage, name: str, value: str) -> None:
    """A page, or a refusal."""
    value = value.encode("utf-8", "replace").decode()
    answer = stage.ask("andrewbrown", "GET", "/api/message_groups", params={name: value})
    assert answer.status_code in {200, 422}


CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=[mode.name for mode in MODES])
def test_every_operation_does_as_its_document_says(stage: Stage, mode: GenerationMode) -> None:
    """Requests made from the OpenAPI document, fitting and not: each status, type and body is one it names."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", stage.app)
    headers = {"Authorization": f"Bearer {stage.tokens['londo']}"}
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 8
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
            continue  # it takes nothing that could be wrong

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(EXAMPLES, max_examples=15)
        def attempt(case: Any) -> None:
            case.call_and_validate(checks=CHECKS, headers=headers)

        attempt()
