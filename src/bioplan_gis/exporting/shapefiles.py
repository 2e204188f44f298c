"""Shapefile as UTF-8 with ``.cpg``: names of ten bytes, texts of 254, one kind of geometry a file.

Source: ESRI Shapefile Technical Description (1998); dBASE III field names and widths.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from bioplan_gis.exporting.columns import Shapes, as_text, shapes_of, without_empties
from bioplan_gis.exporting.outgoing import Outgoing, Written
from bioplan_gis.exporting.vectors import most_digits, write_with_gdal
from bioplan_gis.importing.rows import Note

NAME_BYTES = 10
TEXT_BYTES = 254
# N(18,0) is the widest integer that readers keep whole; N(24,15) holds no real number beyond this.
_LONG_INTEGER, _LARGE_NUMBER = 10**18, 1e22
_AS_TEXT = frozenset({"list", "time", "datetime", "timestamp", "json"})
_FAMILIES: Mapping[str, frozenset[int]] = {
    "point": frozenset({0, 4}),
    "line": frozenset({1, 2, 5}),
    "polygon": frozenset({3, 6}),
}
_MULTIPOINT, _COLLECTION = 4, 7
_OPTIONS = {"2GB_LIMIT": "YES"}
_EMPTY = Note(
    "DBF 不能区分空文本与空值；没有的时间类型、列表写为文本。超过 2 GB 会被拒绝，大数据请用 .gpkg。",
    "DBF cannot tell an empty text from null; times and lists are written as text. Beyond 2 GB it is refused; take "
    ".gpkg for large data.",
)


@dataclass
class _Survey:
    """What must be known of all rows before the first is written."""

    types: set[int] = field(default_factory=set)
    without_geometry: int = 0
    collections: int = 0
    long_integers: set[str] = field(default_factory=set)


@dataclass
class _Losses:
    """What DBF could not hold."""

    cut: int = 0
    large: int = 0


def write_shapefile(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as one Shapefile, or as one for each kind of geometry: ``_point``, ``_line``, ``_polygon``.

    Features without geometry are null shapes, in the first of several.
    """
    written, survey, losses = Written(notes=[_EMPTY]), _surveyed(outgoing), _Losses()
    names = cut_names(list(outgoing.kinds))
    families: list[str | None] = [name for name, types in _FAMILIES.items() if survey.types & types]
    several = len(families) > 1
    for at, family in enumerate(families or [None]):
        path = target.with_stem(f"{target.stem}_{family}") if several else target
        batches = _of_family(outgoing, family, keeps_missing=at == 0)
        prepared = (_prepared(outgoing, batch, names, survey, losses) for batch in batches)
        _write_family(outgoing, path, prepared, written, names, family, survey)
    _write_names(outgoing, target.with_suffix(".fields.csv"), names)
    _report(written, survey, losses, families if several else [])
    return written


def cut_names(names: list[str]) -> dict[str, str]:
    """Names of at most ten bytes of UTF-8, cut between characters, each its own whatever its case."""
    cut: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        short, number = _cut(name, NAME_BYTES), 0
        while short.casefold() in taken or not short:
            number += 1
            short = _cut(name, NAME_BYTES - len(str(number))) + str(number)
        taken.add(short.casefold())
        cut[name] = short
    return cut


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _surveyed(outgoing: Outgoing) -> _Survey:
    survey = _Survey()
    integers = [name for name, kind in outgoing.kinds.items() if kind == "integer"]
    for batch in outgoing.batches():
        survey.long_integers |= {name for name in integers if most_digits(batch.column(name)) >= _LONG_INTEGER}
        if outgoing.geometry is not None:
            types = _types(shapes_of(batch, outgoing.geometry))
            survey.types |= set(np.unique(types).tolist()) - {-1}
            survey.collections += int((types == _COLLECTION).sum())
            survey.without_geometry += int((types == -1).sum())
    return survey


