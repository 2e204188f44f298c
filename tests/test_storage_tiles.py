"""Vector tiles: strict, true to the features on both engines, and never too heavy."""

import datetime as dt
import json
from typing import Any

import pytest
import shapely
from sqlalchemy import Engine, text

from bioplan_gis.storage.database import reading, writing
from bioplan_gis.storage.layers import read_layer, read_layers
from bioplan_gis.storage.tiles import TileBytes, TileQuestion, read_tile
from bioplan_gis.tiling import EXTENT, Tile
from databases import opened
from drafts import store
from tiles import LAT, LON, Drawn, at, body_of, box_of, decoded, in_units, square, tile_of
from typed_layers import store_parcels


def test_a_feature_has_its_key_its_id_and_every_value(engine: Engine):
    record = {
        "id": "西湖-1", "地块编号": '“甲”\\ "乙"\n', "面积（亩）": 12.5, "户数": -7, "已出让": False,
        "出让日期": dt.date(2024, 2, 29), "开市": "09:30:00",
        "登记时间": dt.datetime.fromisoformat("2024-02-29T08:00:00.000005"),
        "更新": dt.datetime(2024, 2, 29, 8, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        "细分领域": ["甲 : , 乙", 'b"c\\ , d', ""], "指标": {"容积率": [1, 2.5]},
    }  # fmt: skip
    if engine.dialect.name == "postgresql":
        record["开市"] = dt.time(9, 30)
    store_parcels(engine, [{"id": "bare"}, record], [square(), square()])
    bare, full = sorted(tile_of(engine, "地块", 12), key=lambda one: one.key)
    assert (bare.key, bare.properties) == (1, {"id": "bare"})
    assert (full.key, full.properties.pop("细分领域")) == (2, '["甲 : , 乙","b\\"c\\\\ , d",""]')
    assert full.properties.pop("指标") == '{"容积率":[1,2.5]}'
    assert full.properties.pop("已出让") is False
    assert full.properties == {
        "id": "西湖-1", "地块编号": '“甲”\\ "乙"\n', "面积（亩）": 12.5, "户数": -7, "出让日期": "2024-02-29",
        "开市": "09:30:00", "登记时间": "2024-02-29T08:00:00.000005", "更新": "2024-02-29T00:00:00.000000Z",
    }  # fmt: skip


def test_numbers_that_json_does_not_know_are_left_out(engine: Engine):
    store(engine, "parks", [{"id": "a", "area_ha": 1.0}], [square()])
    infinite = {"sqlite": "9e999", "postgresql": "'inf'"}[engine.dialect.name]
    with writing(engine) as connection:
        connection.execute(text(f"UPDATE parks SET area_ha = {infinite}"))  # noqa: S608
    (feature,) = tile_of(engine, "parks", 12)
    assert feature.properties == {"id": "a"}


HELD = shapely.box(-64, -64, EXTENT + 64, EXTENT + 64)
SHAPES = {
    "point": shapely.Point(LON, LAT),
    "points": shapely.MultiPoint([(LON, LAT), (LON + 0.02, LAT + 0.01)]),
    "line": shapely.LineString([(LON, LAT), (LON + 0.02, LAT + 0.01), (LON + 0.03, LAT)]),
    "lines": shapely.MultiLineString([[(LON, LAT), (LON + 0.02, LAT)], [(LON, LAT + 0.01), (LON + 0.02, LAT + 0.01)]]),
    "square": square(),
    "ring": square(side=0.03).difference(square(LON + 0.01, LAT + 0.01)),
    "islands": shapely.MultiPolygon([square(), square(LON + 0.02)]),
    "beyond": square(LON - 3, LAT - 3, 7),
    "clockwise": shapely.Polygon(list(square().exterior.coords)[::-1]),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("zoom", [9, 12, 14])
def test_a_shape_is_where_proj_puts_it(engine: Engine, name: str, zoom: int):
    store(engine, "zones", [{"id": name}], [SHAPES[name]])
    row, col = at(zoom, LON, LAT)
    (feature,) = tile_of(engine, "zones", zoom)
    expected = in_units(SHAPES[name], zoom, row, col).intersection(HELD)
    assert feature.shape.geom_type.removeprefix("Multi") == expected.geom_type.removeprefix("Multi")
    assert shapely.hausdorff_distance(feature.shape, expected, densify=0.1) < 2


def test_a_collection_is_drawn_by_its_widest_part(engine: Engine):
    store(engine, "zones", [{"id": "a"}], [shapely.GeometryCollection([shapely.Point(LON, LAT), square()])])
    (feature,) = tile_of(engine, "zones", 12)
    assert feature.shape.geom_type == "Polygon"


def test_what_has_no_place_is_in_notile_of(engine: Engine):
    shapes = [None, shapely.Point(), shapely.Polygon(), shapely.Point(LON, LAT)]
    store(engine, "zones", [{"id": str(at)} for at in range(4)], shapes)
    assert [feature.properties["id"] for feature in tile_of(engine, "zones", 0)] == ["3"]
    assert tile_of(engine, "zones", 12, LON + 3) == []


def test_a_box_that_meets_a_tile_is_no_shape_in_it(engine: Engine):
    """A line that goes around the corner of a tile, and an area that does."""
    _, south, east, _ = box_of(12, *at(12, LON, LAT))
    around = [(east - 0.01, south - 0.05), (east + 0.05, south - 0.05), (east + 0.05, south + 0.01)]
    store(engine, "zones", [{"id": "a"}, {"id": "b"}], [shapely.LineString(around), shapely.Polygon(around)])
    assert tile_of(engine, "zones", 12) == []


@pytest.mark.parametrize("zoom", [0, 1, 5, 9, 14, 18])
def test_points_on_edges_and_corners_are_seen(engine: Engine, zoom: int):
    row, col = at(zoom, LON, LAT)
    west, south, east, north = box_of(zoom, row, col)
    corners = [(west, north), (east, north), (east, south), (west, south), (west, (north + south) / 2)]
    store(engine, "towns", [{"id": str(each)} for each in range(5)], [shapely.Point(each) for each in corners])
    found = tile_of(engine, "towns", zoom)
    assert sorted(feature.properties["id"] for feature in found) == list("01234")
    for feature in found:
        assert {0, EXTENT} & {feature.shape.x, feature.shape.y}


@pytest.mark.parametrize("zoom", [3, 6, 9])
def test_nothing_is_too_small_to_be_seen(engine: Engine, zoom: int):
    """A hut, a lane and a ditch of 20 km that is a metre wide: none of them fits a unit of these zooms."""
    ditch = shapely.Polygon([(LON, LAT), (LON + 0.2, LAT + 0.1), (LON + 0.2, LAT + 0.10001), (LON, LAT + 0.00001)])
    lane = shapely.LineString([(LON, LAT), (LON + 0.0001, LAT)])
    store(engine, "zones", [{"id": str(each)} for each in range(3)], [square(side=0.0001), lane, ditch])
    hut, path, long = sorted(tile_of(engine, "zones", zoom), key=lambda one: one.key)
    row, col = at(zoom, LON, LAT)
    place = in_units(shapely.Point(LON, LAT), zoom, row, col)
    assert (hut.shape.geom_type, path.shape.geom_type, long.shape.geom_type) == ("Polygon", "LineString", "Polygon")
    assert 49 <= hut.shape.area <= 81
    assert 7 <= path.shape.length <= 9
    for shape in (hut.shape, path.shape):
        assert shapely.hausdorff_distance(shape.centroid, place) < 2
    course = in_units(ditch, zoom, row, col).intersection(HELD)
    assert shapely.hausdorff_distance(long.shape, course, densify=0.1) < 8


def test_shapes_at_the_ends_of_the_world_are_cut_where_mercator_ends(engine: Engine):
    world, corner = shapely.box(-180, -90, 180, 90), shapely.box(-180, 60, -170, 90)
    shapes = [world, shapely.Point(180, 0), shapely.Point(0, 90), corner]
    store(engine, "zones", [{"id": str(each)} for each in range(4)], shapes)
    found = {feature.properties["id"]: feature.shape for feature in decoded(body_of(engine, "zones", 0, 0, 0), "zones")}
    assert found["0"].bounds == pytest.approx((-64, 0, EXTENT + 64, EXTENT), abs=64)
    assert (found["1"].x, found["1"].y) == (EXTENT, EXTENT / 2)
    assert found["3"].bounds[1] <= 0
    assert decoded(body_of(engine, "zones", 5, 0, 16), "zones")


BEYOND = {
    "near": shapely.Point(179.9999999, 85.2),
    "south": shapely.Point(0, -85.0511288),
    "pole": shapely.Point(0, 90),
    "other pole": shapely.Point(0, -90),
    "line": shapely.LineString([(-10, 86), (10, 86)]),
    "area": shapely.box(-180, 85.06, 180, 90),
}


def test_what_lies_wholly_beyond_mercator_is_in_no_tile(engine: Engine):
    rim = {"rim": shapely.Point(10, 85.0511), "pair": shapely.MultiPoint([(0, 86), (20, 85)])}
    for named in (BEYOND, rim):
        store(engine, "zones", [{"id": name} for name in named], list(named.values()))
        for zoom in (0, 1, 2, 6):
            last = 2**zoom - 1
            places = [(row, col) for row in {0, last} for col in range(2**zoom)]
            found = [one for place in places for one in decoded(body_of(engine, "zones", zoom, *place), "zones")]
            assert {one.properties["id"] for one in found} == named.keys() - BEYOND.keys()
            assert {one.shape.geom_type for one in found} <= {"Point"}


def test_some_columns_and_some_features(engine: Engine):
    records = [{"id": f"{each}", "kind": "园", "area_ha": float(each)} for each in range(4)]
    store(engine, "parks", records, [square()] * 4)
    with reading(engine) as connection:
        table = read_layer(connection, "parks").table
    found = tile_of(engine, "parks", 12, where=(table.c.area_ha > 1,), properties=("area_ha",))
    assert [feature.properties for feature in found] == [{"id": "2", "area_ha": 2.0}, {"id": "3", "area_ha": 3.0}]


def test_a_tile_that_is_held_is_not_read_again(engine: Engine):
    store(engine, "towns", [{"id": "a"}], [shapely.Point(LON, LAT)])
    with reading(engine) as connection:
        layer = read_layer(connection, "towns")
        tile = Tile(0, 0, 0)
        assert read_tile(connection, layer, tile, TileQuestion(held=layer.digest)) == TileBytes(layer.digest, None)
        assert read_tile(connection, layer, tile, TileQuestion(held="other")).body


def test_a_layer_that_changed_meanwhile_is_not_drawn_by_its_old_description(engine: Engine):
    store(engine, "towns", [{"id": "a"}], [shapely.Point(LON, LAT)])
    with reading(engine) as connection:
        old = read_layer(connection, "towns")
    store(engine, "towns", [{"id": "b"}], [shapely.Point(LON, LAT)])
    with reading(engine) as connection:
        found = read_tile(connection, old, Tile(0, 0, 0))
        assert found == TileBytes(read_layer(connection, "towns").digest, None)


def test_both_engines_draw_the_same(loaded_url):
    for gpkg, postgis in zip(opened(loaded_url("gpkg")), opened(loaded_url("postgis")), strict=True):
        with reading(gpkg) as one, reading(postgis) as other:
            for layer, twin in zip(read_layers(one), read_layers(other), strict=True):
                for zoom in (4, 7, 9, 11) if layer.geometry_type else ():
                    for place in ((LON, LAT), (120.62, 31.3)):
                        tile = Tile(zoom, *at(zoom, *place))
                        bodies = read_tile(one, layer, tile).body, read_tile(other, twin, tile).body
                        _require_alike(*(decoded(body, layer.id) for body in bodies))


def _require_alike(ours: list[Drawn], theirs: list[Drawn]) -> None:
    ours, theirs = (sorted(each, key=lambda one: one.key) for each in (ours, theirs))
    assert [(one.key, _plain(one.properties)) for one in ours] == [(one.key, _plain(one.properties)) for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        kinds = {each.shape.geom_type.removeprefix("Multi") for each in (one, other)}
        assert len(kinds) == 1
        if one.shape.area:
            # Half a unit to either side of the outline; spits that a unit has no room for hardly weigh.
            assert one.shape.symmetric_difference(other.shape).area <= other.shape.length, one.properties["id"]
        elif kinds == {"Point"}:
            assert shapely.hausdorff_distance(one.shape, other.shape) <= 2, one.properties["id"]
        else:
            # An end that reaches a few units into the margin may be a line on one grid and a point on the other.
            for mine, its in ((one.shape, other.shape), (other.shape, one.shape)):
                assert mine.difference(its.buffer(3)).length <= 30, one.properties["id"]


def _plain(properties: dict[str, Any]) -> dict[str, Any]:
    """JSON texts as what they say: PostgreSQL writes blanks into them."""
    return {
        name: json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value
        for name, value in properties.items()
    }
