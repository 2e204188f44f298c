"""The layers within a file that GDAL reads, and which of them is meant."""

from dataclasses import dataclass, replace
from typing import Any

import pyogrio

from bioplan_gis.errors import FileRefusedError, UncertainFileError, UnreadableFileError
from bioplan_gis.importing.reading import kinds
from bioplan_gis.importing.reading.files import GivenFile
from bioplan_gis.importing.rows import Reading

# What GDAL calls a layer that has no name but its file's, which lies here as data.*.
UNNAMED = "data"
# Formats of one layer; to ask GDAL for it would read a GeoJSON from end to end.
_OF_ONE_LAYER = {kinds.GEOJSON, kinds.GEOJSON_LINES, kinds.SHAPEFILE, kinds.FLATGEOBUF, kinds.ESRI_JSON, kinds.MAPINFO}
# Layers that repeat, vertex by vertex, what stands in another.
_REPEATED = {kinds.GPX: ("route_points", "track_points")}
_OPTIONS = {
    kinds.SHAPEFILE: {"ENCODING": "ISO-8859-1", "ADJUST_TYPE": "NO"},
    kinds.DXF: {"CLOSED_LINE_AS_POLYGON": "YES"},
    kinds.GML: {"DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "NO"},
}


@dataclass(frozen=True)
class SourceLayer:
    """A layer within a file.

    Attributes:
        name: as the file has it; None for the only layer of a format that has but one.
        family: geometry type as GDAL names it; None for a table without geometry.
        rows: how many it has; None where only reading would tell.
    """

    name: str | None
    family: str | None
    rows: int | None


def options(file: GivenFile) -> dict[str, str]:
    """How GDAL is to open a file."""
    return _OPTIONS.get(file.kind, {})


def described(file: GivenFile, layer: str | None) -> dict[str, Any]:
    """What pyogrio says of a layer."""
    return dict(pyogrio.read_info(file.path, layer=layer, **options(file)))


def source_layers(file: GivenFile) -> tuple[SourceLayer, ...]:
    """The layers of a file in its own order; rows are counted only where there are several to choose from."""
    if file.kind in _OF_ONE_LAYER:
        return (SourceLayer(None, "Unknown", None),)
    found = pyogrio.list_layers(file.path)
    return tuple(SourceLayer(name, family, _rows(file, name) if len(found) > 1 else None) for name, family in found)


def _rows(file: GivenFile, layer: str | None) -> int | None:
    count = pyogrio.read_info(file.path, layer=layer, force_feature_count=True, **options(file))["features"]
    return int(count) if count >= 0 else None


def shown_name(file: GivenFile, layer: SourceLayer) -> str:
    """A layer's name as the user knows it."""
    return file.title if layer.name in {None, UNNAMED} else str(layer.name)


def chosen(file: GivenFile, layers: tuple[SourceLayer, ...], told: str | None) -> SourceLayer:
    """The layer that the user named, or the only one that holds anything to be drawn.

    Raises:
        UncertainFileError: there are several.
        UnreadableFileError: there is none, or none of that name.
    """
    if told is None:
        candidates = _candidates(file, layers)
    else:
        candidates = [layer for layer in layers if told == shown_name(file, layer)]
    if len(candidates) == 1:
        return candidates[0]
    raise ambiguous(file, [(shown_name(file, layer), layer.rows) for layer in candidates or layers], told)


def _candidates(file: GivenFile, layers: tuple[SourceLayer, ...]) -> list[SourceLayer]:
    """Layers with geometry, or all where none has any; of several, those that are not empty and repeat no other."""
    spatial = [layer for layer in layers if layer.family is not None] or list(layers)
    filled = [layer for layer in spatial if layer.rows != 0] or spatial[:1]
    return [layer for layer in filled if layer.name not in _REPEATED.get(file.kind, ())] or filled


def chosen_part(file: GivenFile, reading: Reading) -> tuple[GivenFile, Reading]:
    """The one source of an archive that the user named: ``part`` or, for a layer within it, ``part/layer``.

    Raises:
        UncertainFileError: none was named; the sentence names them all.
        UnreadableFileError: there is none of that name.
    """
    told = reading.source_layer
    for part in file.parts:
        if told == part.title:
            return part, replace(reading, source_layer=None)
        if told is not None and told.startswith(f"{part.title}/"):
            return part, replace(reading, source_layer=told.removeprefix(f"{part.title}/"))
    raise ambiguous(file, [(part.title, _part_rows(part)) for part in file.parts], told)


def _part_rows(part: GivenFile) -> int | None:
    return _rows(part, None) if part.kind == kinds.SHAPEFILE else None


def ambiguous(file: GivenFile, layers: list[tuple[str, int | None]], told: str | None) -> FileRefusedError:
    """The error that names the layers with their rows, so that one can be chosen."""
    name = file.original.name
    zh = "、".join(name if rows is None else f"{name}（{rows:,} 行）" for name, rows in layers)
    en = ", ".join(name if rows is None else f"{name} ({rows:,} rows)" for name, rows in layers)
    if not layers:
        return UnreadableFileError(f"“{name}”中没有任何图层", f"{name} holds no layer at all")
    if told is not None:
        return UnreadableFileError(
            f"“{name}”中没有图层“{told}”；现有：{zh}", f"{name} has no layer {told!r}; it has: {en}"
        )
    return UncertainFileError(
        f"“{name}”含多个图层：{zh}；请用 --source-layer 名称 指定其中一个",
        f"{name} holds several layers: {en}; choose one with --source-layer NAME",
    )
