"""The only reader of the environment: every setting once, checked, frozen.

Values come from the environment or from a file `.env` in the working folder; names as in docs/settings.md.
"""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import SettingInvalid, clause

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "localhost.localstack.cloud"})

Name = Annotated[str, Field(min_length=3, max_length=255, pattern=r"^[A-Za-z0-9_.-]+$")]


class Settings(BaseSettings):
    """All settings; `Settings.read()` is how a command gets them."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    message_table: Name = Field("cruddur-messages", validation_alias="DDB_MESSAGE_TABLE")
    state_table: Name = Field("cruddur-messages-worker", validation_alias="WORKER_STATE_TABLE")
    worker_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        "pattern-e", validation_alias="WORKER_NAME"
    )
    poll_ms: Annotated[int, Field(ge=10, le=60_000)] = Field(200, validation_alias="WORKER_POLL_MS")
    batch: Annotated[int, Field(ge=1, le=1000)] = Field(1000, validation_alias="WORKER_BATCH")
    lease_s: Annotated[float, Field(ge=1, le=600)] = Field(10, validation_alias="WORKER_LEASE_S")
    kcl_jar: Path | None = Field(None, validation_alias="WORKER_KCL_JAR")
    kcl_properties: Path | None = Field(None, validation_alias="WORKER_KCL_PROPERTIES")
    http_host: str = Field("127.0.0.1", validation_alias="WORKER_HTTP_HOST")
    http_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(None, validation_alias="WORKER_HTTP_PORT")
    metrics: Literal["prometheus", "emf"] = Field("prometheus", validation_alias="METRICS")
    users_file: Path | None = Field(None, validation_alias="USERS_FILE")
    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL")
    pool_id: Annotated[str, Field(pattern=r"^[a-z0-9-]+_[A-Za-z0-9]+$")] | None = Field(
        None, validation_alias="COGNITO_USER_POOL_ID"
    )
    client_id: str | None = Field(None, validation_alias="COGNITO_CLIENT_ID")
    issuer_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s/]+)*$")] | None = Field(
        None, validation_alias="COGNITO_ISSUER"
    )
    keys_url: str | None = Field(None, validation_alias="COGNITO_JWKS_URL")
    app_host: str = Field("127.0.0.1", validation_alias="APP_HOST")
    app_port: Annotated[int, Field(ge=0, le=65535)] = Field(4567, validation_alias="APP_PORT")
    app_cors_origins: str | None = Field(None, validation_alias="APP_CORS_ORIGINS")
    app_monitor_host: str = Field("127.0.0.1", validation_alias="APP_MONITOR_HOST")
    app_monitor_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(None, validation_alias="APP_MONITOR_PORT")
    app_messages_a_minute: Annotated[int, Field(ge=1)] = Field(120, validation_alias="APP_MESSAGES_PER_MINUTE")
    app_cognito_url: str | None = Field(None, validation_alias="APP_COGNITO_URL")
    app_worker_urls: str | None = Field(None, validation_alias="APP_WORKER_URLS")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", validation_alias="LOG_LEVEL")
    log_format: Literal["auto", "json", "console"] = Field("auto", validation_alias="LOG_FORMAT")
    allow_insecure_endpoint: bool = Field(default=False, validation_alias="ALLOW_INSECURE_ENDPOINT")

    region: str | None = Field(None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    profile: str | None = Field(None, validation_alias="AWS_PROFILE")
    access_key_id: str | None = Field(None, validation_alias="AWS_ACCESS_KEY_ID")
    secret_access_key: SecretStr | None = Field(None, validation_alias="AWS_SECRET_ACCESS_KEY")
    session_token: SecretStr | None = Field(None, validation_alias="AWS_SESSION_TOKEN")
    endpoint: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL")
    dynamodb_endpoint: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL_DYNAMODB")
    streams_endpoint: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL_DYNAMODB_STREAMS")
    cognito_endpoint: str | None = Field(None, validation_alias="AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER")

    @classmethod
    def read(cls) -> Self:
        """The settings of this process.

        Raises:
            SettingInvalid: a value cannot be used; the sentence names the variable.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            problem = clause(first["msg"].removeprefix("Value error, "))
            raise SettingInvalid(f"{name} cannot be used: {problem}." if name else f"{problem}.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise SettingInvalid(f"The file .env cannot be read as UTF-8 text: {clause(error)}.") from error

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _only_encrypted_beyond_this_machine(self) -> Self:
        for url in (
            self.endpoint,
            self.dynamodb_endpoint,
            self.streams_endpoint,
            self.cognito_endpoint,
            self.keys_url or self.issuer_url,  # without the first, they are at the second
            self.app_cognito_url,
            *self.worker_urls,
        ):
            parts = _address(url) if url else urlsplit("https:")
            if parts.scheme == "http" and not self.allow_insecure_endpoint and parts.hostname not in LOOPBACK:
                raise ValueError(
                    f"{url} would carry conversations unencrypted: use https, or set ALLOW_INSECURE_ENDPOINT=1"
                )
        return self

    @cached_property
    def is_local(self) -> bool:
        """Whether the table is on this machine, so that changing many items needs no second word."""
        return is_loopback(self.dynamodb_endpoint or self.endpoint)

    @cached_property
    def issuer(self) -> str | None:
        """Who issues the pool's tokens: its address at AWS, unless COGNITO_ISSUER names another."""
        if self.issuer_url or not self.pool_id:
            return self.issuer_url
        region = self.pool_id.partition("_")[0]
        return f"https://cognito-idp.{region}.amazonaws.com/{self.pool_id}"

    @cached_property
    def jwks_url(self) -> str | None:
        """Where the issuer's public keys are (a JSON Web Key Set)."""
        return self.keys_url or (f"{self.issuer}/.well-known/jwks.json" if self.issuer else None)

    @cached_property
    def sign_in_url(self) -> str | None:
        """Where a browser signs its user in: APP_COGNITO_URL, or where this process finds Cognito."""
        issuer = urlsplit(self.issuer or "")
        at_aws = f"{issuer.scheme}://{issuer.netloc}" if issuer.netloc else None
        return self.app_cognito_url or self.cognito_endpoint or self.endpoint or at_aws

    @cached_property
    def worker_urls(self) -> tuple[str, ...]:
        """Where workers tell of themselves."""
        return tuple(url.strip() for url in (self.app_worker_urls or "").split(",") if url.strip())

    def environment(self) -> dict[str, str]:
        """The environment of a program that finds AWS by itself: this process's, and what a file `.env` says of AWS."""
        secrets = {
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key and self.secret_access_key.get_secret_value(),
            "AWS_SESSION_TOKEN": self.session_token and self.session_token.get_secret_value(),
        }
        said = {"AWS_REGION": self.region, "AWS_PROFILE": self.profile, "AWS_ACCESS_KEY_ID": self.access_key_id}
        ours = {name: value for name, value in (said | secrets).items() if value}
        return {**os.environ, **ours}  # noqa: TID251 - this is the one module that reads it


class _Folders(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    cache: Path | None = Field(None, validation_alias="XDG_CACHE_HOME")


def cache_folder() -> Path:
    """Where this user keeps what can be fetched again."""
    return (_Folders().cache or Path.home() / ".cache") / "pattern-e"


def is_loopback(url: str | None) -> bool:
    """Whether this endpoint is on this machine; none at all is AWS itself."""
    return url is not None and urlsplit(url).hostname in LOOPBACK


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # it is read here because it is checked only then
    except ValueError as error:
        raise ValueError(f'the endpoint "{url}" is no http(s) address: {error}') from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f'the endpoint "{url}" is no http(s) address')
    return parts
