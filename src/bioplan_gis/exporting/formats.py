"""The kinds of files that a layer can be written as, known by their extensions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bioplan_gis.errors import ParameterError
from bioplan_gis.exporting.dxf import write_dxf
from bioplan_gis.exporting.geojson import write_geojson, write_ndjson
from bioplan_gis.exporting.kml import write_kml
from bioplan_gis.exporting.outgoing import Outgoing, Written
from bioplan_gis.exporting.parquet import write_parquet
from bioplan_gis.exporting.shapefiles import write_shapefile
from bioplan_gis.exporting.sheets import write_csv
from bioplan_gis.exporting.vectors import write_flatgeobuf, write_gpkg
from bioplan_gis.exporting.workbooks import write_workbook

LONGITUDE_LATITUDE = "EPSG:4326"


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes:
        id: by which it is asked for.
        name: as people call it.
        extensions: of its files, with the dot, the usual one first.
        write: writes a layer to a file, and what belongs beside it.
        only_lonlat: whether its standard allows longitude and latitude in WGS 84 only.
        needs_geometry: whether a plain table cannot be written as it.
        needs_notice: whether licence and attribution must stand in a text beside it.
    """

    id: str
    name: str
    extensions: tuple[str, ...]
    write: Callable[[Outgoing, Path], Written]
    only_lonlat: bool = False
    needs_geometry: bool = False
    needs_notice: bool = False


FORMATS: Mapping[str, Format] = {
    each.id: each
    for each in (
        Format("geojson", "GeoJSON", (".geojson", ".json"), write_geojson, only_lonlat=True),
        Format("gpkg", "GeoPackage", (".gpkg",), write_gpkg),
        Format("shp", "Shapefile", (".shp",), write_shapefile, needs_notice=True),
        Format("fgb", "FlatGeobuf", (".fgb",), write_flatgeobuf, needs_geometry=True, needs_notice=True),
        Format("parquet", "GeoParquet", (".parquet", ".geoparquet"), write_parquet),
        Format("kml", "KML", (".kml",), write_kml, only_lonlat=True, needs_geometry=True),
        Format("csv", "CSV", (".csv",), write_csv, needs_notice=True),
        Format("xlsx", "XLSX", (".xlsx",), write_workbook),
        Format("dxf", "DXF", (".dxf",), write_dxf, needs_geometry=True, needs_notice=True),
        Format(
            "ndjson",
            "GeoJSON 行 newline-delimited GeoJSON",
            (".geojsonl", ".ndjson", ".jsonl"),
            write_ndjson,
            only_lonlat=True,
            needs_notice=True,
        ),
    )
}


def format_of(name: str | None, target: str) -> Format:
    """The format of that id, or of a file's extension.

    Raises:
        ParameterError: there is none; the error lists those that there are.
    """
    if name is not None and name.casefold() in FORMATS:
        return FORMATS[name.casefold()]
    extension = Path(target).suffix.casefold()
    for each in FORMATS.values() if name is None else ():
        if extension in each.extensions:
            return each
    known = "、".join(f"{each.extensions[0]} ({each.name})" for each in FORMATS.values())
    raise ParameterError(
        "to" if name is None else "format",
        target if name is None else name,
        f"不知道“{name or target}”是什么格式；可用的扩展名：{known}。",
        f"“{name or target}” is of no known format; there are: {known.replace('、', ', ')}.",
    )
