"""Cells that stand for features that are too many for a tile: none is lost, and none counted twice."""

from collections import Counter

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text

from bioplan_gis.crs import area_m2
from bioplan_gis.storage.database import reading, writing
from bioplan_gis.storage.layers import read_layer
from bioplan_gis.storage.overviews import renew_overviews
from bioplan_gis.tiling import EXTENT, limits
from databases import copied, opened
from imported import plain, put
from tiles import LAT, LON, Drawn, at, body_of, decoded, in_units, square, tile_of

CROWD = 16_000
PLOT = 0.0004


@pytest.fixture(scope="module")
def places() -> np.ndarray:
    """Where a crowd stands: thick in town, thin around it, twenty on the same spot."""
    random = np.random.default_rng(20240701)
    spread = random.standard_normal((CROWD, 2)) * np.where(random.random((CROWD, 1)) < 0.7, 0.03, 0.2)
    spread[:20] = 0
    return spread + np.array([LON, LAT])


def _firms(engine: Engine, places: np.ndarray) -> None:
    records = [{"id": f"f{each}", "name": f"Firm {each}"} for each in range(len(places))]
    put(engine, plain("firms", "企业", "POINT", {"name": "text"}), records, shapely.points(places))


def _plots(engine: Engine, places: np.ndarray) -> None:
    records = [
        {"id": f"p{each}", "land_class": f"M{1 + each % 3}" if each % 5 else None} for each in range(len(places))
    ]
    boxes = shapely.box(*places.T, *(places + PLOT).T)
    put(engine, plain("plots", "地块", "POLYGON", {"land_class": "text"}), records, boxes)


def _class_of(each: int) -> str | None:
    return f"M{1 + each % 3}" if each % 5 else None


def _renew(engine: Engine) -> None:
    with writing(engine) as connection:
        renew_overviews(connection)


def _zoom(engine: Engine, layer_id: str, zoom: int) -> dict[tuple[int, int], list[Drawn]]:
    """All tiles of a zoom that a layer reaches into."""
    with reading(engine) as connection:
        bbox = read_layer(connection, layer_id).bbox
    first_row, last_row, first_col, last_col = limits(bbox, zoom)
    wanted = [(row, col) for row in range(first_row, last_row + 1) for col in range(first_col, last_col + 1)]
    return {place: decoded(body_of(engine, layer_id, zoom, *place), layer_id) for place in wanted}


@pytest.mark.parametrize("renewed", [True, False], ids=["overviews", "made when asked for"])
def test_no_feature_is_lost_or_counted_twice_at_any_zoom(engine: Engine, places: np.ndarray, *, renewed):
    _firms(engine, places)
    if renewed:
        _renew(engine)
    for zoom in (0, 6, 8, 10):
        owners = [at(zoom, *place) for place in places.tolist()]
        tiles = _zoom(engine, "firms", zoom)
        aggregated = {place for place, tile in tiles.items() if any("count" in one.properties for one in tile)}
        assert aggregated
        assert not renewed or zoom > 8 or aggregated == {place for place, tile in tiles.items() if tile}
        counts = Counter(owners)
        for place in aggregated:
            assert sum(one.properties["count"] for one in tiles[place]) == counts[place]
            assert all(0 < one.shape.x < EXTENT and 0 < one.shape.y < EXTENT for one in tiles[place])
        ids = {place: {one.properties.get("id") for one in tile} for place, tile in tiles.items()}
        for each, owner in enumerate(owners):
            assert owner in aggregated or f"f{each}" in ids[owner]


@pytest.mark.parametrize("renewed", [True, False], ids=["overviews", "made when asked for"])
def test_cells_count_nothing_that_lies_beyond_mercator(engine: Engine, places: np.ndarray, *, renewed):
    moved = places + np.array([0, 85.0511287798066 - LAT])
    _firms(engine, moved)
    if renewed:
        _renew(engine)
    inside = int((moved[:, 1] <= 85.0511287798066).sum())
    assert 0 < inside < CROWD
    (tile,) = _zoom(engine, "firms", 0).values()
    assert sum(one.properties["count"] for one in tile) == inside


def test_both_engines_decide_alike_which_tiles_are_of_cells(upgraded_url, request, tmp_path):
    """Light outlines, whose headers in a GeoPackage would weigh a fifth, as many as just fit by their vertices."""
    corners = np.random.default_rng(7).normal((LON, LAT), 0.0001, (6500, 2))
    types = {"名称": "text"}
    records = [{"id": f"p{each}", "名称": f"第 {each} 号"} for each in range(len(corners))]
    found = []
    for kind in ("gpkg", "postgis"):
        with copied(request, upgraded_url(kind), tmp_path) as url:
            for engine in opened(url):
                boxes = shapely.box(*corners.T, *(corners + PLOT).T)
                put(engine, plain("plots", "地块", "POLYGON", types), records, boxes)
                _renew(engine)
                with reading(engine) as connection:
                    made = connection.execute(text("SELECT id, body FROM overviews WHERE layer = 'plots'")).all()
                tiles = {place: len(tile) for place, tile in _zoom(engine, "plots", 9).items()}
                found.append(({row.id: bytes(row.body) for row in made}, tiles))
    assert found[0] == found[1]


