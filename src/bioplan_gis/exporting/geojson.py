"""GeoJSON as RFC 7946 wants it: WGS 84 longitude and latitude, outer rings counterclockwise, UTF-8; streamed."""

import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from bioplan_gis.exporting.columns import Shapes, as_text, shapes_of, without_empties
from bioplan_gis.exporting.outgoing import Outgoing, Written

_QUOTED = frozenset({"text", "date", "time", "datetime", "timestamp"})


def write_geojson(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as one FeatureCollection."""
    written = Written()
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for text in geojson_text(outgoing, written):
            file.write(text)
    return written


def geojson_text(outgoing: Outgoing, written: Written) -> Iterator[str]:
    """The collection piece by piece; who took it, title, attribution and licence stand before the features."""
    head = {
        "type": "FeatureCollection",
        "name": outgoing.layer_id,
        "title": outgoing.title,
        "version": outgoing.version,
        "source": outgoing.source,
        "attribution": outgoing.attribution,
        "licence": outgoing.licence,
        "synthetic": outgoing.synthetic,
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "features": ['
    for batch in outgoing.batches():
        yield (",\n" if written.rows else "\n") + ",\n".join(_features(outgoing, batch)) if batch.num_rows else ""
        written.rows += batch.num_rows
    yield "\n]}\n"


def _features(outgoing: Outgoing, batch: pa.RecordBatch) -> Iterator[str]:
    ids = _encoded(batch.column(0).to_pylist())
    shapes = (
        ["null"] * batch.num_rows if outgoing.geometry is None else _geometries(shapes_of(batch, outgoing.geometry))
    )
    names = [f"{encode_basestring(name)}: " for name in outgoing.kinds if name != "id"]
    values = [_values(kind, batch.column(at)) for at, kind in enumerate(outgoing.kinds.values())][1:]
    rows: Iterable[tuple[str, ...]] = zip(*values, strict=True) if values else [()] * batch.num_rows
    for feature_id, shape, row in zip(ids, shapes, rows, strict=True):
        properties = ", ".join([name + value for name, value in zip(names, row, strict=True)])
        yield (
            f'{{"type": "Feature", "id": {feature_id}, "geometry": {shape}, "properties": {{"id": {feature_id}'
            f"{', ' if properties else ''}{properties}}}}}"
        )


def _geometries(shapes: Shapes) -> list[str]:
    """Null for what has no geometry, and for an empty one, which has no place."""
    return [one or "null" for one in shapely.to_geojson(without_empties(shapely.orient_polygons(shapes)))]


def _values(kind: str, column: pa.Array) -> list[str]:
    if kind in _QUOTED:
        return _encoded(as_text(kind, column).to_pylist())
    if kind == "boolean":
        return [_BOOLEANS[one] for one in column.to_pylist()]
    if kind == "integer":
        return ["null" if one is None else str(one) for one in column.to_pylist()]
    if kind == "number":
        finite = pc.if_else(pc.is_finite(column), column, None)
        return ["null" if one is None else repr(one) for one in finite.to_pylist()]
    if kind == "list":
        return [json.dumps(one, ensure_ascii=False) for one in column.to_pylist()]
    return [one or "null" for one in column.to_pylist()]


_BOOLEANS: dict[Any, str] = {None: "null", True: "true", False: "false"}


def _encoded(texts: list[str | None]) -> list[str]:
    return ["null" if one is None else encode_basestring(one) for one in texts]
