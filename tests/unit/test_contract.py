"""Records as they come: whatever an entry of a page holds, it is one record, and none that would stop a reader."""

from datetime import UTC, datetime
from math import inf, nan

import pytest

from stream_worker.contract import Record, record_of


@pytest.mark.parametrize(
    "raw", [None, [], "INSERT", 7, {"dynamodb": []}, {"eventName": 10**5000}, {"eventName": ["X"]}]
)
def test_what_is_no_record_is_an_empty_one(raw: object) -> None:
    """It is set aside by the handler as any other that nobody understands; the page goes on."""
    assert record_of(raw) == Record("", {}, "", 0.0)


@pytest.mark.parametrize("created", [10**400, 1e300, inf, -inf, nan, -1, "yesterday", None, []])
def test_what_is_no_time_is_as_good_as_none(created: object) -> None:
    """A lag or a checkpoint that was computed from it would end the process."""
    assert record_of({"dynamodb": {"ApproximateCreationDateTime": created}}).created_at == 0.0


@pytest.mark.parametrize("created", [1795341600, 1795341600.0, datetime(2026, 11, 22, 10, tzinfo=UTC)])
def test_a_time_is_a_number_or_a_date(created: object) -> None:
    """Over the wire the one, from botocore's parser the other."""
    assert record_of({"dynamodb": {"ApproximateCreationDateTime": created}}).created_at == 1795341600.0


@pytest.mark.parametrize("number", [7, 10**5000, ["7"], None], ids=type)
def test_a_sequence_number_is_a_string(number: object) -> None:
    """Anything else has no place in a shard."""
    assert record_of({"dynamodb": {"SequenceNumber": number}}).sequence_number == ""