def test_an_overview_is_what_would_be_made_when_asked_for(engine: Engine, places: np.ndarray):
    _plots(engine, places)
    wanted = [(zoom, *at(zoom, LON, LAT)) for zoom in (0, 5, 6, 7)]
    before = [body_of(engine, "plots", *place) for place in wanted]
    _renew(engine)
    with reading(engine) as connection:
        made = connection.execute(text("SELECT count(*) FROM overviews WHERE layer = 'plots'")).scalar()
    assert made > 4
    assert [body_of(engine, "plots", *place) for place in wanted] == before


def test_cells_say_what_they_stand_for(engine: Engine, places: np.ndarray):
    """Against a count by hand, by PROJ's Mercator and the geodesic area."""
    _plots(engine, places)
    _renew(engine)
    zoom, (row, col) = 7, at(7, LON, LAT)
    cells = decoded(body_of(engine, "plots", zoom, row, col), "plots")
    middles = places + PLOT / 2
    units = shapely.get_coordinates(in_units(shapely.multipoints(middles), zoom, row, col))
    inside = ((units >= 0) & (units < EXTENT)).all(axis=1)
    side = cells[0].shape.bounds[2] - cells[0].shape.bounds[0]
    owners = [tuple(each) for each in np.floor(units[inside] / side).astype(int).tolist()]
    classes = [_class_of(each) for each in np.flatnonzero(inside)]
    counted = Counter(owners)
    assert {_cell(one, side): one.properties["count"] for one in cells} == counted
    area = area_m2(square(side=PLOT))
    held = {owner: Counter() for owner in counted}
    for owner, of in zip(owners, classes, strict=True):
        held[owner][of] += of is not None
    for one in cells:
        assert one.properties["aggregated"] is True
        assert one.properties["area_m2"] == pytest.approx(area * one.properties["count"], rel=0.02)
        within = +held[_cell(one, side)]
        assert within[one.properties.get("land_class")] == max(within.values(), default=0)
    total = sum(one.properties["area_m2"] for one in cells)
    assert total == pytest.approx(sum(area_m2(square(*place, PLOT)) for place in places[inside]), rel=1e-3)


def _cell(feature: Drawn, side: float) -> tuple[int, int]:
    west, north, east, south = feature.shape.bounds
    assert (east - west, south - north) == (side, side)
    return int(west // side), int(north // side)


def test_features_on_one_spot_are_counted_at_every_zoom(engine: Engine):
    """As firms are whose addresses were found by their district only."""
    _firms(engine, np.full((CROWD, 2), (LON, LAT)))
    for zoom in (12, 18, 24):
        (cell,) = tile_of(engine, "firms", zoom)
        assert cell.properties == {"aggregated": True, "count": CROWD}


def test_values_that_weigh_too_much_are_counted_instead(engine: Engine):
    columns = {f"column {each}": "text" for each in range(10)}
    records = [{"id": str(each)} | {name: f"{name} {each} " * 10 for name in columns} for each in range(600)]
    shapes = shapely.points(np.linspace(LON, LON + 0.05, 600), LAT)
    put(engine, plain("wordy", "长", "POINT", columns), records, shapes)
    cells = tile_of(engine, "wordy", 9)
    assert sum(one.properties["count"] for one in cells) == 600
    assert all("aggregated" not in one.properties for one in tile_of(engine, "wordy", 15))


def test_outlines_that_weigh_too_much_are_simplified(engine: Engine):
    """Coasts of 4,000 bends each, every one of them larger than a unit and smaller than a pixel."""
    turns = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    radius = 1 + 0.004 * (-1) ** np.arange(4000)
    coast = np.column_stack([np.cos(turns), np.sin(turns)]) * radius[:, None]
    coasts = [shapely.Polygon(coast * 0.15 + np.array([LON, LAT])) for _ in range(60)]
    put(engine, plain("coasts", "岸", "POLYGON", {}), [{"id": str(each)} for each in range(60)], coasts)
    row, col = at(9, LON, LAT)
    drawn = decoded(body_of(engine, "coasts", 9, row, col), "coasts")
    held = shapely.box(0, 0, EXTENT, EXTENT)
    assert sorted(int(one.properties["id"]) for one in drawn) == list(range(60))
    for one in drawn[:3]:
        expected = in_units(coasts[0], 9, row, col).intersection(held)
        assert shapely.hausdorff_distance(one.shape.intersection(held), expected, densify=0.5) < 20


def test_overviews_go_with_their_layer(engine: Engine, places: np.ndarray):
    _firms(engine, places)
    _renew(engine)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM layers WHERE id = 'firms'"))
        renew_overviews(connection)
        assert connection.execute(text("SELECT count(*) FROM overviews WHERE layer = 'firms'")).scalar() == 0


def test_overviews_of_an_older_state_are_never_read(engine: Engine, places: np.ndarray):
    _firms(engine, places)
    _renew(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE overviews SET digest = 'older'"))
    assert tile_of(engine, "firms", 0)
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM firms WHERE fid > 10"))
    assert len(tile_of(engine, "firms", 0)) == 10
