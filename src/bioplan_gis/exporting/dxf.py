"""DXF of AutoCAD R12: points, open and closed polylines on one layer, in GBK as Chinese CAD expects it; streamed.

Source: AutoCAD R12 Customization Manual, chapter 11 (DXF). A DXF has no attributes: each feature's id stands as a text
at a point of it, and all attributes in a CSV beside the drawing.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import shapely

from bioplan_gis.exporting.columns import Shapes, shapes_of
from bioplan_gis.exporting.outgoing import Outgoing, Written
from bioplan_gis.exporting.outlines import LINE, POINT, parts_of
from bioplan_gis.exporting.sheets import write_csv
from bioplan_gis.importing.rows import Note

_ENCODING, _CODE_PAGE = "gbk", "ANSI_936"
_LONGEST_TEXT = 255
_ESCAPES = "bioplan-dxf"
_NOT_IN_NAMES = re.compile(r"[<>/\\\":;?*|=`,\s]")
_CONTROLS = re.compile(r"[\x00-\x1f]+")
# A text is as high as this share of the drawing, so that it can be read and hides nothing.
_TEXT_SHARE = 1 / 500
_BESIDE = Note(
    "DXF 不能保存属性：要素的编号写为文字，全部属性在旁边的 CSV 中，以 id 对应；面写为闭合多段线。",
    "A DXF has no attributes: each feature's id is a text in the drawing, and all attributes are in the CSV beside it, "
    "by id; polygons are closed polylines.",
)
_IN_DEGREES = Note(
    "图中坐标为经纬度；CAD 一般用米，可加 --crs EPSG:4549（CGCS2000 三度带，中央经线 120°）。",
    "The drawing is in degrees; CAD wants metres as a rule: add --crs EPSG:4549 (CGCS2000, 3-degree zone of 120° E).",
)


def write_dxf(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as DXF, with its attributes as CSV beside it."""
    written, missing = Written(notes=[_BESIDE]), 0
    if outgoing.crs.is_geographic:
        written.notes.append(_IN_DEGREES)
    layer = _layer_name(outgoing.layer_id)
    extent = _extent(outgoing)
    with target.open("w", encoding=_ENCODING, errors=_ESCAPES, newline="\r\n") as file:
        _write_head(file, layer, extent)
        height = max(extent[2] - extent[0], extent[3] - extent[1]) * _TEXT_SHARE or 1.0
        for batch in outgoing.batches():
            shapes = shapes_of(batch, outgoing.geometry or "")
            present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
            file.write("".join(_entities(shapes, batch.column(0), layer, height)))
            written.rows += int(present.sum())
            missing += int((~present).sum())
        file.write("0\nENDSEC\n0\nEOF\n")
    written.omit(
        missing,
        "个要素没有几何，不在图中；其属性在旁边的 CSV 中。",
        "features have no geometry and are not in the drawing; their attributes are in the CSV beside it.",
        features=True,
    )
    write_csv(outgoing, target.with_suffix(".attributes.csv"))
    return written


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What GBK has not, as AutoCAD writes it: a backslash, U+ and four digits for each UTF-16 unit."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be")
    return "".join(f"\\U+{units[at : at + 2].hex().upper()}" for at in range(0, len(units), 2)), error.end


codecs.register_error(_ESCAPES, _escaped)


def _layer_name(layer_id: str) -> str:
    return _NOT_IN_NAMES.sub("_", layer_id)


def _extent(outgoing: Outgoing) -> tuple[float, float, float, float]:
    bounds = [shapely.total_bounds(shapes_of(batch, outgoing.geometry or "")) for batch in outgoing.batches()]
    known = np.array([one for one in bounds if np.isfinite(one).all()]).reshape(-1, 4)
    if not len(known):
        return 0.0, 0.0, 0.0, 0.0
    (west, south), (east, north) = known[:, :2].min(axis=0), known[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _write_head(file: TextIO, layer: str, extent: tuple[float, float, float, float]) -> None:
    west, south, east, north = extent
    file.write(
        f"0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\nAC1009\n9\n$DWGCODEPAGE\n3\n{_CODE_PAGE}\n"
        f"9\n$EXTMIN\n10\n{west!r}\n20\n{south!r}\n30\n0.0\n9\n$EXTMAX\n10\n{east!r}\n20\n{north!r}\n30\n0.0\n0\nENDSEC\n"
        "0\nSECTION\n2\nTABLES\n"
        "0\nTABLE\n2\nLTYPE\n70\n1\n0\nLTYPE\n2\nCONTINUOUS\n70\n0\n3\nSolid line\n72\n65\n73\n0\n40\n0.0\n0\nENDTAB\n"
        f"0\nTABLE\n2\nLAYER\n70\n1\n0\nLAYER\n2\n{layer}\n70\n0\n62\n7\n6\nCONTINUOUS\n0\nENDTAB\n"
        "0\nENDSEC\n0\nSECTION\n2\nENTITIES\n"
    )


def _entities(shapes: Shapes, ids: pa.Array, layer: str, height: float) -> Iterator[str]:
    parts = parts_of(shapes)
    for shape, kind in zip(parts.shapes, parts.kinds.tolist(), strict=True):
        if kind == POINT:
            yield f"0\nPOINT\n8\n{layer}\n{_place(*shapely.get_coordinates(shape)[0].tolist())}"
        elif kind == LINE:
            yield _polyline(shape, layer)
        else:
            yield from (_polyline(ring, layer) for ring in shapely.get_rings(shape))
    anchors = shapely.get_coordinates(shapely.point_on_surface(shapes), return_index=True)
    for (x, y), row in zip(anchors[0].tolist(), anchors[1].tolist(), strict=True):
        text = _CONTROLS.sub(" ", ids[row].as_py())[:_LONGEST_TEXT]
        yield f"0\nTEXT\n8\n{layer}\n{_place(x, y)}40\n{height!r}\n1\n{text}\n"


def _place(x: float, y: float) -> str:
    return f"10\n{x!r}\n20\n{y!r}\n30\n0.0\n"


def _polyline(shape: shapely.Geometry, layer: str) -> str:
    """A closed one says so and does not repeat its first vertex."""
    corners = shapely.get_coordinates(shape).tolist()
    closed = corners[0] == corners[-1] and len(corners) > 3  # noqa: PLR2004 - a triangle comes back after three
    vertices = "".join(f"0\nVERTEX\n8\n{layer}\n{_place(x, y)}" for x, y in (corners[:-1] if closed else corners))
    head = f"0\nPOLYLINE\n8\n{layer}\n66\n1\n{_place(0.0, 0.0)}70\n{int(closed)}\n"
    return f"{head}{vertices}0\nSEQEND\n8\n{layer}\n"
