"""True distances and areas, and what is known of a position, on both engines."""

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, func, select

from bioplan_gis.crs import GEOD
from bioplan_gis.storage.database import reading
from bioplan_gis.storage.layers import read_layer
from bioplan_gis.storage.measures import (
    box_around,
    lands,
    read_extents,
    read_lands,
    read_place,
    read_places,
    read_shapes,
)
from bioplan_gis.storage.spatial import metres_between, square_metres
from bioplan_gis.storage.tables import METADATA
from drafts import draft, store

ORIGIN = shapely.Point(120.15, 30.27)
WITHIN_M = 20_000
DISTRICT = shapely.MultiPolygon([shapely.box(120, 30, 120.1, 30.1)])


def _scattered(count: int) -> np.ndarray:
    generator = np.random.default_rng(20241122)
    return np.column_stack([generator.uniform(119.8, 120.5, count), generator.uniform(30, 30.6, count)]).round(7)


def _geodesics_m(coordinates: np.ndarray) -> np.ndarray:
    starts = np.broadcast_to([ORIGIN.x, ORIGIN.y], coordinates.shape)
    return GEOD.inv(starts[:, 0], starts[:, 1], coordinates[:, 0], coordinates[:, 1])[2]


@pytest.fixture
def parcels(engine: Engine) -> tuple[Engine, dict[str, float]]:
    """500 points, every tenth made up and every seventh of another class; the geodesic distance of each M3 one."""
    coordinates = _scattered(500)
    records = [
        {"id": f"p{number}", "land_class": "M1" if number % 7 == 0 else "M3", "synthetic": number % 10 == 0}
        for number in range(len(coordinates))
    ]
    store(engine, "industrial_land", records, shapely.points(coordinates))
    distances_m = _geodesics_m(coordinates)
    return engine, {record["id"]: distances_m[number] for number, record in enumerate(records) if number % 7}


def test_a_box_asks_the_spatial_index_and_loses_nothing_within_the_distance(parcels):
    engine, distances_m = parcels
    box = box_around(ORIGIN, WITHIN_M)
    with reading(engine) as connection:
        layer = read_layer(connection, "industrial_land")
        found = read_lands(connection, layer, land_class="M3", box=box, vaguer_m=1000)
        everything = read_lands(connection, layer, land_class="M3")
        ids = {place.id for place in read_places(connection, layer, found.keys)}
        if engine.dialect.name == "sqlite":
            statement, _ = lands(layer, box=box, vaguer_m=1000)
            plan = statement.compile(engine, compile_kwargs={"literal_binds": True})
            assert "VIRTUAL TABLE INDEX" in str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {plan}").all())
    assert ids >= {key for key, metres in distances_m.items() if metres <= WITHIN_M and int(key[1:]) % 10}
    assert len(found.keys) < len(everything.keys)


def test_a_box_keeps_what_has_no_position_or_a_vague_one(engine: Engine):
    records = [{"id": "here"}, {"id": "far"}, {"id": "vague", "accuracy_m": 5000}, {"id": "nowhere"}]
    far = shapely.Point(121, 31)
    store(engine, "industrial_land", records, [ORIGIN, far, far, None])
    with reading(engine) as connection:
        layer = read_layer(connection, "industrial_land")
        found = read_lands(connection, layer, box=box_around(ORIGIN, 100), vaguer_m=1000)
        assert [place.id for place in read_places(connection, layer, found.keys)] == ["here", "vague", "nowhere"]


def test_areas_agree_with_the_ellipsoid(engine: Engine):
    store(engine, "industrial_land", [{"id": "a"}], [shapely.box(120, 30, 120.01, 30.01)])
    table = METADATA.tables["industrial_land"]
    with reading(engine) as connection:
        area = connection.execute(select(square_metres(table.c.geom))).scalar_one()
    expected = GEOD.geometry_area_perimeter(shapely.box(120, 30, 120.01, 30.01))[0]
    assert area == pytest.approx(expected, rel=1e-5)


def test_distance_to_nowhere_is_null(engine: Engine):
    store(engine, "industrial_land", [{"id": "a"}])
    table = METADATA.tables["industrial_land"]
    with reading(engine) as connection:
        statement = select(metres_between(table.c.geom, func.ST_GeomFromWKB(ORIGIN.wkb, 4490)))
        assert connection.execute(statement).scalar_one() is None


