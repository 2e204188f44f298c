"""Health: whether the process is up, and whether it can answer."""

from fastapi import Request, Response

from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import encode
from bioplan_gis.api.media import JSON
from bioplan_gis.api.parameters import read_parameters
from bioplan_gis.api.routes import Routes
from bioplan_gis.storage.database import require_schema
from bioplan_gis.storage.layers import require_layers

router = Routes()

UNKEPT = {"Cache-Control": "no-store"}


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """Answer without asking the database, and without waiting for a thread."""
    read_parameters(request, ())
    return Response(encode({"status": "ok"}), media_type=JSON.type, headers=UNKEPT)


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The layers with their versions, or a problem document with status 503 that says what is missing."""
    read_parameters(request, ())
    require_schema(request.app.state.engine)
    with reading_for(request) as connection:
        layers = require_layers(connection)
    document = {"status": "ready", "layers": {layer.id: layer.version for layer in layers}}
    return Response(encode(document), media_type=JSON.type, headers=UNKEPT)
