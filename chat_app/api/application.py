"""All routes as one ASGI application."""

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from chat_app.api import answers, docs, events, groups, messages, page, users
from chat_app.api.caller import demand_callers
from chat_app.api.guard import Guard
from chat_app.api.parts import Parts

_KNOWN_A_PREFLIGHT_S = 600


def build(parts: Parts) -> FastAPI:
    """The application that works with these parts.

    Raises:
        SettingInvalid: a route would answer everybody without having said so.
    """
    app = FastAPI(
        title="The chat's API",
        summary="Cruddur's routes for conversations, with their holes closed.",
        version=version("pattern-e"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would be built from what the client calls us
        responses=answers.DOCUMENTED,
    )
    app.state.parts = parts
    for room in (groups, messages, events, users, docs, page):
        app.include_router(room.router)
    app.mount(docs.ASSETS, docs.assets())
    app.mount(page.ASSETS, page.assets())
    answers.install(app)
    demand_callers(app, but={"/openapi.json", docs.ASSETS, page.ASSETS})
    app.add_middleware(Guard, parts=parts)
    app.add_middleware(
        CORSMiddleware,  # outermost: a page of ours must be able to read refusals, too
        allow_origins=parts.origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "traceparent"],  # the last: its tracing
        expose_headers=["Link", "Retry-After"],
        max_age=_KNOWN_A_PREFLIGHT_S,
    )
    return app
