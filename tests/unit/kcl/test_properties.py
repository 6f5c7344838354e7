"""What KCL's daemon is told: all of it from our settings, in names that are KCL's."""

from pathlib import Path

import pytest

from shared.errors import SettingInvalid
from shared.settings import Settings
from stream_worker.drivers.kcl.properties import LONGEST_APPLICATION, Run, application_of, properties_of, text_of
from tests.fakes.streams import ARN

RUN = Run(stream=ARN, application="app", worker="ann", child="python -m child")


def test_each_stream_has_an_application_of_its_own() -> None:
    """A stream that was switched off and on never meets the leases of its former life."""
    first, second = (application_of(Settings(), f"arn:aws:x/stream/2026-11-2{day}T10:00:00.123") for day in (1, 2))
    assert (first, first != second) == ("cruddur-messages-worker-pattern-e-2026-11-21T100000.123", True)


def test_a_name_that_no_table_can_have_is_a_sentence() -> None:
    """KCL would end with a stack trace about its third table."""
    settings = Settings(state_table="w" * LONGEST_APPLICATION)
    with pytest.raises(SettingInvalid, match="too long: shorten WORKER_STATE_TABLE"):
        application_of(settings, ARN)


def test_the_settings_of_the_worker_are_those_of_the_daemon() -> None:
    """Poll, batch, lease and endpoints are set once, for both drivers."""
    said = properties_of(Settings(poll_ms=300, batch=7, lease_s=9, endpoint="http://127.0.0.1:1"), RUN)
    assert (said["idleTimeBetweenReadsInMillis"], said["maxRecords"]) == ("300", "7")
    assert (said["failoverTimeMillis"], said["leaderLeaseMillis"]) == ("3000", "3000")
    assert said["kinesisEndpoint"] == said["dynamoDBEndpoint"] == "http://127.0.0.1:1"


def test_what_is_too_short_for_kcl_is_as_short_as_it_can_be() -> None:
    """The shortest lease and the shortest poll that we allow would be refused, or warned about at each start."""
    said = properties_of(Settings(lease_s=1, poll_ms=10), RUN)
    assert (said["leaderLeaseMillis"], said["idleTimeBetweenReadsInMillis"]) == ("1000", "200")


def test_what_is_not_set_is_not_said() -> None:
    """An empty endpoint would be one."""
    said = properties_of(Settings(), RUN)
    assert not {"kinesisEndpoint", "dynamoDBEndpoint", "regionName"} & set(said)


def test_a_file_of_theirs_has_the_last_word(tmp_path: Path) -> None:
    """KCL has a hundred properties, and we know ten."""
    theirs = tmp_path / "more.properties"
    theirs.write_text("# of ours\nmaxRecords: 50\nmetricsLevel = DETAILED\n\n! no\nregionName eu-west-1\n")
    said = properties_of(Settings(kcl_properties=theirs), RUN)
    assert [said[name] for name in ("maxRecords", "metricsLevel", "regionName")] == ["50", "DETAILED", "eu-west-1"]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """It names the variable."""
    with pytest.raises(SettingInvalid, match="WORKER_KCL_PROPERTIES names "):
        properties_of(Settings(kcl_properties=tmp_path / "none"), RUN)


def test_no_secret_is_in_the_file() -> None:
    """Credentials reach the daemon by its environment."""
    settings = Settings(access_key_id="AKIAONE", secret_access_key="hush")
    assert not any(secret in text_of(properties_of(settings, RUN)) for secret in ("AKIAONE", "hush"))
    assert settings.environment()["AWS_SECRET_ACCESS_KEY"] == "hush"


@pytest.mark.parametrize(
    ("value", "spelled"), [("b\\c", "b\\\\c"), ("é", "\\u00e9"), ("😀", "\\ud83d\\ude00"), ("a\nb", "a\\u000ab")]
)
def test_values_are_spelled_as_java_reads_them(value: str, spelled: str) -> None:
    """A home folder may have a name that is not Latin."""
    assert text_of({"a": value}) == f"a = {spelled}\n"
