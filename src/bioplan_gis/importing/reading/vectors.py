"""Files that GDAL reads, as Arrow batches, with the names and types that stand in the file."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FieldError, GeometryError
from pyogrio.raw import open_arrow

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.reading import (
    completeness,
    curves,
    drawings,
    feature_ids,
    geojson_losses,
    kinds,
    moments,
    sources,
    texts,
    transcoding,
)
from bioplan_gis.importing.reading.encodings import DbfText, dbf_text
from bioplan_gis.importing.reading.files import GivenFile
from bioplan_gis.importing.reading.sources import SourceLayer
from bioplan_gis.importing.rows import Batch, Facts, Note, Reading, Rows

_FAMILIES = {
    "Point": "POINT",
    "LineString": "LINESTRING",
    "CircularString": "LINESTRING",
    "CompoundCurve": "LINESTRING",
    "Curve": "LINESTRING",
    "Polygon": "POLYGON",
    "CurvePolygon": "POLYGON",
    "Surface": "POLYGON",
    "Triangle": "POLYGON",
    "TIN": "POLYGON",
    "PolyhedralSurface": "POLYGON",
}
# In formats whose CRS is WGS 84 by definition, GDAL says another one where there are heights.
_WGS84_KINDS = {kinds.GEOJSON, kinds.GEOJSON_LINES, kinds.TOPOJSON, kinds.KML, kinds.GPX}
_JSON_KINDS = {kinds.GEOJSON, kinds.GEOJSON_LINES}
_PRIMARY_KEYS = {"fid", "ogc_fid", "objectid", "gid", "ogr_fid"}
_KEPT_OF_KML = {"id", "Name", "name", "Description", "description"}
# What GDAL puts where a KML says nothing.
_KML_DEFAULTS = {
    "altitudeMode": None,
    "tessellate": -1,
    "extrude": 0,
    "visibility": -1,
    "drawOrder": None,
    "icon": None,
}
_UNREAD = ".unread"
_MOST_PRJ_BYTES = 65_536
_BATCH_BYTES = 64 * 1024**2
_KML_BATCH_ROWS = 10_000
_KML_OWN = {*_KML_DEFAULTS, "timestamp", "begin", "end", *_KEPT_OF_KML}
_TROUBLES = (
    DataSourceError,
    DataLayerError,
    CRSError,
    FieldError,
    GeometryError,
    pa.ArrowException,
    UnicodeError,
    ValueError,
    OSError,
)


@dataclass(frozen=True)
class _Opened:
    """An open layer, before its rows.

    Attributes:
        file: of which it is a layer.
        layer: the one that is read.
        info: what GDAL says of it.
        stream: its rows.
        closing: what closes it.
        text: how a dBase table is to be decoded; None for other kinds.
        ids: of its features, where GDAL would lose them.
        dropped: columns that stand in no file.
        first: the first rows, taken to look at; without any where there are none.
        moments: types of the columns that hold moments.
        long_integers: by column, whole numbers that GDAL would round, as texts.
    """

    file: GivenFile
    layer: SourceLayer
    info: dict[str, Any]
    stream: pa.RecordBatchReader
    closing: ExitStack
    text: DbfText | None
    ids: pa.Array | None
    dropped: frozenset[str]
    first: pa.RecordBatch
    moments: Mapping[str, pa.DataType]
    long_integers: Mapping[str, pa.Array]

    @cached_property
    def has_geometry(self) -> NDArray[np.bool_]:
        """For each feature of a GeoJSON, whether it says that it has a geometry."""
        return geojson_losses.said_geometries(self.file.path)

    @property
    def geometry(self) -> str:
        """Name of the column of geometry."""
        return str(self.info["geometry_name"] or "wkb_geometry")

    @property
    def curved(self) -> int:
        """How many of the first rows have arcs."""
        named = self.geometry in self.first.schema.names
        return curves.straightened(self.first.column(self.geometry))[1] if named else 0


def read(file: GivenFile, reading: Reading, batch_rows: int) -> Rows:
    """Open a file of a kind that GDAL reads.

    Raises:
        UnreadableFileError: GDAL cannot read it; its own words stand at the end of the sentence.
        UncertainFileError: it has several layers and none was chosen.
        ParameterError: the encoding that the user says is none.
    """
    with _explained(file), ExitStack() as closing:
        completeness.check_whole(file)
        unread = _set_damaged_prj_aside(file)
        layers = sources.source_layers(file)
        layer = sources.chosen(file, layers, reading.source_layer)
        text = _text(file, reading)
        # To count the features of a GeoJSON would read it once more.
        info = {"features": -1} if file.kind in _JSON_KINDS else sources.described(file, layer.name)
        meta, stream = closing.enter_context(_stream(file, layer, info, _fitting_rows(file, info, batch_rows)))
        info |= {**meta, "expected": completeness.expected_rows(file, info)}
        dropped = frozenset(_empty_columns_of_kml(file, layer, info))
        ids = _ids(file, info)
        first = next(stream, None) or pa.RecordBatch.from_pylist([], stream.schema)
        types = _moment_types(file, layer, info, first)
        long = geojson_losses.long_integers(file.path, first) if file.kind in _JSON_KINDS else {}
        opened = _Opened(file, layer, info, stream, closing.pop_all(), text, ids, dropped, first, types, long)
        facts = _facts(opened, layers, unread)
    return Rows(facts, _batches(opened))


def layer_names(file: GivenFile) -> tuple[str, ...]:
    """Names of the layers of a file; a format of one layer has its file's name.

    Raises:
        UnreadableFileError: GDAL cannot read it.
    """
    with _explained(file):
        return tuple(sources.shown_name(file, layer) for layer in sources.source_layers(file))


def _text(file: GivenFile, reading: Reading) -> DbfText | None:
    table, page = file.path.with_suffix(".dbf"), file.path.with_suffix(".cpg")
    if file.kind != kinds.SHAPEFILE or not table.exists():
        return None
    return dbf_text(table, page if page.exists() else None, reading.encoding)


def _ids(file: GivenFile, info: dict[str, Any]) -> pa.Array | None:
    """Ids of GeoJSON features that GDAL would take for its own numbering."""
    if file.kind not in _JSON_KINDS or "id" in info["fields"]:
        return None
    return feature_ids.feature_ids(file.path)


def _moment_types(
    file: GivenFile, layer: SourceLayer, info: dict[str, Any], first: pa.RecordBatch
) -> dict[str, pa.DataType]:
    """What its columns of moments hold; where the first rows have none, those that follow tell."""
    named = zip(info["fields"], info["ogr_types"], strict=True)
    names = [name for name, of_type in named if of_type == "OFTDateTime" and name in first.schema.names]
    if all(first.column(name).null_count < first.num_rows for name in names):
        return moments.moment_types(names, iter([first]))
    with _stream(file, layer, info, max(1, first.num_rows), read_geometry=False) as (_, stream):
        return moments.moment_types(names, stream)


def _facts(opened: _Opened, layers: tuple[SourceLayer, ...], unread: tuple[Note, ...]) -> Facts:
    file, layer, info, text = opened.file, opened.layer, opened.info, opened.text
    named = len(layers) > 1 or layer.name not in {None, sources.UNNAMED} or file.title != file.original.stem
    return Facts(
        kind=file.kind,
        source_layer=sources.shown_name(file, layer) if named else None,
        other_layers=tuple(sources.shown_name(file, other) for other in layers if other is not layer),
        crs=_crs(file, info["crs"]),
        crs_text=_crs_text(file),
        encoding=text.encoding if text else None,
        encoding_certain=text is None or text.certain,
        encoding_evidence=text.evidence if text else (),
        geometry_family=_family(info["geometry_type"]),
        row_count=info["expected"],
        notes=(*file.notes, *unread, *_notes(opened)),
    )


def _notes(opened: _Opened) -> Iterator[Note]:
    if opened.text is not None:
        yield from texts.cut_values(opened.file.path.with_suffix(".dbf"), opened.text)
    if opened.file.kind == kinds.DXF:
        yield drawings.NOTE
    if opened.long_integers:
        yield geojson_losses.long_integers_note(opened.long_integers)
    if opened.curved:
        yield Note(
            f"圆弧按每 {curves.DEGREES_A_SEGMENT:.0f}° 一段化为折线，偏差不超过半径的 {curves.OFF_THE_ARC_SHARE:.2%}"
            f"（前 {opened.first.num_rows:,} 行中有 {opened.curved:,} 个）",
            f"arcs are drawn as segments of at most {curves.DEGREES_A_SEGMENT:.0f}°, which are off the arc by at most "
            f"{curves.OFF_THE_ARC_SHARE:.2%} of its radius ({opened.curved:,} of the first "
            f"{opened.first.num_rows:,} rows)",
        )


def _family(geometry_type: str | None) -> str | None:
    plain = (geometry_type or "").removeprefix("2.5D ").removeprefix("Measured ").removeprefix("3D ").split(" ")[0]
    return _FAMILIES.get(plain.removeprefix("Multi"))


def _crs(file: GivenFile, crs: str | None) -> str | None:
    """None where a GeoPackage says by its srs -1 or 0 that it does not know."""
    if crs is None or crs.startswith(('LOCAL_CS["Undefined', 'GEOGCS["Undefined', 'ENGCRS["Undefined')):
        return None
    return "EPSG:4326" if file.kind in _WGS84_KINDS and crs == "EPSG:4979" else crs


def _crs_text(file: GivenFile) -> str | None:
    for prj in (file.path.with_suffix(".prj"), file.path.with_suffix(_UNREAD)):
        if file.kind == kinds.SHAPEFILE and prj.exists():
            raw = prj.read_bytes()[:_MOST_PRJ_BYTES]
            text = raw.decode("utf-8", "replace")
            return raw.decode("gb18030", "replace") if "\ufffd" in text else text
    return None


def _set_damaged_prj_aside(file: GivenFile) -> tuple[Note, ...]:
    """A ``.prj`` that GDAL cannot read must not keep the shapes from being read: the user can tell the CRS."""
    prj = file.path.with_suffix(".prj")
    if file.kind != kinds.SHAPEFILE or not prj.exists():
        return ()
    try:
        sources.described(file, None)
    except CRSError:
        prj.rename(prj.with_suffix(_UNREAD))
        return (
            Note(
                ".prj 已损坏或无法识别，按没有坐标系处理；请用 --crs 指定",
                "the .prj is damaged or not understood and counts as none; say the CRS with --crs",
            ),
        )
    return ()


def _fitting_rows(file: GivenFile, info: Mapping[str, Any], asked: int) -> int:
    """As many rows a batch as asked for, or as few as keep a batch small where rows are long."""
    if info["features"] <= 0 or not file.path.is_file():
        return asked
    return max(1, min(asked, _BATCH_BYTES * int(info["features"]) // file.path.stat().st_size))


def _batches(opened: _Opened) -> Iterator[Batch]:
    with _explained(opened.file), opened.closing:
        first_row = 1
        for batch in chain([opened.first], opened.stream):
            yield _batch(opened, pa.Table.from_batches([batch]), first_row)
            first_row += batch.num_rows
        _check_count(opened, first_row - 1)


def _check_count(opened: _Opened, rows: int) -> None:
    expected = opened.info["expected"]
    if expected is not None and rows < expected:
        raise completeness.cut_short(
            opened.file,
            f"应有 {expected:,} 行，只能读出 {rows:,} 行",
            f"it should have {expected:,} rows, and {rows:,} can be read",
        )


def _stream(
    file: GivenFile,
    layer: SourceLayer,
    info: Mapping[str, Any],
    batch_rows: int,
    *,
    read_geometry: bool = True,
) -> AbstractContextManager[tuple[dict[str, Any], pa.RecordBatchReader]]:
    keyed = file.kind == kinds.GEOPACKAGE and info["fid_column"].lower() not in _PRIMARY_KEYS
    return open_arrow(  # type: ignore[no-any-return]
        file.path,
        layer=layer.name,
        batch_size=batch_rows,
        use_pyarrow=True,
        return_fids=keyed,
        read_geometry=read_geometry,
        datetime_as_string=True,
        **sources.options(file),
    )


def _batch(opened: _Opened, table: pa.Table, first_row: int) -> Batch:
    wkb = table.column(opened.geometry).combine_chunks() if opened.geometry in table.column_names else None
    attributes = table.drop_columns([*opened.dropped, *([] if wkb is None else [opened.geometry])])
    if opened.text is None:
        attributes.validate(full=True)
    else:
        attributes = texts.decoded(attributes, opened.text)
    attributes = moments.typed_moments(attributes, opened.moments)
    for name, values in opened.long_integers.items():
        place = attributes.column_names.index(name)
        attributes = attributes.set_column(place, name, _slice(values, first_row - 1, table.num_rows))
    if opened.ids is not None:
        attributes = attributes.add_column(0, "id", _slice(opened.ids, first_row - 1, table.num_rows))
    plain = pa.table(attributes.columns, names=[transcoding.true_name(name) for name in attributes.column_names])
    if wkb is None:
        return Batch(first_row, plain, None, {})
    wkb = curves.straightened(wkb)[0]
    shapes = drawings.closed_as_polygons(wkb, attributes) if opened.file.kind == kinds.DXF else wkb
    return Batch(first_row, plain, shapes, {}, _unread_geometries(opened, wkb, first_row))


def _unread_geometries(opened: _Opened, wkb: pa.Array, first_row: int) -> dict[int, Note]:
    """The rows of a GeoJSON that come without the geometry that they say they have."""
    if not wkb.null_count or opened.file.kind not in _JSON_KINDS:
        return {}
    said = opened.has_geometry[first_row - 1 :][: len(wkb)]
    missing = np.asarray(wkb.is_null())[: len(said)] & said
    return {first_row + int(row): geojson_losses.UNREAD_GEOMETRY for row in np.flatnonzero(missing)}


def _slice(ids: pa.Array, start: int, rows: int) -> pa.Array:
    """The ids of some rows, with nulls where there are fewer ids than rows."""
    found = ids.slice(start, rows)
    return pa.concat_arrays([found, pa.nulls(rows - len(found), ids.type)])


def _empty_columns_of_kml(file: GivenFile, layer: SourceLayer, info: Mapping[str, Any]) -> set[str]:
    """Columns that GDAL adds to every KML and that hold nothing but what it puts there itself."""
    idle = set(info["fields"]) & _KML_OWN if file.kind == kinds.KML else set()
    if not idle:
        return idle
    with _stream(file, layer, info, _KML_BATCH_ROWS, read_geometry=False) as (_, stream):
        for batch in stream:
            idle -= {name for name in idle if not _is_idle(batch.column(name), _KML_DEFAULTS.get(name))}
    return idle


def _is_idle(column: pa.Array, default: object) -> bool:
    if default is None:
        return bool(column.null_count == len(column))
    return bool(pc.all(pc.fill_null(pc.equal(column, default), True)).as_py() in {True, None})  # noqa: FBT003


@contextmanager
def _explained(file: GivenFile) -> Iterator[None]:
    try:
        yield
    except _TROUBLES as error:
        told = str(error).partition("; It might help")[0].replace(str(file.path), file.original.name)
        if isinstance(error, UnicodeError) or "Invalid UTF8" in told:
            raise _not_utf8(file) from error
        words = " ".join(told.split())[:300]
        raise UnreadableFileError(
            f"无法按 {file.kind} 读取“{file.original.name}”，文件可能已损坏：{words}",
            f"{file.original.name} cannot be read as {file.kind}; it may be damaged: {words}",
        ) from error


def _not_utf8(file: GivenFile) -> UnreadableFileError:
    return UnreadableFileError(
        f"“{file.original.name}”的文字不是 UTF-8；请用 --encoding 指定其编码（中文文件多为 GB18030）",
        f"the text of {file.original.name} is not UTF-8; say its encoding with --encoding (Chinese files: GB18030)",
    )
