"""What a file is, told by its content, and whether its name says the same.

Names of kinds are those of GDAL's drivers where GDAL reads them. Magic numbers are those of the formats' own
specifications (Esri shapefile 1998, OGC 12-128 GeoPackage, FlatGeobuf 3, Apache Parquet, PKWARE APPNOTE).
"""

import json
import re
from collections.abc import Iterator

SHAPEFILE = "ESRI Shapefile"
GEOPACKAGE = "GPKG"
GEOJSON = "GeoJSON"
GEOJSON_LINES = "GeoJSONSeq"
TOPOJSON = "TopoJSON"
JSON_FG = "JSONFG"
ESRI_JSON = "ESRIJSON"
FLATGEOBUF = "FlatGeobuf"
PARQUET = "Parquet"
KML = "LIBKML"
GML = "GML"
GPX = "GPX"
DXF = "DXF"
MAPINFO = "MapInfo File"
FILE_GEODATABASE = "OpenFileGDB"
CSV = "CSV"
XLSX = "XLSX"
ARCHIVE = "ZIP"
VIRTUAL = "virtual"
HEAD_BYTES = 256 * 1024

_JSON_KINDS = frozenset({GEOJSON, GEOJSON_LINES, TOPOJSON, JSON_FG, ESRI_JSON})
# What may stand in a file of this extension.
CLAIMS = {
    ".shp": frozenset({SHAPEFILE}),
    ".gpkg": frozenset({GEOPACKAGE}),
    ".geojson": _JSON_KINDS,
    ".json": _JSON_KINDS,
    ".jsonfg": _JSON_KINDS,
    ".topojson": _JSON_KINDS,
    ".esrijson": _JSON_KINDS,
    ".geojsonl": _JSON_KINDS,
    ".geojsonseq": _JSON_KINDS,
    ".geojsons": _JSON_KINDS,
    ".ndjson": _JSON_KINDS,
    ".jsonl": _JSON_KINDS,
    ".fgb": frozenset({FLATGEOBUF}),
    ".parquet": frozenset({PARQUET}),
    ".geoparquet": frozenset({PARQUET}),
    ".kml": frozenset({KML}),
    ".kmz": frozenset({ARCHIVE}),
    ".gml": frozenset({GML}),
    ".xml": frozenset({GML, KML, GPX}),
    ".gpx": frozenset({GPX}),
    ".dxf": frozenset({DXF}),
    ".tab": frozenset({MAPINFO}),
    ".mif": frozenset({MAPINFO}),
    ".csv": frozenset({CSV}),
    ".tsv": frozenset({CSV}),
    ".txt": frozenset({CSV}),
    ".xlsx": frozenset({XLSX}),
    ".zip": frozenset({ARCHIVE}),
}
# What a file that is not read is called, in Chinese and English, and what to turn it into.
STRANGERS = {
    "XLS": ("旧版 Excel 或 Office 文件（.xls/.doc）", "an old Excel or Office file", "XLSX"),
    "DWG": ("AutoCAD DWG", "an AutoCAD DWG drawing", "DXF"),
    "RAR": ("RAR 压缩包", "a RAR archive", "ZIP"),
    "7Z": ("7z 压缩包", "a 7z archive", "ZIP"),
    "GZIP": ("gzip 压缩文件", "a gzip file", "ZIP"),
    "MDB": ("Access 数据库（.mdb/.accdb）", "an Access database", "GeoPackage"),
    "PDF": ("PDF 文档", "a PDF document", "GeoPackage"),
    "PNG": ("PNG 图片", "a PNG picture", "GeoPackage"),
    "JPEG": ("JPEG 图片", "a JPEG picture", "GeoPackage"),
    "GIF": ("GIF 图片", "a GIF picture", "GeoPackage"),
    "TIFF": ("TIFF 图片", "a TIFF picture", "GeoPackage"),
    "SQLite": ("不是 GeoPackage 的 SQLite 数据库", "an SQLite database that is no GeoPackage", "GeoPackage"),
    "DBF": ("无图形的 dBase 表", "a dBase table without shapes", "CSV"),
    "HTML": ("网页（HTML）", "a web page (HTML)", "GeoJSON"),
    "XML": ("不含地理要素的 XML", "XML without features", "GeoJSON"),
    "JSON": ("不含地理要素的 JSON", "JSON without features", "GeoJSON"),
    "text": ("纯文本", "plain text", "CSV"),
    "binary": ("无法识别的二进制文件", "a binary file of no known kind", "GeoPackage"),
}
_MAGIC = (
    (b"\x00\x00\x27\x0a", SHAPEFILE),
    (b"fgb\x03fgb", FLATGEOBUF),
    (b"PAR1", PARQUET),
    (b"PK\x03\x04", ARCHIVE),
    (b"PK\x05\x06", ARCHIVE),
    (b"\xd0\xcf\x11\xe0", "XLS"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7Z"),
    (b"\x1f\x8b", "GZIP"),
    (b"\x00\x01\x00\x00Standard", "MDB"),
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"AutoCAD Binary DXF", DXF),
)
_GEOMETRY_TYPES = frozenset(
    {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}
)
_VIRTUAL_ROOTS = re.compile(
    r"(OGRVRTDataSource|VRTDataset|OGRWFSDataSource|OGCAPI\w*|GDAL_\w+|GDALTileIndexDataset|WFS_Capabilities|"
    r"WMS_Capabilities|WMT_MS_Capabilities|Capabilities|ServiceExceptionReport|ExceptionReport|CSWDataSource)",
)
# A 界址点 file begins with a heading in brackets.
_JSON_START = re.compile(r"""\{|\x1e|\[\s*(?:[\[{"\]\d-]|true|false|null)""")
_PROLOG = re.compile(r"\s*(<\?.*?\?>|<!--.*?-->)", re.DOTALL)
_ROOT = re.compile(r"\s*<(?:[\w.-]+:)?([\w.-]+)([^>]*)", re.DOTALL)


