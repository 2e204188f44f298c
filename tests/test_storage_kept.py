"""What is kept of layers follows them: a new version makes it anew, another database has its own."""

import numpy as np
import shapely
from sqlalchemy import Connection, Engine

from bioplan_gis.grounds import MOST_KEPT, keeps, kept_grounds
from bioplan_gis.storage.database import reading
from bioplan_gis.storage.kept import Kept
from bioplan_gis.storage.layers import Layer, read_layer
from drafts import store

HERE = shapely.Point(120.15, 30.27)


def _made(connection: Connection, kept: Kept[list[str]], layer: Layer, *which: str) -> list[str]:
    return kept.of(connection, [layer], lambda: [layer.digest], *which)


def test_it_is_made_once_for_each_version(engine: Engine):
    kept: Kept[list[str]] = Kept(2)
    store(engine, "labs", [{"id": "a"}], [HERE])
    with reading(engine) as connection:
        layer = read_layer(connection, "labs")
        first = _made(connection, kept, layer)
        assert _made(connection, kept, layer) is first
        assert _made(connection, kept, layer, "other") is not first
    store(engine, "labs", [{"id": "b"}], [HERE])
    with reading(engine) as connection:
        assert _made(connection, kept, read_layer(connection, "labs")) != first


def test_the_least_used_goes(engine: Engine):
    kept: Kept[list[str]] = Kept(2)
    store(engine, "labs", [{"id": "a"}], [HERE])
    with reading(engine) as connection:
        layer = read_layer(connection, "labs")
        first, second = _made(connection, kept, layer, "first"), _made(connection, kept, layer, "second")
        assert _made(connection, kept, layer, "first") is first
        _made(connection, kept, layer, "third")
        assert _made(connection, kept, layer, "first") is first
        assert _made(connection, kept, layer, "second") is not second


def test_land_that_changed_is_read_anew(engine: Engine):
    store(engine, "industrial_land", [{"id": "a", "land_class": "M3", "area_ha": 2}], [HERE])
    with reading(engine) as connection:
        layers = [read_layer(connection, "industrial_land")]
        before = kept_grounds(connection, layers, land_class="M3", synthetic=False)
        assert kept_grounds(connection, layers, land_class="M3", synthetic=False) is before
        assert len(kept_grounds(connection, layers, land_class="M1", synthetic=False)) == 0
    store(engine, "industrial_land", [{"id": "a", "land_class": "M3", "area_ha": 3}], [HERE])
    with reading(engine) as connection:
        layers = [read_layer(connection, "industrial_land")]
        after = kept_grounds(connection, layers, land_class="M3", synthetic=False)
    assert np.array_equal((before.own_ha, after.own_ha), ([2], [3]))
    assert keeps(layers)
    assert layers[0].feature_count < MOST_KEPT
