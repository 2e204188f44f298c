"""True distances and areas, and what is known of a position, on both engines."""

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, func, select, text

from bioplan_gis.crs import GEOD
from bioplan_gis.storage.database import reading
from bioplan_gis.storage.measures import lands, lands_near, read_lands, read_place, read_places
from bioplan_gis.storage.spatial import metres_between, square_metres
from bioplan_gis.storage.tables import METADATA
from drafts import store

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


def test_near_land_is_found_by_true_distance(parcels):
    engine, distances_m = parcels
    expected = {key: m for key, m in distances_m.items() if m <= WITHIN_M and int(key[1:]) % 10}
    with reading(engine) as connection:
        found = connection.execute(lands_near(ORIGIN, WITHIN_M, land_class="M3", limit=1000)).all()
    assert {row.id for row in found} == expected.keys()
    assert max(abs(row.distance_m - expected[row.id]) for row in found) < 0.001
    assert [row.distance_m for row in found] == sorted(row.distance_m for row in found)


def test_near_land_has_a_limit_and_made_up_land_only_when_asked_for(parcels):
    engine, distances_m = parcels
    nearest = sorted(distances_m, key=distances_m.get)[:5]
    with reading(engine) as connection:
        statement = lands_near(ORIGIN, WITHIN_M, land_class="M3", limit=5, synthetic=True)
        assert [row.id for row in connection.execute(statement)] == nearest


def test_near_land_uses_the_spatial_index(parcels):
    engine, _ = parcels
    statement = lands_near(ORIGIN, 500).compile(engine, compile_kwargs={"render_postcompile": True})
    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(statement.params.values()))
            assert "VIRTUAL TABLE INDEX" in str(plan.all())
            return
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", statement.params)
        assert "idx_industrial_land_geom" in str(plan.all())


def test_distances_to_shapes_agree_with_the_geodesic_to_half_a_metre(engine: Engine):
    """Distance to a square's nearest edge or corner, against pyproj to points set densely along its outline."""
    squares = [shapely.box(x, y, x + 0.01, y + 0.01) for x, y in _scattered(60)]
    store(engine, "industrial_land", [{"id": str(number)} for number in range(60)], squares)
    with reading(engine) as connection:
        rows = connection.execute(lands_near(ORIGIN, WITHIN_M, limit=60)).all()
    assert len(rows) > 10
    for row in rows:
        outline = shapely.get_coordinates(shapely.segmentize(squares[int(row.id)].exterior, 0.00001))
        inside = squares[int(row.id)].covers(ORIGIN)
        assert row.distance_m == pytest.approx(0 if inside else _geodesics_m(outline).min(), abs=0.5)


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
        ids = read_lands(connection, land_class="M3").ids
        named = read_places(connection, "industrial_land", ids)
        assert {place.facts["land_class"] for place in named.values()} == {"M3"}
        assert len(named) == len(ids) > 0
        assert len(read_lands(connection).ids) == 450
        assert len(read_lands(connection, synthetic=True).ids) == 500


def test_land_is_read_as_arrays_of_what_decides(engine: Engine):
    store(engine, "districts", [{"id": "330106", "accuracy_m": 500}], [DISTRICT])
    records = [
        {"id": "a", "accuracy_m": 20, "area_ha": 3.5, "park_area_ha": 100},
        {"id": "b", "district": "330106", "park_area_ha": 50},
        {"id": "c"},
    ]
    store(engine, "industrial_land", records, [shapely.Point(120.2, 30.2), None, None])
    with reading(engine) as connection:
        found = read_lands(connection)
    assert found.ids == ("a", "b", "c")
    assert found.extents.positioned.tolist() == [True, False, False]
    assert found.extents.accuracy_m.tolist() == [20, 500, 0]
    assert found.extents.shapes[1].equals(DISTRICT)
    assert found.extents.shapes[2] is None
    assert np.array_equal(found.own_ha, [3.5, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(found.frame_ha, [100, 50, np.nan], equal_nan=True)


def test_no_land_at_all(engine: Engine):
    with reading(engine) as connection:
        assert read_lands(connection).ids == ()


def test_a_place_knows_its_position_or_its_district_or_neither(engine: Engine):
    store(engine, "districts", [{"id": "330106", "accuracy_m": 500}], [DISTRICT])
    records = [
        {"id": "found", "name_zh": "甲", "name_en": "Jia", "district": "330106", "accuracy_m": 250, "aliases": ["乙"]},
        {"id": "in district", "district": "330106"},
        {"id": "nowhere"},
    ]
    store(engine, "labs", records, [shapely.Point(120.05, 30.05), None, None])
    with reading(engine) as connection:
        found, in_district, nowhere = (read_place(connection, "labs", record["id"]) for record in records)
        assert read_place(connection, "labs", "no such lab") is None
    assert (found.name_zh, found.name_en, found.layer_id, found.facts["aliases"]) == ("甲", "Jia", "labs", ["乙"])
    assert (found.extent.shape, found.extent.accuracy_m, found.extent.positioned) == (
        shapely.Point(120.05, 30.05), 250, True,
    )  # fmt: skip
    assert in_district.extent.shape.equals(DISTRICT)
    assert (in_district.extent.accuracy_m, in_district.extent.positioned) == (500, False)
    assert nowhere.extent is None


def test_statements_can_be_read_without_a_database():
    assert "industrial_land.synthetic IS NOT true" in str(lands(land_class="M3"))
    assert "land_class" not in str(lands().whereclause)
