"""What a feed's download is made of: pieces of text as they come, or one file that can be sent."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from bioplan_gis.crs import FeedCrs
from bioplan_gis.exporting.columns import shapes_of
from bioplan_gis.exporting.formats import Format
from bioplan_gis.exporting.geojson import geometry_texts, lines, own_names
from bioplan_gis.exporting.json_texts import NULL
from bioplan_gis.exporting.kml import kml_pieces
from bioplan_gis.exporting.outgoing import Outgoing, Written, notice
from bioplan_gis.exporting.reprojection import in_feed_axes
from bioplan_gis.exporting.sheets import csv_pieces

# Fast, and near enough to the smallest: tables of text shrink to a tenth at any level.
_ZIP_LEVEL = 3
# Formats that are text, and come piece by piece.
PIECES: Mapping[str, Callable[[Outgoing, Written], Iterator[bytes]]] = {"csv": csv_pieces, "kml": kml_pieces}


def feed_lines(outgoing: Outgoing, crs: FeedCrs) -> Iterator[bytes]:
    """Newline-delimited GeoJSON in a CRS of the feeds, with its axis order, as a page of GeoJSON has it.

    Args:
        outgoing: with geometry as EPSG:4490 longitude and latitude.
        crs: of the coordinates.

    Raises:
        ParameterError: a place lies where the CRS is not defined.
    """
    for batch in outgoing.batches():
        yield lines(batch, outgoing.kinds, {"geometry": _geometry(outgoing, batch, crs)}, own_names(outgoing))


def _geometry(outgoing: Outgoing, batch: pa.RecordBatch, crs: FeedCrs) -> pa.Array:
    if outgoing.geometry is None:
        return pa.repeat(NULL, batch.num_rows)
    return geometry_texts(in_feed_axes(shapes_of(batch, outgoing.geometry), crs))


def write_one_file(outgoing: Outgoing, chosen: Format, folder: Path, stem: str) -> tuple[Path, Written]:
    """Write a layer into an empty folder as a single file: a ZIP where the format is several, with the notice in it.

    Returns:
        The file, and what of the layer it does not hold.

    Raises:
        OutputError: the format cannot hold the layer.
        ParameterError: a place lies where the CRS is not defined.
    """
    target = folder / f"{stem}{chosen.extensions[0]}"
    written = chosen.write(outgoing, target)
    if chosen.id != "shp":
        return target, written
    said = notice(outgoing) + _shortfalls(written)
    (folder / f"{target.name}.source.txt").write_text(said, encoding="utf-8", newline="\n")
    return _zipped(folder, folder / f"{target.name}.zip"), written


def _shortfalls(written: Written) -> str:
    """What the files lack of the layer, a line each."""
    lacks = [f"缺失 Missing: {one.count} {one.note.zh} {one.count} {one.note.en}\n" for one in written.omissions]
    return "".join([*lacks, *(f"说明 Note: {note.zh} {note.en}\n" for note in written.notes)])


def _zipped(folder: Path, target: Path) -> Path:
    members = sorted(folder.iterdir())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_ZIP_LEVEL) as archive:
        for member in members:
            archive.write(member, member.name)
            member.unlink()
    return target
