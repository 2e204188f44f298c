"""The bare equivalent of each feed: a Starlette route that runs the best statement known and returns its bytes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import best_gpkg
import best_postgis
from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

# With Starlette's 40, threads wait for one another: 32 connections then got a third of the answers that they get so.
THREADS = 16
Ask = Callable[[dict[str, str]], bytes]


def application(url: str) -> Starlette:
    """``/page``, ``/class``, ``/box``, ``/one`` and so on, each with the parameters of its statement."""
    best = best_gpkg if url.startswith("sqlite") else best_postgis
    asked = best.questions(best.engine_of(url))
    return Starlette(routes=[Route(f"/{name}", _endpoint(name, ask)) for name, ask in asked.items()], lifespan=_few)


@asynccontextmanager
async def _few(_: Starlette) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = THREADS
    yield


def _endpoint(name: str, ask: Ask) -> Callable[[Request], Response]:
    """A plain function, which Starlette runs in a thread."""
    media = "application/vnd.mapbox-vector-tile" if name.startswith("tile") else "application/geo+json"

    def endpoint(request: Request) -> Response:
        return Response(ask(dict(request.query_params)), media_type=media)

    return endpoint
