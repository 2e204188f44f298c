"""GDAL, unchanged, reads the feeds on both engines: the distribution's programs and the library inside pyogrio."""

import math
import re
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import geopandas
import httpx2
import pandas as pd
import pyogrio
import pytest
import shapely

from connected import COUNT, PARCELS, TYPED, Wire, parcels, run

Read = Callable[..., geopandas.GeoDataFrame]
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
ITEMS = f"/api/collections/{quote(PARCELS)}/items"


def by_programs(folder: Path) -> Read:
    """``read`` by the distribution's ogr2ogr, through a GeoPackage."""

    def read(source: str, layer: str | None = None, **told: Any) -> geopandas.GeoDataFrame:
        where, bbox = told.pop("where", None), told.pop("bbox", None)
        options = [part for name, value in told.items() for part in ("-oo", f"{name}={value}")]
        options += ["-where", where] if where else []
        options += ["-spat", *map(str, bbox)] if bbox else []
        target = folder / "out.gpkg"
        target.unlink(missing_ok=True)
        command = ["ogr2ogr", target, source, *([layer] if layer else []), "-nln", "out", "-lco", "FID=ogc_fid"]
        run(*command, *options)
        return pyogrio.read_dataframe(target)

    return read


@pytest.fixture(params=["programs", "pyogrio"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    """``read(source, layer, where=…, bbox=…, …)`` by either GDAL; what is not named is an option of its driver."""
    return by_programs(tmp_path) if request.param == "programs" else pyogrio.read_dataframe


def test_every_layer_is_listed_and_counted_by_both(served_on: str):
    told = httpx2.get(f"{served_on}/api/collections").json()["collections"]
    counts = {one["id"]: one["featureCount"] for one in told}
    assert {PARCELS: COUNT, TYPED: 3}.items() <= counts.items()
    assert [name for name, _ in pyogrio.list_layers(f"OAPIF:{served_on}/api")] == list(counts)
    printed = run("ogrinfo", "-ro", "-so", "-al", f"OAPIF:{served_on}/api")
    lines = [line for line in printed.splitlines() if line.startswith(("Layer name: ", "Feature Count: "))]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    assert {name.split(": ")[1]: int(count.split(": ")[1]) for name, count in pairs} == counts


def test_every_feature_of_every_layer_arrives_once(served_on: str):
    for one in httpx2.get(f"{served_on}/api/collections").json()["collections"]:
        frame = pyogrio.read_dataframe(f"OAPIF:{served_on}/api", layer=one["id"])
        assert frame["id"].is_unique
        assert len(frame) == one["featureCount"], one["id"]


def test_paging_gives_every_id_once_in_order(wire: Wire, read: Read):
    frame = read(f"OAPIF:{wire.address}/api", PARCELS, PAGE_SIZE="400")
    assert list(frame["id"]) == list(parcels()["编号"])
    followed = [one.query["after"] for one in wire.items(PARCELS) if "after" in one.query]
    assert len(followed) == len(set(followed)) == 6


def test_a_copy_equals_its_source(served_on: str, read: Read):
    frame, source = read(f"OAPIF:{served_on}/api", PARCELS), parcels()
    for name in set(source.columns) - {"geometry", "出让日期"}:
        assert list(frame[name].astype(object).where(frame[name].notna(), None)) == list(
            source[name].astype(object).where(source[name].notna(), None)
        ), name
    assert [str(one)[:10] for one in frame["出让日期"]] == [str(one) for one in source["出让日期"]]
    apart = shapely.hausdorff_distance(frame.to_crs(4549).geometry.values, source.geometry.values)
    assert apart.max() < 0.002  # two roundings of 8 decimals of a degree


def test_fields_have_their_types(served_on: str):
    info = pyogrio.read_info(f"OAPIF:{served_on}/api", layer=PARCELS)
    types = dict(zip(info["fields"], zip(info["ogr_types"], info["ogr_subtypes"], strict=True), strict=True))
    whole, text, real = ("OFTInteger", "OFSTNone"), ("OFTString", "OFSTNone"), ("OFTReal", "OFSTNone")
    assert types == {
        "id": text, "编号": text, "地块名称": text, "用地类别": text, "面积": real, "起始价": real, "户数": whole,
        "已出让": ("OFTInteger", "OFSTBoolean"), "出让日期": ("OFTDate", "OFSTNone"),
    }  # fmt: skip


def test_a_feature_of_every_type_is_read_by_the_programs(served_on: str):
    printed = run("ogrinfo", "-ro", f"OAPIF:{served_on}/api", TYPED)
    first, second, third = printed.split(f"OGRFeature({TYPED})")[1:]
    told = dict(line.strip().split(" = ", 1) for line in first.splitlines() if " = " in line)
    assert told == {
        "id (String)": "甲/1", "地块编号 (String)": "余政储出〔2024〕1号", "name (String)": "一号地",
        "面积（亩） (Real)": "12.5", "容积率 (Real)": "2", "户数 (Integer64)": str(2**40),
        "已出让 (Integer(Boolean))": "1", "出让日期 (Date)": "2024/05/06", "开市 (Time)": "09:30:00",
        "登记时间 (DateTime)": "2024/05/06 07:08:09", "更新 (DateTime)": "2024/05/06 07:08:09+00",
        "细分领域 (StringList)": "(2:合成生物,酶)", "指标 (String(JSON))": '{ "税收": 1.5 }',
    }  # fmt: skip
    assert second.count("= (null)") == len(told) - 1
    assert "POINT (120.04 30.285)" in second
    assert not [line for line in third.splitlines() if "POINT" in line or "POLYGON" in line]


def test_a_box_is_asked_of_the_service(wire: Wire, read: Read):
    box = (120.01, 30.275, 120.0231, 30.2799)
    frame = read(f"OAPIF:{wire.address}/api", PARCELS, bbox=box)
    asked = [one.query["bbox"] for one in wire.items(PARCELS) if "bbox" in one.query]
    assert asked
    inside = parcels().to_crs(4326).intersects(shapely.box(*box))
    assert 0 < len(frame) < COUNT
    assert list(frame["id"]) == list(parcels()["编号"][inside])


# What GDAL is asked for, and the same in pandas.
FILTERS = {
    "用地类别 = 'M3'": "用地类别 == 'M3'",
    "户数 = 3 AND 用地类别 = 'M2'": "户数 == 3 and 用地类别 == 'M2'",
    "面积 > 300 OR 面积 <= 1.5": "面积 > 300 or 面积 <= 1.5",
    "面积 BETWEEN 10 AND 12.5": "面积 >= 10 and 面积 <= 12.5",
    "地块名称 LIKE '第24%'": "地块名称.str.startswith('第24')",
    "用地类别 ILIKE 'm1'": "用地类别 == 'M1'",
    "NOT 用地类别 = 'M1'": "用地类别 != 'M1'",
    "起始价 IS NULL": "起始价.isna()",
    "出让日期 = '2024/03/01'": "出让日期.astype('str') == '2024-03-01'",
    "出让日期 >= '2024/12/30'": "出让日期.astype('str') >= '2024-12-30'",
    "已出让 = 1": "已出让",
}


# Starting a program for each would take its time: some of them show that the older driver sends the same.
BY_BOTH = [("pyogrio", where) for where in FILTERS] + [("programs", where) for where in list(FILTERS)[1::3]]


@pytest.mark.parametrize(("read", "where"), BY_BOTH, indirect=["read"])
def test_a_filter_is_asked_of_the_service(wire: Wire, read: Read, where: str):
    quoted = re.sub("|".join(parcels().columns), r'"\g<0>"', where)  # GDAL reads Chinese names in quotes only
    frame = read(f"OAPIF:{wire.address}/api", PARCELS, where=quoted)
    assert list(frame["id"]) == list(parcels().query(FILTERS[where])["编号"])
    last = wire.items(PARCELS)[-1].query
    assert last.keys() & {"filter", "datetime"} or last.keys() & set(parcels().columns), "GDAL filtered by itself"


def test_one_feature_is_asked_by_its_chinese_id(wire: Wire, read: Read):
    frame = read(f"OAPIF:{wire.address}/api", PARCELS, where="id = '余杭-0007'")
    assert list(frame["地块名称"]) == ["第7号地块"]
    assert f"/api/collections/{PARCELS}/items/余杭-0007" in {one.path for one in wire.asked}


@pytest.mark.parametrize("crs", [4549, 4528, 4490, 3857])
def test_coordinates_come_in_the_crs_asked_for(wire: Wire, crs: int):
    frame = pyogrio.read_dataframe(f"OAPIF:{wire.address}/api", layer=PARCELS, CRS=f"EPSG:{crs}")
    assert frame.crs == f"EPSG:{crs}"
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{crs}"
    assert wire.items(PARCELS)[-1].query["crs"] == uri
    expected = parcels().to_crs(crs)
    apart = shapely.hausdorff_distance(frame.geometry.values, expected.geometry.values)
    assert apart.max() < (0.002 if expected.crs.is_projected else 2e-8)
    box = (120.01, 30.275, 120.0231, 30.2799)
    some = pyogrio.read_dataframe(f"OAPIF:{wire.address}/api", layer=PARCELS, CRS="EPSG:4549", bbox=_in(4549, box))
    assert wire.items(PARCELS)[-1].query["bbox-crs"].endswith("/4549")
    assert 0 < len(some) < COUNT


def _in(crs: int, box: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(geopandas.GeoSeries([shapely.box(*box)], crs=4326).to_crs(crs).total_bounds)


@pytest.mark.parametrize("prefix", ["", "/vsicurl_streaming/"])
def test_an_address_of_features_is_a_geojson_file(wire: Wire, tmp_path: Path, prefix: str):
    frame = by_programs(tmp_path)(f"{prefix}{wire.address}{ITEMS}?limit={COUNT}")
    assert list(frame["编号"]) == list(parcels()["编号"])
    assert list(frame["出让日期"].astype(str).str[:10]) == list(parcels()["出让日期"].astype(str))
    accepted = {one.headers["Accept"] for one in wire.items(PARCELS)}
    assert accepted == ({"*/*"} if prefix else {"text/plain, application/json"})


def test_geopandas_reads_an_address_of_features(served_on: str):
    for address in (f"{served_on}{ITEMS}?limit={COUNT}", f"/vsicurl_streaming/{served_on}{ITEMS}?limit={COUNT}"):
        assert list(geopandas.read_file(address)["编号"]) == list(parcels()["编号"])


def test_every_download_is_read_by_its_address(served_on: str):
    address, ids = f"{served_on}{ITEMS}?f=", list(parcels()["编号"])
    for name in ("fgb", "kml", "jsonfg&limit=10000"):
        assert sorted(geopandas.read_file(f"{address}{name}")["编号"]) == ids, name
    for name, driver in (("fgb", ""), ("ndjson", "GeoJSONSeq:"), ("csv", "CSV:")):
        printed = run("ogrinfo", "-ro", "-so", "-al", f"{driver}/vsicurl_streaming/{address}{name}")
        assert f"Feature Count: {COUNT}" in printed
        assert "地块名称: String" in printed
    assert list(pd.read_csv(f"{address}csv")["编号"]) == ids
    assert list(pd.read_excel(f"{address}xlsx")["编号"]) == ids
    assert list(geopandas.read_parquet(BytesIO(httpx2.get(f"{address}parquet").content))["编号"]) == ids


def test_a_tile_is_read_where_its_features_are(served_on: str, tmp_path: Path):
    row, zoom = parcels().to_crs(4326).iloc[1275], 14
    lon, lat = row.geometry.centroid.coords[0]
    col = int((lon + 180) / 360 * 2**zoom)
    line = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    address = f"{served_on}/api/collections/{quote(PARCELS)}/tiles/WebMercatorQuad/{zoom}/{line}/{col}"
    (tmp_path / "tile.mvt").write_bytes(httpx2.get(address).content)
    tile = pyogrio.read_dataframe(tmp_path / "tile.mvt", X=col, Y=line, Z=zoom, layer=PARCELS).set_index("编号")
    assert tile.crs == "EPSG:3857"
    found, there = tile.loc[row["编号"]], parcels().to_crs(3857).geometry[1275]
    assert (found["mvt_id"], found["地块名称"], found["已出让"]) == (1276, row["地块名称"], row["已出让"])
    assert found.geometry.hausdorff_distance(there) < 1.0  # a unit of a tile at this zoom is 0.6 m


@pytest.mark.parametrize("kind", ["sh", "python"])
def test_the_commands_of_the_readme_run(served_on: str, tmp_path: Path, kind: str):
    blocks = re.findall(rf"^```{kind}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    script = next(block for block in blocks if "OAPIF:" in block).replace("http://127.0.0.1:8000", served_on)
    run(*{"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[kind], script, cwd=tmp_path)
