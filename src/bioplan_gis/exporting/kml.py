"""KML 2.3 (OGC 12-007r2): a folder of placemarks with typed data, longitude and latitude in WGS 84; streamed."""

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from bioplan_gis.exporting.columns import NOT_XML, as_text, shapes_of, without_xml_controls
from bioplan_gis.exporting.json_texts import joined
from bioplan_gis.exporting.outgoing import Outgoing, Written, notice
from bioplan_gis.exporting.outlines import POINT, POLYGON, Parts, parts_of

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
    head = _head(outgoing).encode()
    for batch in outgoing.batches():
        yield head + _placemarks(outgoing, batch, faulty)
        head = b""
        written.rows += batch.num_rows
    yield head + b"</Folder>\n</Document>\n</kml>\n"
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


def _placemarks(outgoing: Outgoing, batch: pa.RecordBatch, faulty: list[int]) -> bytes:
    names = list(outgoing.kinds)
    columns = [_texts(kind, batch.column(at), faulty) for at, kind in enumerate(outgoing.kinds.values())]
    data = [
        pc.fill_null(
            pc.binary_join_element_wise(f"<SimpleData name={quoteattr(_clean(name))}>", column, "</SimpleData>", ""), ""
        )
        for name, column in zip(names, columns, strict=True)
    ]
    titles = columns[next((names.index(name) for name in _NAMES if name in names), 0)]
    titles = pc.if_else(pc.equal(pc.fill_null(titles, ""), ""), columns[0], titles)
    head = '</name><ExtendedData><SchemaData schemaUrl="#columns">'
    tail = "</SchemaData></ExtendedData>"
    places = _places(outgoing, batch)
    parts = ("<Placemark><name>", titles, head, *data, tail, places, "</Placemark>\n")
    return joined(pc.binary_join_element_wise(*parts, ""))


def _texts(kind: str, column: pa.Array, faulty: list[int]) -> pa.Array:
    if kind == "boolean":
        return column.cast(pa.int8()).cast(pa.string())
    if kind == "number":
        return column.cast(pa.string())
    texts, count = without_xml_controls(as_text(kind, column))
    faulty[0] += count
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        texts = pc.replace_substring(texts, character, written)
    return texts


def _places(outgoing: Outgoing, batch: pa.RecordBatch) -> pa.Array:
    """The geometry of each row; several in one where it has several, and nothing where it has none."""
    if outgoing.geometry is None:
        return pa.repeat("", batch.num_rows)
    shapes = shapely.orient_polygons(shapes_of(batch, outgoing.geometry))
    parts = parts_of(shapes)
    ends = np.searchsorted(parts.rows, np.arange(len(shapes) + 1)).astype(np.int32)
    joined_parts = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), _drawn(parts)), "")
    several = (shapely.get_type_id(shapes) > POLYGON) & (np.diff(ends) > 0)
    whole = pc.binary_join_element_wise("<MultiGeometry>", joined_parts, "</MultiGeometry>", "")
    return pc.if_else(pa.array(several), whole, joined_parts)


def _drawn(parts: Parts) -> pa.Array:
    """Points, lines and polygons as KML; shapely writes the shortest digits that are the coordinate."""
    wkt = pa.array(shapely.to_wkt(parts.shapes, rounding_precision=-1).tolist(), pa.string())
    rings = pc.replace_substring_regex(wkt, r"^[A-Z ]*\(+|\)+$", "")
    texts = pc.replace_substring(pc.replace_substring(rings, "), (", "|"), ", ", ";")
    texts = pc.replace_substring(pc.replace_substring(texts, " ", ","), ";", " ")
    kinds = pa.array(parts.kinds)
    simple = pc.if_else(
        pc.equal(kinds, POINT),
        pc.binary_join_element_wise("<Point>", _coordinates(texts), "</Point>", ""),
        pc.binary_join_element_wise("<LineString>", _coordinates(texts), "</LineString>", ""),
    )
    return pc.if_else(pc.equal(kinds, POLYGON), _polygons(texts), simple)


def _coordinates(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise("<coordinates>", texts, "</coordinates>", "")


def _polygons(texts: pa.Array) -> pa.Array:
    """Rings with strokes between, the outer one first."""
    begin, end = "<LinearRing><coordinates>", "</coordinates></LinearRing>"
    first = f"{end}</outerBoundaryIs><innerBoundaryIs>{begin}"
    holes = pc.replace_substring(texts, "|", first, max_replacements=1)
    holes = pc.replace_substring(holes, "|", f"{end}</innerBoundaryIs><innerBoundaryIs>{begin}")
    last = pc.if_else(pc.match_substring(texts, "|"), "</innerBoundaryIs>", "</outerBoundaryIs>")
    return pc.binary_join_element_wise(f"<Polygon><outerBoundaryIs>{begin}", holes, end, last, "</Polygon>", "")
