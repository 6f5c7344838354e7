"""The page at /docs: Swagger UI, with a policy that lets it run its own script and nothing else."""

import re
from base64 import b64encode
from hashlib import sha256

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from chat_app.api.caller import PUBLIC

_FROM = "https://cdn.jsdelivr.net"

router = APIRouter()


@router.get("/docs", tags=[PUBLIC], include_in_schema=False)
async def docs() -> HTMLResponse:
    """The API to read and to try."""
    made = get_swagger_ui_html(openapi_url="/openapi.json", title="The chat's API", swagger_favicon_url="data:,")
    page = bytes(made.body).decode()
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    policy = (
        f"default-src 'none'; script-src {_FROM} {hashes}; style-src {_FROM} 'unsafe-inline'; img-src data: {_FROM}; "
        "connect-src 'self'; frame-ancestors 'none'"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})