def _types(shapes: Shapes) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Type ids; -1 for what has no place."""
    return np.where(shapely.is_empty(shapes), -1, shapely.get_type_id(shapes))


def _of_family(outgoing: Outgoing, family: str | None, *, keeps_missing: bool) -> Iterator[pa.RecordBatch]:
    wanted = [*(_FAMILIES[family] if family else ()), *([-1] if keeps_missing else [])]
    for batch in outgoing.batches():
        if outgoing.geometry is None:
            yield batch
            continue
        kept = np.isin(_types(shapes_of(batch, outgoing.geometry)), wanted)
        if kept.any():
            yield batch if kept.all() else batch.filter(pa.array(kept))


def _prepared(
    outgoing: Outgoing, batch: pa.RecordBatch, names: Mapping[str, str], survey: _Survey, losses: _Losses
) -> pa.RecordBatch:
    columns = [
        _fitting(kind, batch.column(at), losses, as_digits=name in survey.long_integers)
        for at, (name, kind) in enumerate(outgoing.kinds.items())
    ]
    labels = list(names.values())
    if outgoing.geometry is not None:
        columns.append(_shapes(shapes_of(batch, outgoing.geometry), multi=_MULTIPOINT in survey.types))
        labels.append(outgoing.geometry)
    return pa.RecordBatch.from_arrays(columns, names=labels)


def _shapes(shapes: Shapes, *, multi: bool) -> pa.Array:
    """Points become multipoints where there is one: a Shapefile has the one or the other."""
    shapes = without_empties(shapes)
    if multi:
        lone = shapely.get_type_id(shapes) == 0
        shapes[lone] = [shapely.MultiPoint([point]) for point in shapes[lone]]
    return pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary())


def _fitting(kind: str, column: pa.Array, losses: _Losses, *, as_digits: bool) -> pa.Array:
    if kind == "number":
        large = pc.fill_null(pc.invert(pc.less(pc.abs(column), _LARGE_NUMBER)), fill_value=False)
        losses.large += pc.sum(large).as_py() or 0
        return pc.if_else(large, None, column)
    if kind == "text" or kind in _AS_TEXT or as_digits:
        return _short(as_text(kind, column), losses)
    return column


def _short(texts: pa.Array, losses: _Losses) -> pa.Array:
    long = pc.fill_null(pc.greater(pc.binary_length(texts), TEXT_BYTES), fill_value=False)
    count = pc.sum(long).as_py() or 0
    if not count:
        return texts
    losses.cut += count
    fitting = [None if one is None else _cut(one, TEXT_BYTES) for one in texts.to_pylist()]
    return pa.array(fitting, pa.string())


def _write_family(  # noqa: PLR0913, PLR0917 - what the file is made of
    outgoing: Outgoing,
    path: Path,
    batches: Iterator[pa.RecordBatch],
    written: Written,
    names: Mapping[str, str],
    family: str | None,
    survey: _Survey,
) -> None:
    kinds = {
        "point": "MultiPoint" if _MULTIPOINT in survey.types else "Point",
        "line": "LineString",
        "polygon": "Polygon",
        None: "Point",
    }
    renamed = replace(outgoing, titles={}, layer_id=path.stem, kinds={names[k]: v for k, v in outgoing.kinds.items()})
    write_with_gdal(
        replace(renamed, schema=_empty_schema(outgoing, names)), path, batches, written,
        driver="ESRI Shapefile", layer_options=_OPTIONS, geometry_type=kinds[family], encoding="UTF-8",
    )  # fmt: skip
    if outgoing.geometry is not None and not path.with_suffix(".cpg").exists():
        path.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")


def _empty_schema(outgoing: Outgoing, names: Mapping[str, str]) -> pa.Schema:
    fields = [
        pa.field(names[each.name], pa.string() if outgoing.kinds[each.name] in _AS_TEXT else each.type)
        for each in outgoing.schema
        if each.name in names
    ]
    return pa.schema([*fields, *([] if outgoing.geometry is None else [outgoing.schema.field(outgoing.geometry)])])


def _write_names(outgoing: Outgoing, path: Path, names: Mapping[str, str]) -> None:
    """Which field of the table is which column of the layer."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(["字段 field", "完整名称 name", "标题 title", "类型 type"])
        table.writerows(
            [names[name], name, outgoing.titles.get(name, ""), kind] for name, kind in outgoing.kinds.items()
        )


def _report(written: Written, survey: _Survey, losses: _Losses, families: Sequence[str | None]) -> None:
    written.omit(
        losses.cut,
        f"个文本超过 DBF 的 {TEXT_BYTES} 字节，已在字符之间截断；.gpkg 可完整保存。",
        f"texts were longer than the {TEXT_BYTES} bytes of DBF and were cut between characters; .gpkg holds all.",
    )
    written.omit(
        losses.large,
        "个数超出 DBF 数值字段的范围，已留空。",
        "numbers are beyond what a DBF field holds and were left empty.",
    )
    if survey.long_integers:
        listed = "、".join(sorted(survey.long_integers))
        written.notes.append(
            Note(f"整数超过 18 位，写为文本：{listed}。", f"Integers of more than 18 digits are text: {listed}.")
        )
    if families:
        written.notes.append(_SEVERAL)
    if families and (count := survey.without_geometry):
        written.notes.append(
            Note(
                f"{count} 个要素没有几何，以空图形写在 _{families[0]} 中。",
                f"{count} features have no geometry and stand in _{families[0]} with a null shape.",
            )
        )
    written.omit(
        survey.collections,
        "个要素的几何是几何集合，不能存入 Shapefile，已略去；.gpkg 可保存。",
        "features are geometry collections, which cannot stand in a Shapefile, and were left out; .gpkg holds them.",
        features=True,
    )


_SEVERAL = Note(
    "图层含多种几何，已按类型分为 _point、_line、_polygon 数个 Shapefile。",
    "The layer has several kinds of geometry: there is a Shapefile for each, _point, _line, _polygon.",
)
