"""KML 2.3 (OGC 12-007r2): a folder of placemarks with typed data, longitude and latitude in WGS 84; streamed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa
import shapely

from bioplan_gis.exporting.columns import NOT_XML, as_text, shapes_of
from bioplan_gis.exporting.outgoing import Outgoing, Written, notice
from bioplan_gis.exporting.outlines import LINE, POINT, parts_of

_TYPES = {"number": "double", "boolean": "bool"}
_NAMES = ("name_zh", "name", "名称", "地块编号")


def write_kml(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as KML; a feature without geometry is a placemark without place."""
    written = Written()
    with target.open("wb") as file:
        file.writelines(kml_pieces(outgoing, written))
    return written


def kml_pieces(outgoing: Outgoing, written: Written) -> Iterator[bytes]:
    """The same piece by piece."""
    faulty = [0]
    head = _head(outgoing)
    for batch in outgoing.batches():
        yield (head + "".join(_placemarks(outgoing, batch, faulty))).encode()
        head = ""
        written.rows += batch.num_rows
    yield f"{head}</Folder>\n</Document>\n</kml>\n".encode()
    written.omit(
        faulty[0],
        "个文本含 XML 不能保存的控制字符，已去除。",
        "texts had control characters, which XML cannot hold; they were taken out.",
    )


def _head(outgoing: Outgoing) -> str:
    fields = "".join(
        f"<SimpleField type={quoteattr(_TYPES.get(kind, 'string'))} name={quoteattr(_clean(name))}>"
        f"<displayName>{_xml(outgoing.titles.get(name) or name)}</displayName></SimpleField>\n"
        for name, kind in outgoing.kinds.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n'
        f'<Document id="root_doc">\n<name>{_xml(outgoing.title)}</name>\n'
        f"<description>{_xml(notice(outgoing))}</description>\n"
        f'<Schema name={quoteattr(_clean(outgoing.layer_id))} id="columns">\n{fields}</Schema>\n'
        f"<Folder><name>{_xml(outgoing.layer_id)}</name>\n"
    )


def _clean(text: str) -> str:
    return NOT_XML.sub("", text)


def _xml(text: str) -> str:
    return escape(_clean(text))


def _placemarks(outgoing: Outgoing, batch: pa.RecordBatch, faulty: list[int]) -> Iterator[str]:
    names = list(outgoing.kinds)
    heads = [f"<SimpleData name={quoteattr(_clean(name))}>" for name in names]
    columns = [_texts(kind, batch.column(at), faulty) for at, kind in enumerate(outgoing.kinds.values())]
    title = next((names.index(name) for name in _NAMES if name in names), 0)
    places = _places(outgoing, batch)
    for at, row in enumerate(zip(*columns, strict=True)):
        data = "".join(f"{head}{text}</SimpleData>" for head, text in zip(heads, row, strict=True) if text is not None)
        data = f'<ExtendedData><SchemaData schemaUrl="#columns">{data}</SchemaData></ExtendedData>'
        yield f"<Placemark><name>{row[title] or row[0]}</name>{data}{places[at]}</Placemark>\n"


def _texts(kind: str, column: pa.Array, faulty: list[int]) -> list[str | None]:
    if kind == "boolean":
        return [None if one is None else str(int(one)) for one in column.to_pylist()]
    if kind == "number":
        return [None if one is None else repr(one) for one in column.to_pylist()]
    texts = as_text(kind, column).to_pylist()
    faulty[0] += sum(1 for one in texts if one and NOT_XML.search(one))
    return [None if one is None else _xml(one) for one in texts]


def _places(outgoing: Outgoing, batch: pa.RecordBatch) -> Sequence[str]:
    if outgoing.geometry is None:
        return [""] * batch.num_rows
    shapes = shapely.orient_polygons(shapes_of(batch, outgoing.geometry))
    parts = parts_of(shapes)
    written: dict[int, list[str]] = defaultdict(list)
    for shape, row, kind in zip(parts.shapes, parts.rows.tolist(), parts.kinds.tolist(), strict=True):
        written[row].append(_place(shape, kind))
    several = shapely.get_type_id(shapes) > 3  # noqa: PLR2004 - as shapely numbers types
    return [
        f"<MultiGeometry>{''.join(written[row])}</MultiGeometry>" if many and row in written else "".join(written[row])
        for row, many in enumerate(several.tolist())
    ]


def _place(shape: shapely.Geometry, kind: int) -> str:
    if kind == POINT:
        return f"<Point>{_coordinates(shape)}</Point>"
    if kind == LINE:
        return f"<LineString>{_coordinates(shape)}</LineString>"
    outer, *inner = shapely.get_rings(shape)
    holes = "".join(f"<innerBoundaryIs><LinearRing>{_coordinates(one)}</LinearRing></innerBoundaryIs>" for one in inner)
    return (
        f"<Polygon><outerBoundaryIs><LinearRing>{_coordinates(outer)}</LinearRing></outerBoundaryIs>{holes}</Polygon>"
    )


def _coordinates(shape: shapely.Geometry) -> str:
    """Shapely writes the shortest digits that are the coordinate."""
    inner = shapely.to_wkt(shape, rounding_precision=-1).partition("(")[2].rstrip(")")
    pairs = inner.replace(", ", ";").replace(" ", ",").replace(";", " ")
    return f"<coordinates>{pairs}</coordinates>"
