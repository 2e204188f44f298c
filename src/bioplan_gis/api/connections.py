"""The database of one request: a route's transaction begins and ends here, at the edge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import Request, Response
from sqlalchemy import Connection

from bioplan_gis.errors import (
    BioplanError,
    DatabaseBusyError,
    DatabaseUnavailableError,
    LayerNotFoundError,
    NotAcceptableError,
)
from bioplan_gis.storage.database import glancing, reading
from bioplan_gis.storage.layers import Layer, read_layer

Answer = Callable[[Connection, Layer], Response | None]


@contextmanager
def reading_for(request: Request) -> Iterator[Connection]:
    """One state of the database for all that an answer asks of it."""
    with reading(request.app.state.engine) as connection:
        yield connection


@contextmanager
def glancing_for(request: Request) -> Iterator[Connection]:
    """The same for answers that come of a single statement, which sees one state by itself."""
    with glancing(request.app.state.engine) as connection:
        yield connection


def of_layer(request: Request, layer_id: str, answer: Answer) -> Response:
    """An answer about one layer, as the registry described it last, or else as it describes it now.

    Most answers are one statement, which tells by the layer's digest whether the description was still true; only
    where it was not, or the question does not fit it, is the registry asked before.

    Args:
        request: of the answer.
        layer_id: of the layer.
        answer: makes the answer, or None where the layer's digest is not that of the description.

    Raises:
        LayerNotFoundError: there is no such layer.
        BioplanError: as the answer does.
    """
    layers: dict[str, Layer] = request.app.state.layers
    known = layers.get(layer_id)
    found = None if known is None else _of_known_layer(request, known, answer)
    if found is not None:
        return found
    with reading_for(request) as connection:
        try:
            layers[layer_id] = read_layer(connection, layer_id)
        except LayerNotFoundError:
            layers.pop(layer_id, None)
            raise
        found = answer(connection, layers[layer_id])
    if found is None:
        raise RuntimeError(f"{layer_id} changed within a transaction")
    return found


def _of_known_layer(request: Request, layer: Layer, answer: Answer) -> Response | None:
    """None where the layer may have become another meanwhile, and it is worth while to look."""
    try:
        with glancing_for(request) as connection:
            return answer(connection, layer)
    except (DatabaseBusyError, DatabaseUnavailableError, NotAcceptableError):
        raise
    except BioplanError:
        return None
