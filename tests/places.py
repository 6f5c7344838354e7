"""Settings for tables that no other test knows."""

from uuid import uuid4

from devstack.engine import Engine
from shared.settings import Settings


def settings_of(engine: Engine) -> Settings:
    """The embedded engine, two fresh names."""
    ours = uuid4().hex[:12]
    variables = engine.environment()
    return Settings(
        message_table=f"messages-{ours}",
        state_table=f"state-{ours}",
        region=variables["AWS_REGION"],
        endpoint=variables["AWS_ENDPOINT_URL"],
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
