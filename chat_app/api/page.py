"""The page at /: its files, and what it must know before anybody has signed in."""

from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from chat_app.api.caller import PUBLIC
from chat_app.api.parts import PartsOf

ASSETS = "/page"

router = APIRouter()


def assets() -> StaticFiles:
    """Modules and styles; there is no build step."""
    return StaticFiles(directory=_folder())


@router.get("/", tags=[PUBLIC], include_in_schema=False)
async def page(parts: PartsOf) -> HTMLResponse:
    """The page; its policy lets it run its own modules and speak with us and with Cognito, and nothing else."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
        f"connect-src 'self' {_origin(parts.door.cognito)}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    html = (_folder() / "index.html").read_text(encoding="utf-8")
    return HTMLResponse(html, headers={"Content-Security-Policy": policy})


@router.get("/page-settings", tags=[PUBLIC], include_in_schema=False)
async def settings(parts: PartsOf) -> JSONResponse:
    """Where one signs in, and whether there is something to show under the hood."""
    door = parts.door
    return JSONResponse({"cognito": door.cognito, "client_id": door.client_id, "has_worker_view": parts.worker.is_set})


def _folder() -> Path:
    return Path(str(files("chat_app"))) / "page"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
