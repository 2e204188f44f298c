"""A layer as a GeoDataFrame holds what the feed holds, on both engines."""

import json

import geopandas
import pytest
from sqlalchemy import Engine

from bioplan_gis.storage.database import reading
from bioplan_gis.storage.frames import read_frame
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import read_layer


@pytest.mark.parametrize("layer_id", ["labs", "districts", "industrial_land"])
def test_a_frame_holds_what_the_feed_holds(loaded: Engine, layer_id: str) -> None:
    with reading(loaded) as connection:
        layer = read_layer(connection, layer_id)
        frame = read_frame(connection, layer)
        features = json.loads(read_collection(connection, layer))["features"]
    assert isinstance(frame, geopandas.GeoDataFrame)
    assert frame.crs.to_epsg() == 4490
    assert list(frame.index) == [feature["id"] for feature in features]
    assert list(frame["name_zh"]) == [feature["properties"]["name_zh"] for feature in features]
    assert list(frame.geometry.isna()) == [feature["geometry"] is None for feature in features]
    assert list(frame["citations"]) == [feature["properties"]["citations"] for feature in features]


def test_a_table_without_geometry_is_a_plain_frame(loaded: Engine) -> None:
    with reading(loaded) as connection:
        policies = read_frame(connection, read_layer(connection, "policies"))
    assert not isinstance(policies, geopandas.GeoDataFrame)
    assert policies["in_force"].notna().all()


def test_areas_agree_with_the_published_sum(loaded: Engine) -> None:
    with reading(loaded) as connection:
        districts = read_frame(connection, read_layer(connection, "districts"))
    hangzhou = districts[districts["scope"] == "hangzhou"]
    assert isinstance(hangzhou, geopandas.GeoDataFrame)
    assert len(hangzhou) == 13
    assert hangzhou.to_crs(4549).area.sum() / 1e6 == pytest.approx(16_850, rel=0.005)
