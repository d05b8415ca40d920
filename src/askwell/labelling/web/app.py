"""The service: the page, and the API that the page uses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from askwell.core import AskwellError
from askwell.labelling import exports
from askwell.labelling.database import NotSaved
from askwell.labelling.log import LATER
from askwell.labelling.web import label_studio
from askwell.labelling.web.desk import Desk
from askwell.labelling.web.guard import Access, Guard

EVERY = 0.5
"""Seconds between two looks whether the panel is out of date."""

ALIVE = 15.0
"""Seconds after which something is sent though nothing changed: so a lost connection shows."""

THREADS = 8
"""Requests that are worked on at once."""

STATIC = str(resources.files("askwell.labelling.web") / "static")

Name = Annotated[str, Query(max_length=200)]


class Given(BaseModel):
    """An answer as it is sent: a label, or ``skip`` and what that means (see `askwell.Session.skip`)."""

    label: str | None = Field(None, max_length=400)
    skip: bool = False
    how: Literal["exclude", "unsure", "later"] = LATER
    annotator: str = Field("", max_length=400)
    seconds: float = Field(0.0, ge=0, le=86_400)


def create_app(desk: Desk, access: Access | None = None) -> FastAPI:
    """The service for one labelling.

    Args:
        desk: the labelling; its background work runs as long as the service does.
        access: who may use it.
    """
    access = access or Access()

    @asynccontextmanager
    async def alive(_: FastAPI) -> AsyncIterator[None]:
        # The answers wait for one lock anyway, and each thread has memory of its own.
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        desk.open()
        yield
        app.state.ended = True
        desk.close()

    app = FastAPI(title="Askwell", lifespan=alive, docs_url=None, redoc_url=None)
    app.state.ended = False
    app.add_middleware(Guard, access=access, images=desk.items.hosts)
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.exception_handler(AskwellError)
    async def refused(_: Request, error: AskwellError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 503 if isinstance(error, NotSaved) else 422)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return JSONResponse({"error": f"{where or 'The request'}: {first['msg']}."}, 422)

    def who(request: Request, name: str) -> str:
        """The name that the token fixes, else the one that was given."""
        return request.scope["annotator"] or name

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(f"{STATIC}/index.html")

    @app.get("/api/me")
    def me(request: Request) -> dict[str, Any]:
        return {"annotator": request.scope["annotator"], "title": desk.title}

    @app.get("/api/batch")
    def batch(request: Request, annotator: Name = "", within: str | None = None) -> dict[str, Any]:
        return desk.batch(who(request, annotator), within)

    @app.put("/api/labels/{id:path}")
    def put(request: Request, id: str, given: Given) -> dict[str, Any]:
        if (given.label is None) != given.skip:
            raise AskwellError('An answer is {"label": "…"} or {"skip": true}; give one of the two.')
        how = given.how if given.skip else ""
        desk.project.put(id, who(request, given.annotator), given.label, how, given.seconds)
        return {"saved": id}

    @app.delete("/api/labels/{id:path}")
    def delete(request: Request, id: str, annotator: Name = "") -> dict[str, Any]:
        desk.project.take_back(id, who(request, annotator))
        return {"taken_back": id}

    @app.get("/api/items/{id:path}")
    def item(id: str) -> dict[str, Any]:
        return desk.item(id)

    @app.get("/api/image")
    def image(id: str, column: str) -> FileResponse:
        with desk.project.changed:
            row = desk.project.session.standing.place[desk.project.known(id)]
        return FileResponse(desk.items.image(row, column))

    @app.get("/api/status")
    def status() -> dict[str, Any]:
        return desk.status()

    @app.get("/api/events")
    async def events() -> StreamingResponse:
        async def told() -> AsyncIterator[str]:
            seen, waited = None, 0.0
            while not app.state.ended:
                if (now := desk.version()) != seen:
                    seen, waited = now, 0.0
                    yield f"data: {json.dumps(await asyncio.to_thread(desk.status))}\n\n"
                elif waited >= ALIVE:
                    waited = 0.0
                    yield ": alive\n\n"
                await asyncio.sleep(EVERY)
                waited += EVERY

        return StreamingResponse(told(), media_type="text/event-stream")

    @app.get("/api/answers")
    def answers(search: str = "") -> list[dict[str, Any]]:
        return desk.answers(search)

    @app.get("/api/doubts")
    def doubts() -> list[dict[str, Any]]:
        return desk.doubts()

    @app.get("/api/disputed")
    def disputed() -> list[dict[str, Any]]:
        return desk.disputed()

    @app.get("/api/map")
    def map_() -> dict[str, Any]:
        return desk.map()

    @app.get("/api/export")
    def export(format: str = "csv") -> Response:
        content = exports.export(desk.project, desk.items, format)
        suffix = {"label-studio": "json", "prodigy": "jsonl"}.get(format, format)
        return _file(content, exports.FORMATS[format], f"answers.{suffix}")

    @app.post("/api/import")
    async def import_(request: Request) -> dict[str, Any]:
        content, kind = await request.body(), request.headers.get("content-type", "")
        answers = await asyncio.to_thread(exports.read_answers, content, kind)
        return {"imported": await asyncio.to_thread(desk.project.put_all, answers)}

    @app.get("/api/download")
    def download() -> Response:
        return _file(desk.download(), "application/zip", "askwell-model.zip")

    app.include_router(label_studio.routes(desk))
    return app


def _file(content: bytes, kind: str, name: str) -> Response:
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
