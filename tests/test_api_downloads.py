"""Features as files over HTTP: every kind is opened again by another program and holds what the layer holds."""

import datetime as dt
import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import openpyxl
import pyogrio
import pyproj
import pytest
import shapely
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.crs import FEED_CRSS, feed_crs
from bioplan_gis.importing.reading.folders import DOWNLOADS
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import upgrade
from databases import ENGINES
from databases import opened as opened_engine
from downloaded import OPENERS, opened
from imported import PARCELS, PLOTS, SAMPLE
from typed_layers import store_parcels

HOLE = [(120.02, 30.02), (120.05, 30.02), (120.02, 30.05)]
COURT = shapely.Polygon([(120, 30), (120.1, 30), (120.1, 30.1), (120, 30.1)], [HOLE])
TWO = shapely.MultiPolygon([shapely.box(120.2, 30, 120.3, 30.1), shapely.box(120.4, 30, 120.5, 30.1)])
HARD = "引号\" 逗号, 换行\n反斜\\ 制表\t '单' \\N <b>&amp;\U00020000"
MOMENT = dt.datetime(2024, 12, 31, 16, 0, 0, 123000, tzinfo=dt.UTC)
RECORDS = [
    {
        "id": "330106-甲", "地块编号": HARD, "name": "=1+1", "面积（亩）": 30.123456789012345, "容积率": 1 / 3,
        "户数": 2**53 - 1, "已出让": True, "出让日期": dt.date(2024, 2, 29), "更新": MOMENT,
        "登记时间": dt.datetime(2024, 12, 31, 8, 30, 1),  # noqa: DTZ001 - without zone
        "细分领域": ["细胞治疗", HARD], "指标": {"亩均税收": 35, "注": HARD},
    },
    {"id": "b/2", "地块编号": "三类工业用地", "已出让": False, "细分领域": [], "户数": -5, "容积率": 2.0},
    {"id": "c", "name": "甲", "面积（亩）": -1e-7},
]  # fmt: skip
SHAPES = [COURT, TWO, None]
EVERY = sorted(OPENERS)
# What a format leaves out, by what it is made for: FlatGeobuf has no features without geometry.
WITHOUT_THE_LAST = {"fgb"}
ITEMS = f"/api/collections/{quote('地块')}/items"


@pytest.fixture(scope="module", params=ENGINES)
def feeds(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Iterator[TestClient]:
    """The service over a layer with a column of every type, to be read only, once for each engine."""
    for engine in opened_engine(new_url(request.param)):
        upgrade(engine)
        store_parcels(engine, RECORDS, SHAPES)
        with serving_in_process(engine) as client:
            yield client


def serving_in_process(engine: Engine) -> TestClient:
    return TestClient(create_app(Settings(database_url=engine.url.render_as_string(hide_password=False))))


def in_crs(shapes: list, code: int) -> list:
    """As pyproj has them, east first."""
    transformer = pyproj.Transformer.from_crs(4490, code, always_xy=True)
    array = np.array(shapes, dtype=object)
    return list(shapely.transform(array, transformer.transform, interleaved=False))


def same_place(found, wanted, tolerance: float) -> bool:
    """Whether no point of the one is farther than this from the other."""
    if found is None or wanted is None:
        return found is wanted
    if found.geom_type != wanted.geom_type:
        found = shapely.multipolygons([found]) if wanted.geom_type == "MultiPolygon" else found.geoms[0]
    found, wanted = shapely.normalize(found), shapely.normalize(wanted)
    return found.geom_type == wanted.geom_type and shapely.equals_exact(found, wanted, tolerance)


def number(value) -> float | None:
    return None if value in {None, ""} else float(value)


def plain(value):
    """A text, with nothing where formats cannot tell nothing from an empty text."""
    return value or None


def truth(value):
    return {"true": True, "false": False, "": None}.get(value, value) if isinstance(value, str) else value


def moment(value) -> dt.datetime | None:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value) if value else None
    return None if value is None else value.replace(tzinfo=value.tzinfo or dt.UTC)


def read_list(value) -> list | None:
    return json.loads(value) if isinstance(value, str) and value else value or None


