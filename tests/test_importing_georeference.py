"""Coordinates are read as declared or told; a guess finds the place, says why, and is never certain."""

import json
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from bioplan_gis.crs import GEOD
from bioplan_gis.datums import to_bd09, to_gcj02
from bioplan_gis.errors import ParameterError, UncertainFileError
from bioplan_gis.importing.placing.definitions import CODES, definition, gauss_kruger_code, told_definition
from bioplan_gis.importing.placing.georeference import Georeference, georeference, require_certain, to_storage
from bioplan_gis.importing.placing.headings import heading_words
from bioplan_gis.importing.placing.landing import Landing

GEODATA = Path(__file__).parents[1] / "geodata"
PARCELS = np.array([
    shapely.box(120.08, 30.28, 120.081, 30.281),
    shapely.box(120.34, 30.30, 120.342, 30.301),
    shapely.box(120.25, 30.17, 120.2501, 30.1702),
    shapely.box(119.95, 30.05, 119.953, 30.052),
])  # fmt: skip

# As ArcGIS writes them into a .prj.
ESRI_GEOGRAPHIC = (
    'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,'
    '298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
ESRI_XIAN_GEOGRAPHIC = (
    'GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]]'
)
ESRI_BEIJING_GEOGRAPHIC = (
    'GEOGCS["GCS_Beijing_1954",DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245.0,298.3]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)
ESRI_KRASOVSKY = (
    'GEOGCS["GCS_Krasovsky_1940",DATUM["D_Krasovsky_1940",SPHEROID["Krasovsky_1940",6378245.0,298.3]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def esri(name: str, geographic: str, easting: float, meridian: float, projection: str = "Gauss_Kruger") -> str:
    return (
        f'PROJCS["{name}",{geographic},PROJECTION["{projection}"],PARAMETER["False_Easting",{easting:.1f}],'
        f'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{meridian:.1f}],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )


DECLARED = {
    ESRI_GEOGRAPHIC: 4490,
    ESRI_XIAN_GEOGRAPHIC: 4610,
    ESRI_BEIJING_GEOGRAPHIC: 4214,
    ESRI_KRASOVSKY: 4214,
    esri("CGCS2000_3_Degree_GK_CM_120E", ESRI_GEOGRAPHIC, 500_000, 120): 4549,
    esri("CGCS2000_3_Degree_GK_Zone_40", ESRI_GEOGRAPHIC, 40_500_000, 120): 4528,
    esri("CGCS2000_GK_Zone_20", ESRI_GEOGRAPHIC, 20_500_000, 117): 4498,
    esri("CGCS2000_GK_CM_117E", ESRI_GEOGRAPHIC, 500_000, 117): 4509,
    esri("Xian_1980_3_Degree_GK_CM_120E", ESRI_XIAN_GEOGRAPHIC, 500_000, 120): 2385,
    esri("Xian_1980_3_Degree_GK_Zone_40", ESRI_XIAN_GEOGRAPHIC, 40_500_000, 120): 2364,
    esri("Beijing_1954_3_Degree_GK_CM_120E", ESRI_BEIJING_GEOGRAPHIC, 500_000, 120): 2437,
    esri("Beijing_1954_3_Degree_GK_Zone_40", ESRI_BEIJING_GEOGRAPHIC, 40_500_000, 120): 2416,
    esri("Xian_1980_3_Degree_GK_CM_120E", ESRI_XIAN_GEOGRAPHIC, 500_000, 120, "Transverse_Mercator"): 2385,
    esri("杭州地块", ESRI_GEOGRAPHIC, 40_500_000, 120, "Transverse_Mercator"): 4528,
    esri("UNKNOWN", ESRI_KRASOVSKY, 500_000, 120): 2437,
    esri("hz", ESRI_GEOGRAPHIC.replace("D_China_2000", "D_unknown"), 500_000, 120): 4549,
    CRS.from_epsg(4549).to_wkt("WKT2_2019"): 4549,
    CRS.from_epsg(4549).to_wkt("WKT1_ESRI"): 4549,
    CRS.from_epsg(2364).to_json(): 2364,
    "EPSG:4490+5737": 4490,
    "urn:ogc:def:crs:EPSG::4549": 4549,
    "http://www.opengis.net/def/crs/EPSG/0/4490": 4490,
    "GEOGCS" + CRS.from_epsg(4326).to_wkt("WKT1_ESRI")[6:]: 4326,
}
TOLD = {
    "EPSG:4549": 4549,
    "epsg:4549": 4549,
    " 4549 ": 4549,
    "CGCS2000": 4490,
    "2000国家大地坐标系": 4490,
    "CGCS2000 3度带 120": 4549,
    "CGCS2000 三度带 40带": 4528,
    "CGCS2000 3-degree 120": 4549,
    "2000国家大地坐标系 3度带 中央经线120°": 4549,
    "CGCS2000 40带": 4528,
    "CGCS2000 6度带 117": 4509,
    "CGCS2000 6度带 20": 4498,
    "CGCS2000_3_Degree_GK_Zone_40": 4528,
    "西安80": 4610,
    "西安80 3度带 40": 2364,
    "1980西安坐标系 120": 2385,
    "北京54 3度带 120": 2437,
    "北京54 6度带 20带": 21420,
    "WGS84": 4326,
    "WGS 84 / UTM zone 51N": 32651,
}


def districts(name: str, scope: str) -> list[tuple[tuple[str, str, str, str], shapely.Geometry]]:
    features = json.loads((GEODATA / name).read_text(encoding="utf-8"))["features"]
    return [
        (
            (feature["properties"]["adcode"], feature["properties"]["name"], feature["properties"]["adcode"], scope),
            shapely.from_geojson(json.dumps(feature["geometry"])),
        )
        for feature in features
    ]


@cache
def landing() -> Landing:
    known = districts("districts_hangzhou.geojson", "hangzhou") + districts("districts_neighbours.geojson", "neighbour")
    return Landing(tuple(name for name, _ in known), np.array([shape for _, shape in known], dtype=object))


@cache
def from_cgcs2000(code: int) -> Transformer:
    crs = CRS.from_epsg(code)
    return Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)


def projected(shapes: np.ndarray, code: int, *, swapped: bool = False, offset: float = 0) -> np.ndarray:
    """Shapes as a file in that CRS would hold them."""

    def project(lonlat: np.ndarray) -> np.ndarray:
        xy = np.column_stack(from_cgcs2000(code).transform(*lonlat.T)) + np.array([offset, 0])
        return xy[:, ::-1] if swapped else xy

    return shapely.transform(shapes, project)


def decide(shapes: np.ndarray, *, declared=None, text=None, told=None, datum=None, **order) -> Georeference:
    return georeference(shapely.get_coordinates(shapes), declared, text, told, datum, landing(), **order)


def farthest_m(stored: np.ndarray, true: np.ndarray) -> float:
    first, second = shapely.get_coordinates(stored), shapely.get_coordinates(true)
    return float(np.max(GEOD.inv(first[:, 0], first[:, 1], second[:, 0], second[:, 1])[2]))


@pytest.mark.parametrize("text", DECLARED)
def test_every_spelling_is_known_by_its_code(text):
    assert definition(text).text == f"EPSG:{DECLARED[text]}"


@pytest.mark.parametrize("told", TOLD)
def test_a_user_may_name_a_crs_as_planners_do(told):
    assert told_definition(told).text == f"EPSG:{TOLD[told]}"


@pytest.mark.parametrize("told", ["OGC:CRS84", "CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_crs84_is_known(told):
    assert told_definition(told).text == "OGC:CRS84"


@pytest.mark.parametrize(
    "told",
    ["", "杭州", "EPSG:999999", "12", "ESRI:104999", "+init=/etc/passwd:1", "CGCS2000 3度带 121", "EPSG:5737", "4549;",
     'LOCAL_CS["Nonearth",UNIT["Meter",1.0]]', "EPSG:4479"],
)  # fmt: skip
def test_what_names_no_crs_is_refused(told):
    with pytest.raises(ParameterError) as refused:
        told_definition(told)
    assert refused.value.name == "crs"
    assert "EPSG:4549" in refused.value.zh
    assert "EPSG:4549" in refused.value.en


@pytest.mark.parametrize(
    "hostile",
    ['GEOGCS["a",' * 4000, '{"a":' * 9000 + "1" + "}" * 9000, "[" * 40_000, "4549\0", "\ud800", "x" * 10_000_000,
     'PROJCS["' + "x" * 40_000 + '"]'],
)  # fmt: skip
def test_a_hostile_definition_is_no_crs_and_floods_no_message(hostile):
    assert definition(hostile) is None
    with pytest.raises(ParameterError) as refused:
        told_definition(hostile)
    assert len(refused.value.en) < 400
    assert decide(projected(PARCELS, 4549), declared=hostile, text=hostile).certain is False


@pytest.mark.parametrize("family", CODES)
@pytest.mark.parametrize(("width", "zone"), [(3, 25), (3, 39), (3, 40), (3, 45), (6, 13), (6, 20), (6, 21), (6, 23)])
def test_codes_of_zones_are_those_of_the_epsg_dataset(family, width, zone):
    datum = {"cgcs2000": "China 2000", "xian80": "Xian 1980", "beijing54": "Beijing 1954"}[family]
    meridian = zone * 3 if width == 3 else zone * 6 - 3
    for numbered in (True, False):
        crs = CRS.from_user_input(gauss_kruger_code(family, width, zone, numbered=numbered))
        values = {parameter.name: parameter.value for parameter in crs.coordinate_operation.params}
        assert crs.datum.name == datum
        assert values["Longitude of natural origin"] == meridian
        assert values["False easting"] == 500_000 + zone * 1_000_000 * numbered


CERTAIN = [4490, 4326, 4549, 4528, 4550, 4529, 4498, 4509, 3857, 32650, 32651]


@pytest.mark.parametrize("code", CERTAIN)
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("how", ["declared", "told"])
def test_what_is_declared_or_told_is_read_back_within_a_millimetre(code, swapped, how):
    if code in {4550, 4529, 32651} and how == "declared":
        how = "told"  # Hangzhou lies west of that zone: only a user would know that it was meant.
    shapes = projected(PARCELS, code, swapped=swapped)
    decided = decide(shapes, **{how: f"EPSG:{code}"})
    assert (decided.how, decided.certain, decided.swapped) == (how, True, swapped)
    assert farthest_m(to_storage(shapes, decided), PARCELS) < 0.001


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("code", "offset", "removed", "added"),
    [
        (4549, 40e6, 40, None),
        (4528, -40e6, None, 40),
        (4509, 20e6, 20, None),
        (4509, 39e6, 39, None),
        (4498, -20e6, None, 20),
    ],
)
def test_a_zone_number_too_many_or_too_few_is_seen(code, offset, removed, added, swapped):
    shapes = projected(PARCELS, code, swapped=swapped, offset=offset)
    decided = decide(shapes, declared=f"EPSG:{code}")
    assert decided.certain
    assert (decided.zone_prefix_removed, decided.zone_prefix_added, decided.swapped) == (removed, added, swapped)
    assert any(str(removed or added) in note.en for note in decided.evidence)
    assert farthest_m(to_storage(shapes, decided), PARCELS) < 0.001


GUESSED = [4490, 4549, 4528, 4498, 3857]


@pytest.mark.parametrize("code", GUESSED)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_guess_finds_the_place_and_is_refused_with_the_option_to_give(code, swapped):
    shapes = projected(PARCELS, code, swapped=swapped)
    decided = decide(shapes)
    assert (decided.crs, decided.swapped, decided.how, decided.certain) == (f"EPSG:{code}", swapped, "guessed", False)
    assert farthest_m(to_storage(shapes, decided), PARCELS) < 1
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decided)
    for sentence in (refused.value.zh, refused.value.en):
        assert f"--crs EPSG:{code}" in sentence
        assert "--datum gcj02" in sentence or code != 4490
    assert "西湖区" in refused.value.zh
    confirmed = decide(shapes, told=f"EPSG:{code}")
    require_certain(confirmed)
    assert farthest_m(to_storage(shapes, confirmed), PARCELS) < 0.001


POSITION = st.tuples(st.floats(119.75, 120.65), st.floats(29.95, 30.45))
VARIANTS = st.sampled_from([(4490, 0), (4549, 0), (4528, 0), (4498, 0), (4499, 0), (3857, 0)])


@given(st.lists(POSITION, min_size=1, max_size=5), VARIANTS, st.booleans(), st.sampled_from(["declared", "told", None]))
def test_wherever_in_hangzhou_the_guess_lands_and_only_words_make_it_certain(positions, variant, swapped, how):
    inside = [at for at in positions if landing().counts(np.array([shapely.Point(at)])).outside == 0]
    if not inside:
        return
    true = shapely.points(np.array(inside))
    shapes = projected(true, variant[0], swapped=swapped, offset=variant[1])
    decided = decide(shapes, **({how: f"EPSG:{variant[0]}"} if how else {}))
    assert decided.certain == (how is not None)
    assert farthest_m(to_storage(shapes, decided), true) < 1


def test_two_projections_that_both_land_are_both_named():
    decided = decide(projected(PARCELS, 32650))
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decided)
    assert "EPSG:4548" in refused.value.en
    assert "EPSG:32650" in refused.value.en


CONTRADICTIONS = {
    "degrees under a projected CRS": (PARCELS, "EPSG:4549", "EPSG:4490"),
    "metres under degrees": (projected(PARCELS, 4549), "EPSG:4326", "EPSG:4549"),
    "numbered eastings under degrees": (projected(PARCELS, 4528), ESRI_GEOGRAPHIC, "EPSG:4528"),
    "another zone's number": (projected(PARCELS, 4528), "EPSG:4550", "EPSG:4528"),
    "another meridian": (projected(PARCELS, 4549), "EPSG:4548", "EPSG:4549"),
    "web Mercator under UTM": (projected(PARCELS, 3857), "EPSG:32650", "EPSG:3857"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_declaration_that_the_coordinates_contradict_is_never_used(name):
    shapes, declared, guess = CONTRADICTIONS[name]
    decided = decide(shapes, declared=declared)
    assert (decided.crs, decided.certain, decided.how) == (guess, False, "guessed")
    assert farthest_m(to_storage(shapes, decided), PARCELS) < 1
    with pytest.raises(UncertainFileError, match=f"--crs {guess}"):
        require_certain(decided)


@pytest.mark.parametrize(("declared", "told"), [(None, "EPSG:4490"), ("EPSG:4549", "EPSG:32631"), (None, "EPSG:27700")])
def test_told_wrongly_says_what_would_land(declared, told):
    with pytest.raises(UncertainFileError) as refused:
        decide(projected(PARCELS, 4549), declared=declared, told=told)
    assert "--crs EPSG:4549" in refused.value.zh
    assert "--crs EPSG:4549" in refused.value.en
    assert "西湖区" in refused.value.zh


def test_what_the_user_tells_outweighs_what_the_file_declares_and_that_is_said():
    decided = decide(projected(PARCELS, 4549), declared=ESRI_XIAN_GEOGRAPHIC, told="EPSG:4549")
    assert (decided.crs, decided.certain, decided.accuracy_m) == ("EPSG:4549", True, None)
    assert any("Xian 1980" in note.en for note in decided.evidence)


def test_told_within_its_zone_but_far_away_is_believed_with_a_warning():
    decided = decide(projected(PARCELS, 4549), told="EPSG:4548")
    assert decided.certain
    assert any("EPSG:4549" in note.en for note in decided.evidence)


OLD = {
    esri("Xian_1980_3_Degree_GK_Zone_40", ESRI_XIAN_GEOGRAPHIC, 40_500_000, 120): (2364, "Xian 1980"),
    esri("Beijing_1954_3_Degree_GK_CM_120E", ESRI_BEIJING_GEOGRAPHIC, 500_000, 120): (2437, "Beijing 1954"),
    ESRI_XIAN_GEOGRAPHIC: (4610, "Xian 1980"),
}


@pytest.mark.parametrize("declared", OLD)
def test_an_old_datum_must_be_told_and_says_how_far_off_it_is(declared):
    code, name = OLD[declared]
    shapes = projected(PARCELS, code)
    decided = decide(shapes, declared=declared)
    assert (decided.crs, decided.how, decided.certain) == (f"EPSG:{code}", "declared", False)
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decided)
    assert f"--crs EPSG:{code}" in refused.value.zh
    assert name in refused.value.en
    told = decide(shapes, declared=declared, told=f"EPSG:{code}")
    assert told.certain
    assert 100 < told.accuracy_m < 130
    assert any(f"{told.accuracy_m:.0f} m" in note.en for note in told.evidence)
    assert not any("declares" in note.en for note in told.evidence)
    # Its own longitudes and latitudes, whatever the datum.
    assert farthest_m(to_storage(shapes, told), PARCELS) < 0.001


def test_the_stated_accuracy_covers_what_epsg_knows_of_beijing_1954_around_hangzhou():
    for shift in ("+x=15.8 +y=-154.4 +z=-82.3", "+x=11.911 +y=-154.833 +z=-80.079"):
        moved = shapely.transform(PARCELS, datum_shift("+ellps=krass", f"+proj=helmert {shift}"))
        assert 50 < farthest_m(moved, PARCELS) < 105


def datum_shift(ellipsoid: str, helmert: str):
    """Degrees on an ellipsoid → degrees of WGS 84, by way of geocentric coordinates, as PROJ's own steps do it."""
    pipeline = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"+step +proj=cart {ellipsoid} +step {helmert} +step +inv +proj=cart +ellps=WGS84 "
        "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
    )
    return lambda lonlat: np.column_stack(pipeline.transform(*lonlat.T, np.zeros(len(lonlat)))[:2])


def test_a_transformation_that_the_file_brings_is_used():
    shift = 'SPHEROID["IAG 1975",6378140,298.257],TOWGS84[12,-100,-60,0,0,0,0]'
    declared = f'GEOGCS["x",DATUM["Xian_1980",{shift}],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
    decided = decide(PARCELS, declared=declared)
    assert (decided.certain, decided.accuracy_m) == (True, None)
    helmert = "+proj=helmert +x=12 +y=-100 +z=-60"
    expected = shapely.transform(PARCELS, datum_shift("+a=6378140 +rf=298.257", helmert))
    assert farthest_m(expected, PARCELS) > 10
    assert farthest_m(to_storage(PARCELS, decided), expected) < 0.001


@pytest.mark.parametrize(("datum", "shift", "metres"), [("gcj02", to_gcj02, 2), ("bd09", to_bd09, 3)])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_display_datum_is_converted_on_the_way_in(datum, shift, metres, swapped):
    shifted = shapely.transform(PARCELS, lambda xy: shift(xy)[:, ::-1] if swapped else shift(xy))
    assert farthest_m(shapely.transform(shifted, lambda xy: xy[:, ::-1] if swapped else xy), PARCELS) > 400
    for declared in (None, "EPSG:4326"):
        decided = decide(shifted, declared=declared, datum=datum)
        assert (decided.datum, decided.certain, decided.accuracy_m) == (datum, True, metres)
        assert farthest_m(to_storage(shifted, decided), PARCELS) < 0.001


def test_a_display_datum_goes_with_degrees_only():
    with pytest.raises(ParameterError) as refused:
        decide(projected(PARCELS, 4549), declared="EPSG:4549", datum="gcj02")
    assert refused.value.name == "datum"
    with pytest.raises(ParameterError, match="wgs72"):
        decide(PARCELS, datum="wgs72")


@pytest.mark.parametrize("text", [None, "", "Lambert, 30 N", 'LOCAL_CS["Nonearth",UNIT["Meter",1.0]]'])
def test_a_citys_own_system_cannot_be_guessed(text):
    with pytest.raises(UncertainFileError) as refused:
        decide(np.array([shapely.box(80_000, 60_000, 80_100, 60_100)]), text=text)
    assert "独立坐标系" in refused.value.zh
    assert "a city's own system" in refused.value.en
    assert (text or "CRS")[:5] in refused.value.en


def test_the_files_own_words_count_where_its_reader_understood_none():
    decided = decide(projected(PARCELS, 4549), text="CGCS2000_3_Degree_GK_CM_120E")
    assert (decided.crs, decided.how, decided.certain) == ("EPSG:4549", "declared", True)


def test_a_crs_that_is_assumed_declares_nothing():
    assumed = (
        'GEOGCS["GCS_Assumed_Geographic_1",DATUM["D_North_American_1927",SPHEROID["Clarke_1866",6378206.4,294.9786982]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    )
    decided = decide(PARCELS, declared=assumed, text=assumed)
    assert (decided.crs, decided.certain) == ("EPSG:4490", False)


def test_what_touches_an_edge_in_the_plane_is_valid_in_degrees_too():
    edge = shapely.Polygon([(520_000, 3_340_000), (526_000, 3_341_000), (523_000, 3_346_000)])
    tips = [(523_000, 3_340_500), (524_500, 3_340_750), (521_500, 3_340_250)]
    outside = [shapely.Polygon([(x, y), (x - 5, y - 50), (x + 5, y - 50)]) for x, y in tips]
    inside = [[(x, y), (x - 5, y + 50), (x + 5, y + 50)] for x, y in tips]
    touching = np.array(
        [shapely.MultiPolygon([edge, triangle]) for triangle in outside]
        + [shapely.Polygon(edge.exterior.coords, [triangle]) for triangle in inside]
    )
    assert shapely.is_valid(touching).all()
    back = partial(from_cgcs2000(4549).transform, direction="INVERSE")
    bent = shapely.transform(touching, lambda xy: np.column_stack(back(*xy.T)))
    assert not shapely.is_valid(bent).all()
    stored = to_storage(touching, decide(touching, declared="EPSG:4549"))
    assert shapely.is_valid(stored).all()
    assert shapely.area(stored) == pytest.approx(shapely.area(bent), rel=1e-6)


def test_the_order_of_axes_may_be_told():
    shapes = projected(PARCELS, 4549, swapped=True)
    assert decide(shapes, told="EPSG:4549", swapped=True).swapped
    with pytest.raises(UncertainFileError):
        decide(shapes, told="EPSG:4549", swapped=False)
    assert decide(PARCELS, told="EPSG:4490", swapped=False).swapped is False


def test_a_few_wild_coordinates_do_not_change_the_reading():
    sample = np.vstack(
        [np.repeat(shapely.get_coordinates(projected(PARCELS, 4549)), 10, axis=0), [[0, 0], [np.nan, 1]]]
    )
    decided = georeference(sample, "EPSG:4549", None, None, None, landing())
    assert (decided.certain, decided.swapped) == (True, False)
    guessed = georeference(sample, None, None, None, None, landing())
    assert guessed.crs == "EPSG:4549"


def test_without_coordinates_what_is_declared_stands():
    assert decide(np.array([], dtype=object), declared="EPSG:4549").certain
    with pytest.raises(UncertainFileError):
        decide(np.array([], dtype=object))


NEW_YORK, SYDNEY = np.array([shapely.Point(-74, 40.7)]), np.array([shapely.Point(151.2, -33.9)])


@pytest.mark.parametrize("how", ["declared", "told"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4490", "OGC:CRS84"])
@pytest.mark.parametrize("place", [NEW_YORK, SYDNEY, np.array([shapely.box(-6.3, 53.3, -6.2, 53.4)])])
def test_degrees_from_abroad_are_taken_as_declared_or_told_and_that_is_said(place, crs, how):
    decided = decide(place, **{how: crs})
    require_certain(decided)
    assert (decided.crs, decided.how, decided.swapped) == (crs, how, False)
    assert any("100% of the coordinates lie outside China" in note.en for note in decided.evidence)
    assert to_storage(place, decided) is place


def test_metres_from_abroad_may_be_told_too():
    london = np.array([shapely.Point(530_000, 180_000)])
    assert decide(london, told="EPSG:27700").certain


STRAYS = {
    "one row of three abroad": [(116.4, 39.9), (-74, 40.7), (120.45, 30.25)],
    "two rows of seven without sense": [
        (30.25, 120.45), (120.46, 30.26), (120.47, 30.26), (0, 0), (121.47, 31.23), (120.58, 31.3), (200, 95)],
    "one sign too many": [(120.45, 30.25)] * 7 + [(-120.45, 30.25)],
}  # fmt: skip


@pytest.mark.parametrize("name", STRAYS)
@pytest.mark.parametrize("declared", [None, "EPSG:4326"])
def test_the_crs_that_a_refusal_asks_for_is_not_refused_again(name, declared):
    shapes = shapely.points(np.array(STRAYS[name], dtype=float))
    decided = decide(shapes, declared=declared)
    if not decided.certain:
        with pytest.raises(UncertainFileError, match="--crs EPSG:4490"):
            require_certain(decided)
    told = decide(shapes, declared=declared, told="EPSG:4490")
    require_certain(told)
    assert to_storage(shapes, told) is shapes
    assert any("mind that" in note.en for note in told.evidence)


def test_declared_degrees_of_which_many_make_no_sense_are_asked_about_with_the_reason():
    with pytest.raises(UncertainFileError) as refused:
        require_certain(
            decide(shapely.points(np.array(STRAYS["two rows of seven without sense"])), declared="EPSG:4326")
        )
    assert "29% of the coordinates lie beyond the range of longitude and latitude, such as 200, 95" in refused.value.en
    assert "contradict" not in refused.value.en


def test_degrees_that_are_declared_are_not_asked_about_for_lying_apart():
    for name in ("one row of three abroad", "one sign too many"):
        assert decide(shapely.points(np.array(STRAYS[name])), declared="EPSG:4326").certain


@pytest.mark.parametrize("swapped", [False, True])
def test_a_projection_that_is_told_holds_most_rows_and_some_strays(swapped):
    strays = np.array([shapely.Point(1, 2), shapely.Point(3e6, 9e6)])
    shapes = np.concatenate([projected(PARCELS, 4549, swapped=swapped), strays])
    told = georeference(shapely.get_coordinates(shapely.centroid(shapes)), None, None, "EPSG:4549", None, landing())
    assert (told.certain, told.swapped) == (True, swapped)
    assert farthest_m(to_storage(shapes[:4], told), PARCELS) < 0.001


def test_what_cannot_be_told_is_refused_in_whole_sentences():
    with pytest.raises(UncertainFileError) as refused:
        decide(np.array([shapely.Point(80_000, 60_000)]), told="EPSG:4490")
    assert "100% of the coordinates, such as 80000, 60000, do not land" in refused.value.en
    assert "In no usual coordinate system do they land in or about Zhejiang; it may be a city's own" in refused.value.en
    assert "按各种常用坐标系都不落在浙江一带；可能是城市独立坐标系" in refused.value.zh


def named(*names: str, is_told: bool = False) -> dict[str, str]:
    return {"text": heading_words(*names, is_told=is_told)}


@pytest.mark.parametrize("is_told", [False, True])
def test_headings_of_longitude_and_latitude_declare_no_datum(is_told):
    decided = decide(PARCELS, declared="OGC:CRS84", **named("经度", "纬度", is_told=is_told))
    assert (decided.how, decided.certain) == ("headings", True)
    said = " ".join(note.en for note in decided.evidence)
    assert ("told: “经度, 纬度” hold" if is_told else "the column names “经度, 纬度” say") in said
    for words in ("datum is not stated and is taken as CGCS2000/WGS 84", "500–1,200 m off", "--datum gcj02"):
        assert words in said
    assert "declared" not in said


def test_headings_that_name_a_true_datum_are_believed():
    decided = decide(PARCELS, declared="OGC:CRS84", **named("wgs84_lng", "wgs84_lat"))
    said = " ".join(note.en for note in decided.evidence)
    assert (decided.how, decided.certain) == ("headings", True)
    assert "in CGCS2000/WGS 84" in said
    assert "not stated" not in said


SHIFTED = {"高德经度": "gcj02", "gcj02_lng": "gcj02", "bd_lng": "bd09", "百度经度": "bd09"}


@pytest.mark.parametrize("name", SHIFTED)
def test_headings_that_name_a_web_map_make_its_datum_the_first_option(name):
    datum, words = SHIFTED[name], named(name, name.replace("经", "纬").replace("lng", "lat"))
    shapes = shapely.transform(PARCELS, {"gcj02": to_gcj02, "bd09": to_bd09}[datum])
    decided = decide(shapes, **words)
    assert farthest_m(to_storage(shapes, decided), PARCELS) < 0.001
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decided)
    assert name in refused.value.zh
    assert f"converted from {decided.name.split(',')[0]}" in refused.value.en
    assert "read as EPSG:4490" not in refused.value.en
    assert f"Confirm by giving --datum {datum}; if" in refused.value.en
    assert f"请确认后给出：--datum {datum}；" in refused.value.zh
    confirmed = decide(shapes, datum=datum, **words)
    assert (confirmed.how, confirmed.certain, confirmed.datum) == ("told", True, datum)
    overruled = decide(shapes, told="EPSG:4490", **words)
    assert overruled.certain
    assert any(f"if so, give --datum {datum}" in note.en for note in overruled.evidence)


@pytest.mark.parametrize(
    "said", [{}, {"declared": "EPSG:4326"}, {"declared": "OGC:CRS84", **named("lng", "lat")}, {"told": "EPSG:4326"}]
)
@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_display_datum_that_is_told_is_what_the_report_says(said, datum):
    decided = decide(PARCELS, datum=datum, **said)
    text = " ".join(note.en for note in decided.evidence)
    assert (decided.how, decided.certain) == ("told", True)
    assert decided.name.startswith({"gcj02": "GCJ-02", "bd09": "BD-09"}[datum])
    assert f"--datum {datum}" in text
    assert "to CGCS2000" in text
    for wrong in ("declared", "not stated", "WGS 84 and CGCS2000 differ"):
        assert wrong not in text


def test_a_zone_that_the_eastings_contradict_is_named():
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decide(projected(PARCELS, 4528), text="坐标系=2000国家大地坐标系\n几度分带=3\n带号=39"))
    assert "文件写明带号 39，横坐标却带有带号 40" in refused.value.zh
    assert "the file states zone 39, but its eastings carry zone 40" in refused.value.en
    assert "--crs EPSG:4528" in refused.value.en


def test_only_districts_of_hangzhou_are_put_there():
    deqing = shapely.Point(120.049, 30.567)
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decide(np.array([*PARCELS[:1], deqing])))
    assert "将落在杭州市西湖区、杭州以外的德清县（约）" in refused.value.zh
    assert " (outside Hangzhou), about" in refused.value.en
    with pytest.raises(UncertainFileError) as refused:
        require_certain(decide(np.array([deqing])))
    assert "将落在杭州以外的德清县（约）" in refused.value.zh


def test_the_order_of_axes_does_not_mislead():
    for swapped, words in ((False, "read as east, north"), (True, "north stands first in the file")):
        with pytest.raises(UncertainFileError, match=words):
            require_certain(decide(projected(PARCELS, 4549, swapped=swapped)))


def test_null_shapes_stay_null_and_degrees_stay_untouched():
    shapes = np.array([*projected(PARCELS, 4549), None], dtype=object)
    stored = to_storage(shapes, decide(shapes, declared="EPSG:4549"))
    assert stored[-1] is None
    assert to_storage(PARCELS, decide(PARCELS, declared="EPSG:4490")) is PARCELS


def test_a_file_from_another_province_is_taken_as_declared():
    suzhou = np.array([shapely.box(120.6, 31.3, 120.61, 31.31)])
    shapes = projected(suzhou, 4549)
    decided = decide(shapes, declared="EPSG:4549")
    assert decided.certain
    assert farthest_m(to_storage(shapes, decided), suzhou) < 0.001


def test_a_last_digit_beyond_the_rim_of_the_world_is_rounding():
    beyond = np.nextafter(180.0, 181.0)
    shapes = np.array([shapely.box(170, 60, beyond, np.nextafter(90.0, 91.0)), shapely.Point(180.1, 0), None])
    sample = np.array([[120.2, 30.2]])
    kept = to_storage(shapes, georeference(sample, "EPSG:4326", None, None, None, landing()))
    assert kept[0].bounds == (170, 60, 180, 90)
    assert kept[1:].tolist() == shapes[1:].tolist()
