"""Judging by bounding boxes gives what judging every shape would, on both databases."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from bioplan_gis import grounds
from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.crs import distances_m
from bioplan_gis.extents import Extent
from bioplan_gis.grounds import balls_around, distance_bounds_m
from bioplan_gis.loading import load
from bioplan_gis.selection import Answer, select_sites
from bioplan_gis.settings import bundled
from bioplan_gis.siting.conditions import Clearance
from bioplan_gis.storage.database import reading
from bioplan_gis.subjects import Question
from imported import conforming, put

ORIGIN = shapely.Point(120.1, 30.3)
NEAR = "120.1,30.3"
COUNT = 600


@pytest.fixture
def scattered(engine: Engine) -> tuple[Engine, np.ndarray, np.ndarray]:
    """Parcels about a point, every tenth known to 2 km only; their shapes and accuracies."""
    load(engine, read_catalogue(bundled("geodata")))
    generator = np.random.default_rng(7)
    west, south = generator.uniform(119.7, 120.5, COUNT), generator.uniform(30.0, 30.6, COUNT)
    shapes = shapely.box(west, south, west + generator.uniform(0.0005, 0.05, COUNT), south + 0.002)
    accuracy_m = np.where(np.arange(COUNT) % 10 == 0, 2000.0, 0.0)
    records = [
        {"id": f"{at}", "land_class": "M3", "area_ha": float(at % 7), "accuracy_m": accuracy_m[at]}
        for at in range(COUNT)
    ]
    put(engine, conforming("industrial_land", "parcels", "地块"), records, shapes)
    return engine, shapes, accuracy_m


def ask(engine: Engine, **conditions: object) -> Answer:
    with reading(engine) as connection:
        return select_sites(connection, Question(NEAR, subject="parcels", **conditions))


@pytest.mark.parametrize("most_kept", [grounds.MOST_KEPT, 0])
@pytest.mark.parametrize("limit_m", [300, 5000, 30_000, None])
def test_the_nearest_and_the_counts_are_those_of_all_shapes(
    scattered, monkeypatch: pytest.MonkeyPatch, limit_m: float | None, most_kept: int
):
    engine, shapes, accuracy_m = scattered
    monkeypatch.setattr(grounds, "MOST_KEPT", most_kept)
    away_m = distances_m(shapes, ORIGIN)
    most = np.inf if limit_m is None else limit_m
    sure, barred = away_m + accuracy_m <= most, np.maximum(0, away_m - accuracy_m) > most
    answer = ask(engine, max_distance_m=limit_m, limit=25)
    order = np.argsort(away_m, kind="stable")
    assert (answer.met, answer.matched) == (sure.sum(), (~barred).sum())
    assert [one.land.id for one in answer.accepted] == [str(at) for at in order if not barred[at]][:25]
    assert [one.land.id for one in answer.rejected] == [str(at) for at in order if barred[at]][:10]


def test_area_and_clearance_join_the_distance(scattered):
    engine, shapes, accuracy_m = scattered
    answer = ask(
        engine,
        max_distance_m=20_000,
        min_area_ha=3,
        inside=("districts",),
        outside=(Clearance("parcels", 1),),
        limit=600,
    )
    # Every parcel lies in the layer that it should keep clear of; only a vague position leaves that open.
    assert {int(one.land.id) % 10 for one in answer.accepted} == {0}
    assert answer.met == 0
    answer = ask(engine, max_distance_m=20_000, min_area_ha=3, outside=(Clearance("links"),), limit=600)
    away_m = distances_m(shapes, ORIGIN)
    wide = {str(at) for at in range(COUNT) if at % 7 >= 3 and away_m[at] - accuracy_m[at] <= 20_000}
    assert {one.land.id for one in answer.accepted} <= wide
    assert len(answer.accepted) == answer.matched


@given(
    place=st.tuples(st.floats(-179, 178), st.floats(-80, 80), st.floats(0, 1), st.floats(0, 1)),
    origin=st.tuples(st.floats(119, 121), st.floats(29, 31), st.floats(0, 0.5)),
)
def test_a_box_bounds_the_distance_of_what_lies_in_it(
    place: tuple[float, float, float, float], origin: tuple[float, float, float]
):
    west, south, wide, high = place
    shape = shapely.LineString([(west, south), (west + wide, south + high)])
    centre = shapely.Point(origin[:2]).buffer(origin[2]) if origin[2] else shapely.Point(origin[:2])
    bounds = np.array([shape.bounds])
    least_m, most_m = distance_bounds_m(balls_around(bounds), Extent(centre, 0.0, positioned=True))
    if abs(west - 120) < 5 and abs(south - 30) < 5:  # the frame of nearest points is for one region
        away_m = distances_m(np.array([shape]), centre)[0]
        assert least_m[0] <= away_m <= most_m[0]
    assert least_m[0] <= most_m[0]
