"""The page at /docs: Swagger UI from our own address, so that it works where the internet does not reach."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from chat_app.api.caller import PUBLIC

ASSETS = "/docs/assets"

router = APIRouter()


def assets() -> StaticFiles:
    """The script and the styles of Swagger UI."""
    return StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static")


@router.get("/docs", tags=[PUBLIC], include_in_schema=False)
async def docs() -> HTMLResponse:
    """The API to read and to try; the page runs Swagger UI's script and the few lines that start it, nothing else."""
    made = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="The chat's API",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    page = bytes(made.body).decode()
    starts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in starts)
    policy = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; frame-ancestors 'none'"
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})
