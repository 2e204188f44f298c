"""``--as LAYER``: which column of a file feeds which column of a core layer, by their names and what the user says.

The columns of the four layers stand here as data of their own, since nothing here may know of the database; a test
holds them equal to the tables.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import pyarrow as pa

from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.mapping.conforming import conform
from bioplan_gis.importing.mapping.feeds import Conformed, Feed, Plan
from bioplan_gis.importing.mapping.fields_zh import RANGES, Match, fields_of, label_of, match
from bioplan_gis.importing.mapping.indicators import indicator_of, listed_in
from bioplan_gis.importing.mapping.quantities import HECTARE, YUAN, Unit, unit_of
from bioplan_gis.importing.rows import Note

__all__ = ["SCHEMAS", "Column", "Conformed", "Feed", "Plan", "conform", "plan"]

_PROVENANCE = "document clause citations:json source"
_POSITION = (
    "district district_zh district_en accuracy_m:number position_basis position_source position_method "
    "position_attribution"
)
_COLUMNS = {
    "industrial_land": (
        "name_zh name_en land_class class_code class_zh area_ha:number area_source area_measured_ha:number "
        "park_area_ha:number area_note_zh area_note_en status tracks:list synthetic:boolean parcel_no "
        "floor_area_ratio_min:number floor_area_ratio_max:number building_density_min_percent:number "
        "building_density_max_percent:number green_ratio_min_percent:number green_ratio_max_percent:number "
        "height_min_m:number height_max_m:number term_years:number starting_price_yuan:number industry indicators:json"
    ),
    "labs": (
        "name_zh name_en aliases:list kind kind_zh level status relied_on_by:list located_in located_in_basis "
        "field_zh field_en"
    ),
    "parks": (
        "name_zh name_en kind kind_zh status aliases:list relied_on_by:list concentrates_on:list focus_zh focus_en "
        "area_ha:number area_source"
    ),
    "enterprises": "name_zh name_en aliases:list tracks:list fact_zh fact_en status relations:json relied_on_by:list",
}


def _types(columns: str) -> Mapping[str, str]:
    pairs = (column.partition(":") for column in f"{columns} {_PROVENANCE} {_POSITION}".split())
    return MappingProxyType({name: kind or "text" for name, _, kind in pairs})


# Type by column name, in the order of the core layer.
SCHEMAS: Mapping[str, Mapping[str, str]] = {layer_id: _types(columns) for layer_id, columns in _COLUMNS.items()}
# Core columns that are fed by way of a field of another name: the field, which end, and the unit of the column.
_BY_WAY_OF: Mapping[str, tuple[str, str | None, Unit | None]] = {
    "area_ha": ("area", None, HECTARE),
    "park_area_ha": ("park_area", None, HECTARE),
    "starting_price_yuan": ("starting_price", None, YUAN),
    "term_years": ("term", None, None),
    **{columns[0]: (field, "min", None) for field, columns in RANGES.items()},
    **{columns[1]: (field, "max", None) for field, columns in RANGES.items()},
}
_OF_FIELD = {
    "area": "area_ha",
    "park_area": "park_area_ha",
    "starting_price": "starting_price_yuan",
    "term": "term_years",
}
_DIMENSIONS = {
    "area": ("area",),
    "park_area": ("area",),
    "starting_price": ("money", "price"),
    "term": ("time",),
    "floor_area_ratio": ("share",),
    "building_density": ("share",),
    "green_ratio": ("share",),
    "height": ("length",),
}
# Numbers of one column must not stand in for those of another.
_IDENTITY = ("id", "parcel_no")
# What ``--map`` may say of a column that holds coordinates; the readers of tables use it.
_COORDINATES = ("lon", "lat", "easting", "northing", "wkt")


@dataclass(frozen=True)
class Column:
    """A column of the file.

    Attributes:
        name: as in the file.
        type: as it was read.
    """

    name: str
    type: pa.DataType


def plan(
    layer_id: str, columns: Sequence[Column], told: Mapping[str, str], districts: Mapping[str, str] | None = None
) -> Plan:
    """Which columns of a file feed which of a core layer's.

    Args:
        layer_id: ``industrial_land``, ``labs``, ``parks`` or ``enterprises``.
        columns: those of the file, in order.
        told: file column → field, core column or ``id``, with a unit after a colon where the name has none
            (``area_ha:亩``); empty for a column that is to be left as it is.
        districts: name of a district in any language → adcode.

    Raises:
        ParameterError: no such layer, column, field or unit.
    """
    if layer_id not in SCHEMAS:
        raise _no_layer(layer_id)
    names = {column.name for column in columns}
    given = [_told(layer_id, names, column, field) for column, field in told.items()]
    recognised = _recognised(layer_id, [column.name for column in columns if column.name not in told])
    feeds, beaten = _best([feed for feed in given if feed], recognised)
    order = [column.name for column in columns]
    feeds = sorted([*feeds, *_parcel_numbers(layer_id, feeds)], key=lambda feed: order.index(feed.column))
    used = {feed.column for feed in feeds}
    spares = tuple(spare for spare, _ in beaten if spare.field not in _IDENTITY)
    doubled = {spare.column for spare, _ in beaten}
    indicators, unfit = _indicators(layer_id, [name for name in order if name not in {*used, *told, *doubled}])
    fed = {*used, *(feed.column for feed in (*indicators, *spares))}
    left = tuple(name for name in order if name not in fed)
    return Plan(
        layer_id=layer_id,
        feeds=tuple(feeds),
        indicators=indicators,
        left=left,
        notes=(
            *(_sentence(layer_id, feed) for feed in (*feeds, *indicators)),
            *(_beaten(*pair) for pair in beaten),
            *unfit,
            *_aside(left),
        ),
        districts=MappingProxyType(dict(districts or {})),
        types=SCHEMAS[layer_id],
        spares=spares,
    )


def _no_layer(layer_id: str) -> ParameterError:
    return ParameterError(
        "as",
        layer_id,
        f"没有可以对应的图层“{layer_id}”；可用的有 {'、'.join(SCHEMAS)}。",
        f"no layer “{layer_id}” to map columns onto; there are {', '.join(SCHEMAS)}.",
    )


def _told(layer_id: str, names: Iterable[str], column: str, said: str) -> Feed | None:
    """What the user says of a column."""
    if column not in names:
        raise ParameterError(
            "map",
            column,
            f"文件没有“{column}”这一列；有 {'、'.join(sorted(names))}。",
            f"the file has no column “{column}”; it has {', '.join(sorted(names))}.",
        )
    field, _, unit_text = said.strip().replace("：", ":").partition(":")
    if not field or field in _COORDINATES:
        return None
    unit = unit_of(unit_text) if unit_text else None
    if unit_text and unit is None:
        raise ParameterError("map", said, f"不认得单位“{unit_text}”。", f"“{unit_text}” is no unit that is known here.")
    return _fed(layer_id, column, field, unit) or _no_field(layer_id, said, field)


def _no_field(layer_id: str, said: str, field: str) -> Feed:
    known = tuple(dict.fromkeys(("id", *SCHEMAS[layer_id], *fields_of(layer_id))))
    raise ParameterError(
        "map",
        said,
        f"{layer_id} 没有字段“{field}”；有 {'、'.join(known)}。",
        f"{layer_id} has no field “{field}”; it has {', '.join(known)}.",
    )


def _fed(layer_id: str, column: str, field: str, unit: Unit | None) -> Feed | None:
    """A feed of a field by its own name, or by that of a core column."""
    found = match(layer_id, column)
    named = unit or (found.unit if found else None)
    way = _BY_WAY_OF.get(field) if field in SCHEMAS[layer_id] else None
    if way:
        return Feed(column, way[0], named if _fits(way[0], named) and named else way[2], way[1])
    if field == "id" or field in SCHEMAS[layer_id] or field in fields_of(layer_id):
        return Feed(column, field, named if _fits(field, named) else None, found.bound if found else None)
    return None


def _fits(field: str, unit: Unit | None) -> bool:
    return unit is None or unit.dimension in _DIMENSIONS.get(field, ())


def _recognised(layer_id: str, names: Iterable[str]) -> Iterator[tuple[Feed, int]]:
    """Feeds of the columns whose names are known, with their ranks."""
    for name in names:
        plain = name.strip().lower()
        if plain in SCHEMAS[layer_id]:
            feed = _fed(layer_id, name, plain, None)
            if feed:
                yield feed, -1
            continue
        found = match(layer_id, name)
        if found and _fits(found.field, found.unit):
            yield Feed(name, found.field, found.unit, _bound(found, name), cut=found.cut), found.rank


def _bound(found: Match, name: str) -> str | None:
    """A limit in height (限高, 控高) is an upper end even where the cell has no sign."""
    return found.bound or ("max" if found.field == "height" and not name.isspace() else None)


def _best(given: Sequence[Feed], recognised: Iterable[tuple[Feed, int]]) -> tuple[list[Feed], list[tuple[Feed, Feed]]]:
    """One feed for each field and end: what was told, else the best name; and the others, each with its better."""
    chosen: dict[tuple[str, str | None], Feed] = {}
    beaten = []
    best_first = sorted(recognised, key=lambda pair: (pair[1], _coarseness(pair[0])))
    for feed in (*given, *(feed for feed, _ in best_first)):
        winner = chosen.setdefault((feed.field, feed.bound), feed)
        if winner is not feed:
            beaten.append((feed, winner))
    return list(chosen.values()), beaten


def _coarseness(feed: Feed) -> float:
    """The finest unit first: a table that gives m² and 亩 has rounded the 亩."""
    return feed.unit.factor if feed.unit else 0.5


def _beaten(feed: Feed, winner: Feed) -> Note:
    if feed.field in _IDENTITY:
        return Note(
            f"“{feed.column}”与“{winner.column}”同义，采用“{winner.column}”，“{feed.column}”照原样保留。",
            f"“{feed.column}” means the same as “{winner.column}”, which is used; “{feed.column}” is kept as it is.",
        )
    return Note(
        f"“{feed.column}”与“{winner.column}”同义：先取“{winner.column}”，其空缺处取“{feed.column}”。",
        f"“{feed.column}” means the same as “{winner.column}”, which is taken first; “{feed.column}” fills its gaps.",
    )


def _aside(left: Sequence[str]) -> Iterator[Note]:
    """On columns that feed nothing."""
    if left:
        zh, en = ("、".join(f"“{name}”" for name in left), ", ".join(f"“{name}”" for name in left))
        yield Note(f"其余列照原样保留：{zh}。", f"The other columns are kept as they are: {en}.")


def _parcel_numbers(layer_id: str, feeds: Sequence[Feed]) -> Iterator[Feed]:
    """The number that identifies a parcel is shown as its number, too."""
    fields = {feed.field: feed for feed in feeds}
    if layer_id != "industrial_land" or ("id" in fields) == ("parcel_no" in fields):
        return
    field = "parcel_no" if "id" in fields else "id"
    source = fields["id" if "id" in fields else "parcel_no"]
    if field == "id" or source.column.strip().lower() not in ("id", "fid"):
        yield replace(source, field=field)


def _indicators(layer_id: str, names: Sequence[str]) -> tuple[tuple[Feed, ...], list[Note]]:
    """Columns of indicators; and notes on those that would be another's double without a unit to tell them apart."""
    if layer_id != "industrial_land":
        return (), []
    listed = listed_in(names)
    feeds: list[Feed] = [Feed(name, field, None, None) for name, field in listed.items()]
    notes = []
    found = [(name, one) for name in names if name not in listed and (one := indicator_of(name))]
    # With a unit first: one that states none gives way.
    for name, one in sorted(found, key=lambda pair: pair[1].unit is None):
        feed = Feed(name, one.field, one.unit, one.bound, cut=one.cut)
        double = next((other for other in feeds if (other.field, other.bound) == (feed.field, feed.bound)), None)
        if double is not None and feed.unit is None:
            notes.append(_double(feed, double))
        else:
            feeds.append(feed)
    return tuple(sorted(feeds, key=lambda feed: names.index(feed.column))), notes


