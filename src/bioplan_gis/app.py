"""The HTTP service: routes, and the one table that gives an error its status."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from bioplan_gis.api import collections, features, health, layouts, maps, openapi, schemas, sites, tiles
from bioplan_gis.api.assets import Assets
from bioplan_gis.api.bounds import Bounds
from bioplan_gis.api.compression import Compression
from bioplan_gis.api.documents import problem
from bioplan_gis.api.downloads import ALTERED_VALUES, OMITTED_FEATURES
from bioplan_gis.api.heads import HeadAsGet
from bioplan_gis.api.memory import Memory
from bioplan_gis.api.transfers import Transfers
from bioplan_gis.errors import (
    BioplanError,
    CrowdedError,
    NotAcceptableError,
    NotFoundError,
    ParameterError,
    SettingsError,
    StorageError,
)
from bioplan_gis.settings import Settings, bundled, software_digest
from bioplan_gis.storage.database import READERS_AT_ONCE, open_engine

# What a script of another site may read of an answer, and how long its browser need not ask again.
EXPOSED_HEADERS = (
    "ETag", "Link", "Content-Crs", "Content-Disposition", "Content-Language", OMITTED_FEATURES, ALTERED_VALUES,
)  # fmt: skip
PREFLIGHT_S = 86_400

# An error has the status of its nearest ancestor here, and a code for programs to read.
STATUSES: dict[type[BioplanError], tuple[int, str]] = {
    ParameterError: (400, "bad-parameter"),
    NotFoundError: (404, "not-found"),
    NotAcceptableError: (406, "not-acceptable"),
    CrowdedError: (503, "crowded"),
    StorageError: (503, "storage-unavailable"),
    SettingsError: (503, "incomplete-installation"),
    BioplanError: (500, "internal-error"),
}


def create_app(settings: Settings) -> FastAPI:
    """The service over the database that the settings name; it is opened when the first request asks it.

    Raises:
        DatabaseUnavailableError: the URL names no database that this product can speak to.
    """
    engine = open_engine(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Whoever has a thread has a connection: nobody waits for one while holding the other.
        current_default_thread_limiter().total_tokens = READERS_AT_ONCE
        yield
        engine.dispose()

    # The document of the interface is our own (OpenAPI 3.0, and each layer's columns in it).
    app = FastAPI(title="BioPlan GIS", openapi_url=None, lifespan=lifespan)
    app.state.engine = engine
    app.state.geodata = settings.geodata_folder
    app.state.software = software_digest()
    app.state.layers = {}
    app.state.memory = Memory()
    app.state.transfers = Transfers()
    for routes in (health, collections, features, tiles, schemas, layouts, sites, openapi, maps):
        app.router.routes.extend(routes.router.routes)
    app.mount("/assets", Assets(directory=bundled("web")), name="assets")
    # The last one added is the first to see a request.
    for middleware in (Bounds, HeadAsGet, Compression):
        app.add_middleware(middleware)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        allow_headers=["*"],
        expose_headers=EXPOSED_HEADERS,
        max_age=PREFLIGHT_S,
    )
    _explain_errors(app)
    return app


def status_of(error: BioplanError) -> tuple[int, str]:
    """The HTTP status and the code of an error."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def _explain_errors(app: FastAPI) -> None:
    """Answer every error with a problem document; none reaches a visitor as a stack trace."""
    handlers: dict[type[Exception], Callable[[Request, Exception], Response]] = {
        BioplanError: _explain_own,
        HTTPException: _explain_http,
        Exception: _explain_unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _explain_own(request: Request, error: Exception) -> Response:
    assert isinstance(error, BioplanError)  # noqa: S101
    return problem(request, *status_of(error), error)


def _explain_http(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101
    path = request.url.path
    sentences = {
        404: (f"没有路径 {path}；从 /api 可以找到所有接口。", f"There is no path {path}; /api leads to all there are."),
        405: (
            f"{path} 不支持 {request.method}，可用 GET 或 HEAD。",
            f"{path} takes GET and HEAD, not {request.method}.",
        ),
    }
    status = error.status_code if error.status_code in sentences else 404
    code = "not-found" if status == 404 else "method-not-allowed"  # noqa: PLR2004
    response = problem(request, status, code, BioplanError(*sentences[status]))
    if status == 405:  # noqa: PLR2004
        response.headers["Allow"] = "GET, HEAD"
    return response


def _explain_unforeseen(request: Request, _: Exception) -> Response:
    refusal = BioplanError(
        "服务遇到未预料的错误，已记入日志；请稍后再试或告知管理员。",
        "The service met an error that nobody foresaw; it is in the log. Try again later, or tell the administrator.",
    )
    return problem(request, 500, "internal-error", refusal)