@pytest.mark.parametrize("chosen", EVERY)
def test_every_kind_of_file_equals_the_layer(feeds: TestClient, tmp_path: Path, chosen: str):
    answer = feeds.get(ITEMS, params={"f": chosen})
    assert answer.status_code == 200, answer.text
    rows, shapes = opened(chosen, answer, tmp_path)
    if chosen == "kml":  # whose own name and id stand in front
        rows = [{"id": row.get("id2"), **row, "name": row["name2"]} | {"id": row.get("id2", row["id"])} for row in rows]
    wanted = [dict(one) for one in RECORDS]
    if chosen in WITHOUT_THE_LAST:
        pairs = sorted(zip((row["id"] for row in rows), rows, shapes, strict=True), key=lambda one: one[0])
        rows, shapes, wanted = [one[1] for one in pairs], [one[2] for one in pairs], wanted[:2]
    assert [row["id"] for row in rows] == [one["id"] for one in wanted]
    assert len(shapes) == len(wanted)
    # A Shapefile's texts end at 254 bytes, and neither GDAL's KML nor a cell of Excel keeps every blank.
    for name in ("name", "地块编号"):
        assert [plain(row[name]) for row in rows] == [one.get(name) for one in wanted]
    for name in ("面积（亩）", "容积率", "户数"):
        found = [number(row[name]) for row in rows]
        assert found == [None if one.get(name) is None else pytest.approx(one[name], rel=1e-15) for one in wanted]
    assert [truth(row["已出让"]) for row in rows] == [one.get("已出让") for one in wanted]
    assert str(rows[0]["出让日期"])[:10] == "2024-02-29"
    assert not rows[1]["出让日期"]
    assert moment(rows[0]["更新"]) == MOMENT
    assert str(rows[0]["登记时间"])[:19].replace(" ", "T") == "2024-12-31T08:30:01"
    assert read_list(rows[0]["细分领域"]) == RECORDS[0]["细分领域"]
    assert read_list(rows[0]["指标"]) == RECORDS[0]["指标"]
    assert all(same_place(found, shape, 1e-9) for found, shape in zip(shapes, SHAPES, strict=False))


@pytest.mark.parametrize("crs", [each.name for each in FEED_CRSS])
@pytest.mark.parametrize("chosen", [one for one in EVERY if one != "kml"])
def test_every_kind_of_file_has_the_crs_that_is_asked_for(engine: Engine, tmp_path: Path, chosen: str, crs: str):
    store_parcels(engine, [{"id": "a"}, {"id": "b"}], [COURT, shapely.Point(120.15, 30.27)])
    with serving_in_process(engine) as client:
        answer = client.get(ITEMS, params={"f": chosen, "crs": crs})
    feed = feed_crs(crs, "crs")
    assert answer.headers["content-crs"] == f"<{feed.uri}>"
    if chosen == "shp":  # of which there is one for each kind of geometry
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            archive.extractall(tmp_path)
        found = [pyogrio.read_dataframe(path) for path in sorted(tmp_path.glob("*.shp"))]
        shapes, code = [frame.geometry[0] for frame in reversed(found)], found[0].crs.to_epsg()
        assert code == feed.srid
    else:
        _, shapes = opened(chosen, answer, tmp_path)
        shapes = sorted(shapes, key=lambda one: one.geom_type, reverse=True)
    if chosen in {"ndjson", "jsonfg"} and feed.northing_first:
        shapes = [shapely.transform(one, lambda axes: axes[:, ::-1]) for one in shapes]
    tolerance = 1e-8 if feed.geographic else 1e-3
    assert all(map(same_place, shapes, in_crs([COURT, shapely.Point(120.15, 30.27)], feed.srid), [tolerance] * 2))


def value(item: tuple[str, object]) -> object:
    """A property as it compares: SQLite writes 15 digits of a number, each database a moment in its own way."""
    name, found = item
    if name in {"登记时间", "更新"}:
        return moment(found)
    return float(f"{found:.14g}") if isinstance(found, float) else found