def _double(feed: Feed, other: Feed) -> Note:
    return Note(
        f"“{feed.column}”与“{other.column}”是同一指标而没有写单位，不作指标，照原样保留。",
        f"“{feed.column}” is the same indicator as “{other.column}” and states no unit: it is kept as it is, "
        "as no indicator.",
    )


def _sentence(layer_id: str, feed: Feed) -> Note:
    """How a column is understood, such as ``“面积(亩)” → area_ha（出让面积，亩）``."""
    target = "/".join(_targets(feed))
    label = label_of(layer_id, feed.field) if feed.field in fields_of(layer_id) else ""
    about = "，".join(filter(None, (label, feed.unit.name if feed.unit else "", "名称被截断" if feed.cut else "")))
    about_en = ", ".join(filter(None, (feed.unit.name if feed.unit else "", "cut name" if feed.cut else "")))
    return Note(
        f"“{feed.column}” → {target}" + (f"（{about}）" if about else ""),
        f"“{feed.column}” → {target}" + (f" ({about_en})" if about_en else ""),
    )


def _targets(feed: Feed) -> tuple[str, ...]:
    if feed.field in RANGES:
        low, high = RANGES[feed.field]
        return {"min": (low,), "max": (high,)}.get(feed.bound or "", (low, high))
    return (_OF_FIELD.get(feed.field, feed.field),)
