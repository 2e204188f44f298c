"""Answers of the feeds opened again by the programs that read them: GDAL, Arrow, openpyxl, Python's own readers."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import openpyxl
import pyarrow.parquet
import pyogrio
import shapely

Rows = list[dict[str, Any]]
Opened = tuple[Rows, list[Any]]
NOT_A_COLUMN = ("geometry_wkt", "lon", "lat", "x", "y")


def opened(chosen: str, answer: httpx2.Response, folder: Path) -> Opened:
    """Rows with ``id``, and geometries with x = east, in the order of the file."""
    return OPENERS[chosen](answer.content, folder)


def _ndjson(content: bytes, _folder: Path) -> Opened:
    assert content.endswith(b"\n") or not content
    features = [json.loads(line) for line in content.decode().splitlines()]
    rows = [{"id": one["id"], **one["properties"]} for one in features]
    return rows, [_shape(one["geometry"]) for one in features]


def _jsonfg(content: bytes, _folder: Path) -> Opened:
    document = json.loads(content)
    features = document["features"]
    rows = [{"id": one["id"], **one["properties"]} for one in features]
    return rows, [_shape(one["place"] or one["geometry"]) for one in features]


def _shape(geometry: Any) -> Any:
    return None if geometry is None else shapely.from_geojson(json.dumps(geometry))


def _csv(content: bytes, _folder: Path) -> Opened:
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    shapes = [shapely.from_wkt(row["geometry_wkt"]) if row.get("geometry_wkt") else None for row in rows]
    return [{name: value for name, value in row.items() if name not in NOT_A_COLUMN} for row in rows], shapes


def _xlsx(content: bytes, _folder: Path) -> Opened:
    names, *values = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    rows = [dict(zip(names, row, strict=True)) for row in values]
    shapes = [shapely.from_wkt(row["geometry_wkt"]) if row.get("geometry_wkt") else None for row in rows]
    return [{name: value for name, value in row.items() if name not in NOT_A_COLUMN} for row in rows], shapes


def _parquet(content: bytes, _folder: Path) -> Opened:
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    shapes = shapely.from_wkb(table["geometry"].to_pylist()) if "geometry" in table.column_names else []
    return table.select([name for name in table.column_names if name != "geometry"]).to_pylist(), list(shapes)


def _shapefile(content: bytes, folder: Path) -> Opened:
    """Under the full names, which stand in a table beside it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder / "shp")
    (fields,) = (folder / "shp").glob("*.fields.csv")
    named = list(csv.reader(io.StringIO(fields.read_text("utf-8-sig"))))[1:]
    (path,) = (folder / "shp").glob("*.shp")
    rows, shapes = _gdal(path)
    return [{full: row[short] for short, full, *_ in named} for row in rows], shapes


def _file(ending: str) -> Callable[[bytes, Path], Opened]:
    def read(content: bytes, folder: Path) -> Opened:
        path = folder / f"a{ending}"
        path.write_bytes(content)
        return _gdal(path)

    return read


def _gdal(path: Path) -> Opened:
    meta, table = pyogrio.read_arrow(path)
    geometry = meta["geometry_name"] or "wkb_geometry"
    if geometry not in table.column_names:
        return table.to_pylist(), []
    return table.drop_columns([geometry]).to_pylist(), list(shapely.from_wkb(table[geometry].to_pylist()))


OPENERS: Mapping[str, Callable[[bytes, Path], Opened]] = {
    "ndjson": _ndjson,
    "jsonfg": _jsonfg,
    "csv": _csv,
    "xlsx": _xlsx,
    "parquet": _parquet,
    "shp": _shapefile,
    "gpkg": _file(".gpkg"),
    "fgb": _file(".fgb"),
    "kml": _file(".kml"),
}