def content_kind(head: bytes) -> str:
    """The kind that the first bytes of a file show: one of this module's, a key of ``STRANGERS``, or ``VIRTUAL``."""
    magic = next((kind for start, kind in _MAGIC if head.startswith(start)), None)
    if magic:
        return magic
    if head.startswith(b"SQLite format 3\x00"):
        return GEOPACKAGE if head[68:70] == b"GP" or b"gpkg_contents" in head else "SQLite"
    if re.match(rb"AC10\d\d\x00", head):
        return "DWG"
    text = as_text(head)
    return _binary_kind(head) if text is None else _text_kind(text)


def as_text(head: bytes) -> str | None:
    """The first bytes as text, good for finding ASCII words in it; None where they are no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
    if b"\x00" in head:
        return None
    return head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace")


def _binary_kind(head: bytes) -> str:
    """A dBase table begins with its version and a plausible date."""
    return "DBF" if re.match(rb"[\x03\x30\x83\x8b\xf5].[\x01-\x0c][\x01-\x1f]", head, re.DOTALL) else "binary"


def _text_kind(text: str) -> str:
    start = text.lstrip()
    if start.startswith("<"):
        return _xml_kind(start)
    if _JSON_START.match(start):
        return _json_kind(start)
    if re.match(r"(999\s*\n[^\n]*\n\s*)*0\s*\n\s*SECTION", start):
        return DXF
    if re.match(r"!table", start, re.IGNORECASE):
        return _tab_kind(start)
    if re.match(r"version\s+\d+\s", start, re.IGNORECASE) and re.search(
        r"^\s*columns\s", start, re.IGNORECASE | re.MULTILINE
    ):
        return MAPINFO
    return CSV


def _tab_kind(text: str) -> str:
    """A MapInfo table proper; one that is a view of other tables, or links to a database, is virtual."""
    linked = r"^\s*(type\s+(?!native\b)\w|open\s+table\b|create\s+view\b)"
    return VIRTUAL if re.search(linked, text, re.IGNORECASE | re.MULTILINE) else MAPINFO


def _xml_kind(text: str) -> str:
    while prolog := _PROLOG.match(text):
        text = text[prolog.end() :]
    if re.match(r"\s*<!DOCTYPE\s+html", text, re.IGNORECASE):
        return "HTML"
    if re.match(r"\s*<!", text):
        return VIRTUAL
    root = _ROOT.match(text)
    return _root_kind(root.group(1), text) if root else "XML"


def _root_kind(root: str, text: str) -> str:
    if _VIRTUAL_ROOTS.fullmatch(root):
        return VIRTUAL
    by_root = {"kml": KML, "gpx": GPX, "html": "HTML"}.get(root.lower())
    if by_root:
        return by_root
    return GML if "opengis.net/gml" in text else "XML"


def _json_kind(text: str) -> str:
    if '"gdal_streamed_alg"' in text:
        return VIRTUAL
    if text.startswith("\x1e") or re.match(r"\{[^\n]*\}\s*\r?\n\x1e?\{", text):
        return GEOJSON_LINES
    if text.startswith("["):
        return "JSON"
    members = dict(top_members(text))
    return _object_kind(members, text)


def _object_kind(members: dict[str, object], text: str) -> str:
    of_type = members.get("type")
    if of_type == "Topology":
        return TOPOJSON
    if of_type in {"FeatureCollection", "Feature"}:
        features_only = {"conformsTo", "coordRefSys", "featureType", "featureSchema", "geometryDimension"}
        return JSON_FG if features_only & members.keys() or re.search(r'"place"\s*:\s*\{', text) else GEOJSON
    if of_type in _GEOMETRY_TYPES:
        return GEOJSON
    if "features" in members:
        return ESRI_JSON if {"geometryType", "spatialReference", "displayFieldName"} & members.keys() else GEOJSON
    return VIRTUAL if {"links", "conformsTo", "collections", "tiles", "services"} & members.keys() else "JSON"


def top_members(text: str) -> Iterator[tuple[str, object]]:
    """The members of the JSON object that ``text`` begins with, as far as it goes; compound values are None."""
    token = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
    depth, key, pending = 0, None, None
    for match in token.finditer(text):
        piece = match.group()
        if piece in "{[":
            if depth == 1 and key is not None:
                yield key, None
                key = None
            depth += 1
        elif piece in "}]":
            depth -= 1
            if depth == 0:
                return
        elif depth == 1:
            if piece == ":":
                key, pending = pending, None
            elif piece != "," and key is not None:
                yield key, _scalar(piece)
                key = None
            elif piece.startswith('"'):
                pending = _scalar(piece)


def _scalar(piece: str) -> str:
    try:
        return str(json.loads(piece, strict=False))
    except ValueError:
        return piece.strip('"')
