"""A layer as a GeoDataFrame, for scripts and notebooks that go on with geopandas."""

import geopandas
import pandas as pd
import shapely
from sqlalchemy import Connection, LargeBinary, func, select

from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.tables import GEOMETRY_COLUMN


def read_frame(connection: Connection, layer: Layer) -> pd.DataFrame:
    """All features of a layer, by ``id``, in the order of their keys.

    Args:
        connection: of a reading transaction.
        layer: as the registry describes it in the same transaction.

    Returns:
        A GeoDataFrame in EPSG:4490 (longitude, latitude) whose ``geometry`` is None where no position is known; a
        DataFrame for a table without geometry. Lists and objects are Python's; dates are dates.
    """
    table = layer.table
    facts = [table.c.id, *(table.c[column.name] for column in layer.columns)]
    if layer.geometry_type is None:
        rows = connection.execute(select(*facts).order_by(table.c.fid)).mappings().all()
        return pd.DataFrame(rows, columns=[column.name for column in facts]).set_index("id")
    wkb = func.ST_AsBinary(table.c[GEOMETRY_COLUMN], type_=LargeBinary()).label("wkb")
    rows = connection.execute(select(*facts, wkb).order_by(table.c.fid)).mappings().all()
    frame = pd.DataFrame(rows, columns=[*(column.name for column in facts), "wkb"]).set_index("id")
    shapes = shapely.from_wkb([None if one is None else bytes(one) for one in frame.pop("wkb")])
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs=STORAGE_SRID)