def test_lands_are_of_their_class_and_real(parcels):
    engine, _ = parcels
    with reading(engine) as connection:
        layer = read_layer(connection, "industrial_land")
        keys = read_lands(connection, layer, land_class="M3").keys
        named = read_places(connection, layer, keys)
        assert {place.facts["land_class"] for place in named} == {"M3"}
        assert len(named) == len(keys) > 0
        assert len(read_lands(connection, layer).keys) == 450
        assert len(read_lands(connection, layer, synthetic=True).keys) == 500


def test_land_is_read_as_arrays_of_what_decides(engine: Engine):
    store(engine, "districts", [{"id": "330106", "accuracy_m": 500}], [DISTRICT])
    records = [
        {"id": "a", "accuracy_m": 20, "area_ha": 3.5, "park_area_ha": 100},
        {"id": "b", "district": "330106", "park_area_ha": 50},
        {"id": "c"},
    ]
    store(engine, "industrial_land", records, [shapely.Point(120.2, 30.2), None, None])
    with reading(engine) as connection:
        layer = read_layer(connection, "industrial_land")
        found = read_lands(connection, layer)
        extents = read_extents(connection, layer, found.keys[::-1])
    assert np.array_equal(found.bounds[0], [120.2, 30.2, 120.2, 30.2])
    assert np.isnan(found.bounds[1:]).all()
    assert found.accuracy_m.tolist() == [20, 0, 0]
    assert extents.positioned.tolist() == [False, False, True]
    assert extents.accuracy_m.tolist() == [0, 500, 20]
    assert extents.shapes[0] is None
    assert extents.shapes[1].equals(DISTRICT)
    assert np.array_equal(found.own_ha, [3.5, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(found.frame_ha, [100, 50, np.nan], equal_nan=True)


def test_no_land_at_all(engine: Engine):
    store(engine, "industrial_land", [])
    with reading(engine) as connection:
        assert read_lands(connection, read_layer(connection, "industrial_land")).keys.tolist() == []


def test_boxes_are_those_of_the_shapes(engine: Engine):
    squares = [shapely.box(x, y, x + 0.01, y + 0.02) for x, y in _scattered(20)]
    store(engine, "industrial_land", [{"id": str(number)} for number in range(20)], squares)
    with reading(engine) as connection:
        layer = read_layer(connection, "industrial_land")
        found = read_lands(connection, layer)
        assert np.array_equal(found.bounds, shapely.bounds(read_shapes(connection, layer)))
        assert np.array_equal(found.bounds, shapely.bounds(squares))


def test_a_place_knows_its_position_or_its_district_or_neither(engine: Engine):
    store(engine, "districts", [{"id": "330106", "accuracy_m": 500}], [DISTRICT])
    records = [
        {"id": "found", "name_zh": "甲", "name_en": "Jia", "district": "330106", "accuracy_m": 250, "aliases": ["乙"]},
        {"id": "in district", "district": "330106"},
        {"id": "nowhere"},
    ]
    store(engine, "labs", records, [shapely.Point(120.05, 30.05), None, None])
    with reading(engine) as connection:
        labs = read_layer(connection, "labs")
        found, in_district, nowhere = (read_place(connection, labs, record["id"]) for record in records)
        assert read_place(connection, labs, "no such lab") is None
    assert (found.name_zh, found.name_en, found.layer_id, found.facts["aliases"]) == ("甲", "Jia", "labs", ["乙"])
    assert (found.extent.shape, found.extent.accuracy_m, found.extent.positioned) == (
        shapely.Point(120.05, 30.05), 250, True,
    )  # fmt: skip
    assert in_district.extent.shape.equals(DISTRICT)
    assert (in_district.extent.accuracy_m, in_district.extent.positioned) == (500, False)
    assert nowhere.extent is None


def test_statements_can_be_read_without_a_database():
    layer = draft("industrial_land")
    assert "industrial_land.synthetic IS NOT true" in str(lands(layer, land_class="M3")[0].whereclause)
    assert "land_class" not in str(lands(layer)[0].whereclause)