QUESTIONS = [
    {"filter": "户数 < 100 OR 户数 IS NULL", "sortby": "-id"},
    {"bbox": "120.15,29,121,31"},
    {"sortby": "-户数,id", "properties": "户数,name"},
    {"已出让": "false"},
    {"datetime": "2024-01-01T00:00:00Z/2024-12-31T00:00:00Z"},
    {"limit": "2", "sortby": "name"},
    {"filter": "id = 'none'"},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize("chosen", [one for one in EVERY if one not in {"fgb", "kml"}])
def test_a_file_answers_the_question_that_a_page_answers(
    feeds: TestClient, tmp_path: Path, chosen: str, question: dict
):
    page = feeds.get(ITEMS, params=question).json()["features"]
    answer = feeds.get(ITEMS, params=question | {"f": chosen})
    assert answer.status_code == 200, answer.text
    rows, _ = opened(chosen, answer, tmp_path)
    assert [row["id"] for row in rows] == [one["id"] for one in page]
    names = {"id"} | set(page[0]["properties"]) if page else set()
    assert all(set(row) == names for row in rows)


@pytest.mark.parametrize("crs", [each.name for each in FEED_CRSS])
def test_lines_are_the_features_of_the_page(feeds: TestClient, crs: str):
    page = feeds.get(ITEMS, params={"crs": crs}).json()["features"]
    lines = [json.loads(line) for line in feeds.get(ITEMS, params={"f": "ndjson", "crs": crs}).text.splitlines()]
    assert [list(one) for one in lines] == [list(one) for one in page]
    assert [list(map(value, one["properties"].items())) for one in lines] == [
        list(map(value, one["properties"].items())) for one in page
    ]
    places = [[shapely.from_geojson(json.dumps(one["geometry"])) for one in each[:2]] for each in (lines, page)]
    # PostGIS and PROJ may round the last of the digits each in its own way.
    assert all(shapely.equals_exact(one, other, 2e-4) for one, other in zip(*places, strict=True))


def test_no_line_is_broken_by_what_a_text_holds(engine: Engine):
    text = "a\nb\r\nc\x85d\u2028e\u2029f\x0bg\x1eh"
    store_parcels(engine, [{"id": text, "name": text, "指标": {text: [text]}}, {"id": "b"}], None)
    with serving_in_process(engine) as client:
        body = client.get(ITEMS, params={"f": "ndjson"}).text
    first, second = (json.loads(line) for line in body.splitlines())
    assert (first["id"], first["properties"]["name"], second["id"]) == (text, text, "b")
    assert first["properties"]["指标"] == {text: [text]}


@pytest.mark.parametrize("chosen", ["csv", "ndjson", "gpkg", "jsonfg"])
@pytest.mark.parametrize("sortby", [None, "-户数", "name,-户数"])
def test_a_cut_file_leads_to_the_next_one(engine: Engine, tmp_path: Path, chosen: str, sortby: str | None):
    records = [{"id": f"{at}", "户数": at % 3 or None, "name": "甲乙丙丁"[at % 4]} for at in range(10)]
    store_parcels(engine, records, None)
    with serving_in_process(engine) as client:
        wanted = [one["id"] for one in client.get(ITEMS, params=_given(sortby=sortby)).json()["features"]]
        found, path = [], f"{ITEMS}?{client.build_request('GET', '/', params=_given(sortby=sortby)).url.query.decode()}"
        path += f"&f={chosen}&limit=3"
        while path:
            answer = client.get(path)
            found.append([row["id"] for row in opened(chosen, answer, tmp_path)[0]])
            path = next_of(chosen, answer)
    assert [len(one) for one in found] == [3, 3, 3, 1]
    assert [one for part in found for one in part] == wanted


def _given(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def next_of(chosen: str, answer) -> str | None:
    """Where the next part is, by the header or by the document."""
    if chosen == "jsonfg":
        return next((link["href"] for link in answer.json()["links"] if link["rel"] == "next"), None)
    found = re.search(r'<([^>]*)>; rel="next"', answer.headers["link"])
    return found and found[1]


def test_jsonfg_says_type_time_place_and_crs(feeds: TestClient):
    answer = feeds.get(ITEMS, params={"f": "jsonfg", "crs": "EPSG:4549"})
    assert answer.headers["content-type"] == "application/vnd.ogc.fg+json"
    assert 'profile/OGC/0/jsonfg-plus>; rel="profile"' in answer.headers["link"]
    document = answer.json()
    assert document["conformsTo"] == [
        "http://www.opengis.net/spec/json-fg-1/1.0/conf/core",
        "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas",
    ]
    assert document["coordRefSys"] == "http://www.opengis.net/def/crs/EPSG/0/4549"
    assert (document["featureType"], document["numberMatched"], document["numberReturned"]) == ("地块", 3, 3)
    assert document["featureSchema"].endswith(f"/api/collections/{quote('地块')}/schema")
    first, _, last = document["features"]
    assert set(first) == {"type", "id", "time", "place", "geometry", "properties"}
    assert first["time"] == {"date": "2024-02-29"}
    (north, east), (lon, lat) = first["place"]["coordinates"][0][0], first["geometry"]["coordinates"][0][0]
    assert pyproj.Transformer.from_crs(4326, 4549).transform(lat, lon) == pytest.approx((north, east), abs=1e-3)
    assert (last["time"], last["place"], last["geometry"]) == (None, None, None)
    assert {"self", "alternate", "collection", "profile"} == {link["rel"] for link in document["links"]}


def test_jsonfg_in_crs84_has_no_place(feeds: TestClient):
    document = feeds.get(ITEMS, params={"f": "jsonfg"}).json()
    assert document["coordRefSys"].endswith("CRS84")
    assert [one["place"] for one in document["features"]] == [None] * 3
    assert shapely.from_geojson(json.dumps(document["features"][0]["geometry"])).equals(COURT)


def test_gdal_reads_jsonfg_in_its_crs(feeds: TestClient, tmp_path: Path):
    (tmp_path / "a.json").write_bytes(feeds.get(ITEMS, params={"f": "jsonfg", "crs": "EPSG:4549"}).content)
    frame = pyogrio.read_dataframe(f"JSONFG:{tmp_path / 'a.json'}")
    assert frame.crs.to_epsg() == 4549
    assert same_place(frame.geometry[0], in_crs(SHAPES, 4549)[0], 1e-3)


def test_one_feature_is_a_document_of_its_own_in_jsonfg(feeds: TestClient):
    document = feeds.get(f"{ITEMS}/330106-{quote('甲')}", params={"f": "jsonfg", "crs": "EPSG:4490"}).json()
    assert (document["type"], document["id"], document["featureType"]) == ("Feature", "330106-甲", "地块")
    assert document["coordRefSys"].endswith("/4490")
    assert document["place"]["coordinates"][0][0][::-1] == document["geometry"]["coordinates"][0][0]
    assert {"self", "collection"} <= {link["rel"] for link in document["links"]}


@pytest.mark.parametrize("chosen", [one for one in EVERY if one != "jsonfg"])
def test_one_feature_is_a_file_too(feeds: TestClient, tmp_path: Path, chosen: str):
    answer = feeds.get(f"{ITEMS}/b/2", params={"f": chosen})
    rows, shapes = opened(chosen, answer, tmp_path)
    assert [row.get("id2", row["id"]) for row in rows] == ["b/2"]
    assert same_place(shapes[0], TWO, 1e-9)
    assert "b_2" in unquote(answer.headers["content-disposition"])
    missing = feeds.get(f"{ITEMS}/d", params={"f": chosen})
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("chosen", "accept", "name"),
    [
        ("csv", "text/csv", "地块.csv"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "地块.xlsx"),
        ("gpkg", "application/geopackage+sqlite3", "地块.gpkg"),
        ("shp", "application/zip", "地块.shp.zip"),
        ("fgb", "application/vnd.flatgeobuf", "地块.fgb"),
        ("parquet", "application/vnd.apache.parquet", "地块.parquet"),
        ("kml", "application/vnd.google-earth.kml+xml", "地块.kml"),
        ("ndjson", "application/x-ndjson", "地块.geojsonl"),
    ],
)
def test_a_file_has_a_name_a_tag_and_links_to_its_rights(feeds: TestClient, chosen: str, accept: str, name: str):
    by_name, by_type = (
        feeds.get(ITEMS, params={"f": chosen}),
        feeds.get(ITEMS, headers={"Accept": f"{accept}, */*;q=.1"}),
    )
    for answer in (by_name, by_type):
        assert answer.headers["content-type"].partition(";")[0] == accept
        assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
        plain_name, full = re.fullmatch(
            r"attachment; filename=\"([\x20-\x7e]+)\"; filename\*=UTF-8''([!-~]+)",
            answer.headers["content-disposition"],
        ).groups()
        assert (plain_name, unquote(full)) == (f"layer_{name[2:]}", name)
        assert "title*=UTF-8''CC-BY-4.0" in answer.headers["link"]
        assert quote("西湖区规划局；测绘院") in answer.headers["link"]
    tag = by_name.headers["etag"]
    held = feeds.get(ITEMS, params={"f": chosen}, headers={"If-None-Match": tag})
    assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", tag)
    assert by_type.headers["etag"] != feeds.get(ITEMS).headers["etag"]


def test_gdal_and_qgis_reading_an_address_get_geojson(feeds: TestClient):
    answer = feeds.get(ITEMS, headers={"Accept": "text/plain, application/json"})
    assert (answer.headers["content-type"], answer.json()["type"]) == ("application/geo+json", "FeatureCollection")
    assert feeds.get(ITEMS, params={"f": "geojsonl"}).headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("chosen", EVERY)
def test_head_tells_what_get_would_and_writes_no_file(feeds: TestClient, chosen: str):
    head, full = feeds.head(ITEMS, params={"f": chosen}), feeds.get(ITEMS, params={"f": chosen})
    assert (head.status_code, head.content) == (200, b"")
    assert "content-length" not in head.headers or head.headers["content-length"] == full.headers["content-length"]
    kept = ("content-type", "content-crs", "etag", "link", "content-disposition", "vary")
    assert [head.headers.get(name) for name in kept] == [full.headers.get(name) for name in kept]
    assert feeds.head(ITEMS, params={"f": chosen, "filter": "没有 = 1"}).status_code == 400


def test_temporary_folders_are_gone_afterwards(feeds: TestClient):
    for chosen in ("gpkg", "xlsx", "shp", "fgb", "parquet"):
        feeds.get(ITEMS, params={"f": chosen})
        feeds.get(ITEMS, params={"f": chosen, "crs": "1"})
    assert list(Path(tempfile.gettempdir()).glob(f"{DOWNLOADS}{os.getpid()}-*")) == []


def test_a_zipped_shapefile_has_encoding_crs_and_notice(feeds: TestClient):
    answer = feeds.get(ITEMS, params={"f": "shp", "crs": "EPSG:4549", "filter": "户数 < 0"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        texts = {name.partition(".")[2]: archive.read(name) for name in archive.namelist()}
        assert all(name.startswith("地块.") for name in archive.namelist())
    assert {"shp", "shx", "dbf", "prj", "cpg", "fields.csv", "shp.source.txt"} == set(texts)
    assert texts["cpg"] == b"UTF-8"
    assert pyproj.CRS.from_wkt(texts["prj"].decode()).to_epsg() == 4549
    said = texts["shp.source.txt"].decode()
    assert "署名 Attribution: 西湖区规划局；测绘院" in said
    assert "许可 Licence: CC-BY-4.0" in said
    assert "filter=户数 < 0" in said


def test_several_shapefiles_hold_features_without_geometry_and_say_where(engine: Engine, tmp_path: Path):
    shapes = [None, shapely.Point(120, 30), COURT, None, shapely.GeometryCollection([shapely.Point(1, 2), COURT])]
    store_parcels(engine, [{"id": str(at)} for at in range(5)], shapes)
    with serving_in_process(engine) as client:
        answer = client.get(ITEMS, params={"f": "shp"})
    assert answer.headers["x-omitted-features"] == "1"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
    held = {
        path.stem: sorted((int(one), shape is None) for one, shape in zip(*ids_and_shapes(path), strict=True))
        for path in tmp_path.glob("*.shp")
    }
    assert held == {"地块_point": [(0, True), (1, False), (3, True)], "地块_polygon": [(2, False)]}
    said = (tmp_path / "地块.shp.source.txt").read_text("utf-8")
    assert "2 features have no geometry and stand in _point" in said
    assert "缺失 Missing: 1 个要素的几何是几何集合" in said


def ids_and_shapes(path: Path) -> tuple[list, list]:
    meta, _, shapes, values = pyogrio.raw.read(path)
    return list(values[list(meta["fields"]).index("id")]), list(shapely.from_wkb(shapes))


@pytest.mark.parametrize("chosen", EVERY)
def test_a_count_of_what_a_file_lacks_stands_in_its_headers(feeds: TestClient, chosen: str):
    answer = feeds.get(ITEMS, params={"f": chosen})
    assert answer.headers.get("x-omitted-features") == ("1" if chosen in WITHOUT_THE_LAST else None)
    whole = feeds.get(ITEMS, params={"f": chosen, "filter": "id <> 'c'"})
    assert "x-omitted-features" not in whole.headers
    exposed = feeds.get(ITEMS, headers={"Origin": "https://a.example"}).headers["access-control-expose-headers"]
    assert {"X-Omitted-Features", "X-Altered-Values"} <= set(exposed.split(", "))


def test_values_that_a_file_cannot_hold_are_counted_in_its_headers(engine: Engine):
    store_parcels(engine, [{"id": "1", "name": "甲" * 100, "地块编号": "乙" * 90}, {"id": "2"}], [COURT, COURT])
    with serving_in_process(engine) as client:
        assert client.get(ITEMS, params={"f": "shp"}).headers["x-altered-values"] == "2"
        assert "x-altered-values" not in client.get(ITEMS, params={"f": "gpkg"}).headers


def test_excel_finds_chinese_numbers_dates_and_sources(feeds: TestClient):
    assert feeds.get(ITEMS, params={"f": "csv"}).content.startswith(b'\xef\xbb\xbf"id",')
    book = openpyxl.load_workbook(io.BytesIO(feeds.get(ITEMS, params={"f": "xlsx"}).content))
    names = [cell.value for cell in next(book.worksheets[0].iter_rows())]
    first = dict(zip(names, next(book.worksheets[0].iter_rows(min_row=2)), strict=True))
    assert (first["面积（亩）"].data_type, first["name"].data_type, first["name"].value) == ("n", "s", "=1+1")
    assert first["出让日期"].is_date
    assert ("许可 Licence", "CC-BY-4.0") in list(book["来源 Sources"].iter_rows(values_only=True))


def test_made_up_data_is_called_so(bureau: TestClient):
    for chosen in [one for one in EVERY if one != "jsonfg"]:
        answer = bureau.get(f"/api/collections/{SAMPLE}/items", params={"f": chosen})
        assert f'filename="{SAMPLE}.synthetic.' in answer.headers["content-disposition"]
    assert bureau.get(f"/api/collections/{SAMPLE}/items", params={"f": "jsonfg"}).json()["synthetic"] is True


@pytest.mark.parametrize("layer", [PARCELS, PLOTS, "labs", "zones", "links", "districts", "enterprises", "water"])
@pytest.mark.parametrize("chosen", EVERY)
def test_layers_of_the_product_and_of_a_bureau_can_be_had(bureau: TestClient, tmp_path: Path, layer: str, chosen: str):
    path = f"/api/collections/{quote(layer)}/items"
    answer = bureau.get(path, params={"f": chosen, "limit": 50})
    assert answer.status_code == 200, answer.text
    if chosen in {"shp", "fgb"}:  # of which there may be several, or which lack features without geometry
        return
    wanted = [one["id"] for one in bureau.get(path, params={"limit": 50}).json()["features"]]
    rows, _ = opened(chosen, answer, tmp_path)
    assert [row.get("id2", row["id"]) for row in rows] == wanted


@pytest.mark.parametrize("chosen", EVERY)
def test_a_plain_table_is_told_what_it_can_be(client: TestClient, tmp_path: Path, chosen: str):
    answer = client.get("/api/collections/policies/items", params={"f": chosen}, headers={"Accept-Language": "en"})
    if chosen in {"kml", "fgb", "shp"}:
        assert answer.status_code == 400
        assert {"csv", "xlsx", "gpkg", "parquet", "ndjson"} <= set(re.findall(r"\w+", answer.json()["detail"]))
        return
    wanted = [one["id"] for one in client.get("/api/collections/policies/items").json()["features"]]
    assert [row["id"] for row in opened(chosen, answer, tmp_path)[0]] == wanted


@pytest.mark.parametrize("chosen", EVERY)
def test_a_question_that_cannot_be_answered_is_a_problem_document(feeds: TestClient, chosen: str):
    faults = {"filter": "户数 <", "sortby": "没有", "properties": "没有", "crs": "EPSG:1", "after": "!", "没有": "1"}
    for name, value in faults.items():
        answer = feeds.get(ITEMS, params={"f": chosen, name: value})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert answer.json()["parameter"] == name
    absent = feeds.get("/api/collections/nothing/items", params={"f": chosen})
    assert absent.status_code == 404


def test_kml_is_refused_in_other_crss(feeds: TestClient):
    answer = feeds.get(ITEMS, params={"f": "kml", "crs": "EPSG:4549"})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "crs")
    assert feeds.get(ITEMS, params={"f": "kml", "crs": "EPSG:4326"}).status_code == 200


@pytest.mark.parametrize("chosen", [one for one in EVERY if one != "kml"])
def test_a_place_beyond_the_crs_is_told_before_the_first_byte(engine: Engine, chosen: str):
    store_parcels(engine, [{"id": "a"}], [shapely.Point(30, 0)])
    with serving_in_process(engine) as client:
        answer = client.get(ITEMS, params={"f": chosen, "crs": "EPSG:4549"})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "crs")
