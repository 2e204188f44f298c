"""What the map is made of, read from the database in one transaction."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection

from bioplan_gis.catalogue import Source
from bioplan_gis.maps import Atlas
from bioplan_gis.plans import read_plans
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import read_layers


def read_atlas(connection: Connection, sources: Iterable[Source] = ()) -> Atlas:
    """Every layer and layout that is loaded.

    Args:
        connection: to the database.
        sources: the catalogue's; what a record names as its source is shown by its title.
    """
    layers = read_layers(connection)
    return Atlas(
        layouts=tuple({"id": plan.id, **plan.facts} for plan in read_plans(connection)),
        collections={layer.id: json.loads(read_collection(connection, layer)) for layer in layers},
        attributions=tuple(dict.fromkeys(line for layer in layers for line in layer.attributions)),
        sources=tuple(sources),
    )
