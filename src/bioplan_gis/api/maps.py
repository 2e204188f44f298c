"""The map page at ``/`` and the scripts and styles that it loads, all from this host."""

import hashlib

from fastapi import Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import Connection

from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import answer, tag_of
from bioplan_gis.api.media import HTML
from bioplan_gis.api.routes import Routes
from bioplan_gis.atlas import read_atlas
from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.maps import page
from bioplan_gis.settings import bundled
from bioplan_gis.storage.layers import read_layers

router = Routes()


@router.get("/")
def map_page(request: Request) -> Response:
    """The interactive map of everything that is loaded; whatever a link adds to the address is the page's affair."""
    with reading_for(request) as connection:
        body, tag = _page_of(request, connection)
    return answer(request, body, HTML, tag)


@router.get("/favicon.ico")
def icon(_: Request) -> FileResponse:
    """The icon that browsers ask for unasked; the page itself carries its own."""
    return FileResponse(bundled("web") / "favicon.svg", media_type="image/svg+xml")


def _page_of(request: Request, connection: Connection) -> tuple[bytes, str]:
    """The page of what is loaded, and its tag; the last ones made are remembered, since making costs far more."""
    digests = tuple(layer.digest for layer in read_layers(connection))
    remembered: tuple[tuple[str, ...], bytes, str] | None = getattr(request.app.state, "page", None)
    if remembered is None or remembered[0] != digests:
        sources = read_catalogue(request.app.state.geodata)
        body = page(read_atlas(connection, sources), assets="linked").encode()
        remembered = digests, body, tag_of(hashlib.sha256(body).hexdigest())
        request.app.state.page = remembered
    return remembered[1:]
