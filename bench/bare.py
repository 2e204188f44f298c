"""The bare equivalent of each feed: a Starlette route that runs the best statement known and returns its bytes."""

from collections.abc import Callable

import best_gpkg
import best_postgis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Ask = Callable[[dict[str, str]], bytes]


def application(url: str) -> Starlette:
    """``/page``, ``/class``, ``/box``, ``/one`` and so on, each with the parameters of its statement."""
    best = best_gpkg if url.startswith("sqlite") else best_postgis
    asked = best.questions(best.engine_of(url))
    return Starlette(routes=[Route(f"/{name}", _endpoint(name, ask)) for name, ask in asked.items()])


def _endpoint(name: str, ask: Ask) -> Callable[[Request], Response]:
    """A plain function, which Starlette runs in a thread."""
    media = "application/vnd.mapbox-vector-tile" if name.startswith("tile") else "application/geo+json"

    def endpoint(request: Request) -> Response:
        return Response(ask(dict(request.query_params)), media_type=media)

    return endpoint
