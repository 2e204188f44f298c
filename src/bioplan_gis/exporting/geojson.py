"""GeoJSON as RFC 7946 wants it: one collection, or one feature a line; UTF-8, streamed, made of whole columns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from bioplan_gis.exporting.columns import Shapes, shapes_of, without_empties
from bioplan_gis.exporting.json_texts import NULL, joined, json_values, quoted, without_line_ends
from bioplan_gis.exporting.outgoing import Outgoing, Written

Members = Mapping[str, pa.Array]


def write_geojson(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as one FeatureCollection."""
    written = Written()
    with target.open("wb") as file:
        file.writelines(geojson_text(outgoing, written))
    return written


def write_ndjson(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as newline-delimited GeoJSON: one feature a line, and nothing around them."""
    written = Written()
    with target.open("wb") as file:
        for batch in outgoing.batches():
            file.write(lines(batch, outgoing.kinds, _geometry(outgoing, batch), own_names(outgoing)))
            written.rows += batch.num_rows
    return written


def own_names(outgoing: Outgoing) -> list[str]:
    """The columns beside the id, which are the properties of a feature that has its id beside them."""
    return [name for name in outgoing.kinds if name != "id"]


def geojson_text(outgoing: Outgoing, written: Written) -> Iterator[bytes]:
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
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "features": ['
    names = list(outgoing.kinds)
    for batch in outgoing.batches():
        if batch.num_rows:
            yield (b",\n" if written.rows else b"\n") + listed(batch, outgoing.kinds, _geometry(outgoing, batch), names)
        written.rows += batch.num_rows
    yield b"\n]}\n"


def listed(batch: pa.RecordBatch, kinds: Mapping[str, str], members: Members, names: Sequence[str]) -> bytes:
    """The rows of a batch as features with commas between, as ``features`` is given them."""
    return joined(features(batch, kinds, members, names, end=",\n"))[:-2]


def lines(batch: pa.RecordBatch, kinds: Mapping[str, str], members: Members, names: Sequence[str]) -> bytes:
    """The rows of a batch as features, each on a line of its own, as ``features`` is given them."""
    return without_line_ends(joined(features(batch, kinds, members, names, end="\n")))


def features(
    batch: pa.RecordBatch, kinds: Mapping[str, str], members: Members, names: Sequence[str], *, end: str = ""
) -> pa.Array:
    """The rows of a batch as features.

    Args:
        batch: with the id as its first column.
        kinds: type in the registry by column.
        members: of each feature beside its type, id and properties, as JSON, one text a row: ``geometry``.
        names: of the columns that are properties.
        end: what follows each.

    Returns:
        One text of JSON a row.
    """
    parts: list[str | pa.Array] = ['{"type":"Feature","id":', quoted(batch.column(0))]
    for name, texts in members.items():
        parts += [f",{_name(name)}:", texts]
    parts.append(',"properties":{')
    for at, name in enumerate(names):
        column = batch.column(batch.schema.get_field_index(name))
        parts += [f"{',' if at else ''}{_name(name)}:", json_values(kinds[name], column)]
    return pc.binary_join_element_wise(*parts, f"}}}}{end}", "")


def geometry_texts(shapes: Shapes) -> pa.Array:
    """Geometries as GeoJSON, with as many digits as their coordinates have; null where there is none or no place."""
    written = shapely.to_geojson(without_empties(shapes)).tolist()
    return pc.fill_null(pa.array(written, pa.string()), NULL)


def _geometry(outgoing: Outgoing, batch: pa.RecordBatch) -> Members:
    """Outer rings counterclockwise (RFC 7946, 3.1.6)."""
    if outgoing.geometry is None:
        return {"geometry": pa.repeat(NULL, batch.num_rows)}
    return {"geometry": geometry_texts(shapely.orient_polygons(shapes_of(batch, outgoing.geometry)))}


def _name(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
