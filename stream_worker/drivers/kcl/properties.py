"""From our settings to the .properties file of KCL's daemon, whose every key is explained in docs/kcl.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.errors import SettingInvalid
from shared.settings import Settings

GRACE_MS = 6500  # with the moment for children, below the command's own grace after SIGTERM
DAEMON_GRACE_MS = 5000  # one that needs it all still gives its leases back
LEAST_POLL_MS = 200  # KCL polls no faster
LEAST_LEADER_LEASE_MS = 1000  # and the daemon refuses less
LONGEST_APPLICATION = 237  # characters: a table's name has at most 255, and "-WorkerMetricStats" is added

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
_LINE = re.compile(r"\s*([^#!=:\s][^=:\s]*)\s*[=:\s]\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the daemon."""

    stream: str
    application: str
    """KCL's name for who reads the stream: also the name of its lease table."""
    worker: str
    """This host; kept over restarts, so that a daemon that is started again goes on with its leases at once."""
    child: str
    """The command that is started for each shard."""


def application_of(settings: Settings, stream: str) -> str:
    """One for each stream: one that was switched off and on never meets the leases of its former life.

    Raises:
        SettingInvalid: the name would be longer than a table's may be.
    """
    label = _NOT_IN_NAMES.sub("", stream.rpartition("/")[2])
    name = f"{settings.state_table}-{settings.worker_name}-{label}"
    if len(name) > LONGEST_APPLICATION:
        raise SettingInvalid(
            f"KCL's tables would be named {name}, which is too long: shorten WORKER_STATE_TABLE or WORKER_NAME."
        )
    return name


def properties_of(settings: Settings, run: Run) -> dict[str, str]:
    """What the daemon is told; a file named by WORKER_KCL_PROPERTIES has the last word.

    Raises:
        SettingInvalid: that file cannot be read.
    """
    lease_ms = round(settings.lease_s * 1000)
    said = {
        "executableName": run.child,
        "processingLanguage": "python",
        "applicationName": run.application,
        "streamArn": run.stream,
        "workerId": run.worker,
        "regionName": settings.region or "",
        "kinesisEndpoint": settings.streams_endpoint or settings.endpoint or "",
        "dynamoDBEndpoint": settings.dynamodb_endpoint or settings.endpoint or "",
        "AwsCredentialsProvider": "DefaultCredentialsProvider",
        "initialPositionInStream": "TRIM_HORIZON",
        "callProcessRecordsEvenForEmptyRecordList": "true",
        "idleTimeBetweenReadsInMillis": str(max(settings.poll_ms, LEAST_POLL_MS)),
        "maxRecords": str(settings.batch),
        "failoverTimeMillis": str(lease_ms // 3),
        "leaderLeaseMillis": str(max(lease_ms // 3, LEAST_LEADER_LEASE_MS)),
        "leaseAssignmentIntervalMillis": "1000",
        "parentShardPollIntervalMillis": "1000",
        "isGracefulLeaseHandoffEnabled": "false",
        "shutdownGraceMillis": str(DAEMON_GRACE_MS),
        "metricsLevel": "NONE",
        "trimmedData": "STOP",
        "stopWhenInputEnds": "true",
        "logFormat": "json",
    }
    return {name: value for name, value in said.items() if value} | _theirs(settings.kcl_properties)


def text_of(properties: Mapping[str, str]) -> str:
    """As a .properties file, in ASCII."""
    return "".join(f"{name} = {_escaped(value)}\n" for name, value in properties.items())


def _theirs(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingInvalid(f"WORKER_KCL_PROPERTIES names {path}, which cannot be read: {error}.") from error
    return {found[1]: found[2] for line in lines if (found := _LINE.fullmatch(line))}


def _escaped(value: str) -> str:
    """Java reads such a file as Latin-1, and units of UTF-16 where they are spelled."""
    return "".join(map(_spelled, value))


def _spelled(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isascii() and character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
