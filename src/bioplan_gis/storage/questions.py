"""What is asked of a layer's features: which ones, in which order, after which one, and what of them.

Pages go by key: the place where a page ended is told by the values that order the features, and by ``fid`` last, which
no two share and no feature changes. Whatever is inserted or deleted meanwhile, a walk meets every feature once.
"""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import ColumnElement, Connection, Text, and_, collate, func, literal, null, or_, select, type_coerce
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import NullType

from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.spatial import Box, meets
from bioplan_gis.storage.tables import COLUMN_TYPES

Condition = ColumnElement[Any]
_KINDS_WITHOUT_ORDER = frozenset({"list", "json"})
_SIGNED_64 = 2**63
MOST_BYTES_OF_A_VALUE = 100_000


@dataclass(frozen=True)
class SortKey:
    """A property that orders features.

    Attributes:
        name: a column of the layer, or ``id``.
        kind: its type in the registry.
        descending: whether the greatest comes first; features without a value come last either way.
    """

    name: str
    kind: str
    descending: bool = False


@dataclass(frozen=True)
class Place:
    """Where a page ended.

    Attributes:
        fid: key of its last feature.
        values: what that feature is ordered by, as JSON has it; empty where the key alone orders.
    """

    fid: int
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a layer's features.

    Attributes:
        limit: the most to return; None for all.
        where: conditions on the layer's table, all of which must hold.
        box: west, south, east, north in degrees, which the features must meet as well.
        sort: what orders them before their key does.
        after: where the page before ended.
        properties: the columns to return, in the layer's order; None for all.
        crs: of the coordinates.
        counted: whether the number of all that match must be told, however long it takes; None where it is cheap.
    """

    limit: int | None
    where: tuple[Condition, ...] = ()
    box: Box | None = None
    sort: tuple[SortKey, ...] = ()
    after: Place | None = None
    properties: tuple[str, ...] | None = None
    crs: FeedCrs = CRS84
    counted: bool | None = None

    @property
    def chooses(self) -> bool:
        """Whether it asks for some of the features, and not for all."""
        return bool(self.where) or self.box is not None


def sort_keys(layer: Layer, names: Sequence[str]) -> tuple[SortKey, ...]:
    """The keys that ``sortby`` names, such as ``-area_ha``.

    Raises:
        ParameterError: the layer has no such property, it has no order, or it comes twice.
    """
    kinds = {"id": "text"} | {column.name: column.type for column in layer.columns}
    sortable = {name: kind for name, kind in kinds.items() if kind not in _KINDS_WITHOUT_ORDER}
    keys: list[SortKey] = []
    for written in names:
        name = written[1:] if written not in sortable and written[:1] in {"+", "-"} else written
        if name not in sortable:
            raise _unsortable(written, sortable)
        if name in {key.name for key in keys}:
            raise ParameterError("sortby", written, f"sortby：“{name}”出现了两次。", f"sortby: “{name}” comes twice.")
        keys.append(SortKey(name, sortable[name], written.startswith("-") and written != name))
    return tuple(keys)


def _unsortable(name: str, sortable: Mapping[str, str]) -> ParameterError:
    return ParameterError(
        "sortby",
        name[:200],
        f"sortby：没有可排序的属性“{name[:100]}”；可用的有 {'、'.join(sortable)}。降序写作 -属性。",
        f"sortby: there is no property “{name[:100]}” to sort by; there are {', '.join(sortable)}; -NAME descends.",
    )


def chosen_properties(layer: Layer, names: Sequence[str]) -> tuple[str, ...]:
    """The columns that ``properties`` names, in the layer's order; ``id`` and geometry are always there.

    Raises:
        ParameterError: the layer has none of that name.
    """
    known = [column.name for column in layer.columns]
    for name in names:
        if name not in {*known, "id"}:
            raise ParameterError(
                "properties",
                name[:200],
                f"properties：没有属性“{name[:100]}”；可用的有 {'、'.join(known)}。",
                f"properties: there is no property “{name[:100]}”; there are {', '.join(known)}.",
            )
    return tuple(name for name in known if name in names)


def conditions_of(layer: Layer, question: Question, dialect: str) -> list[Condition]:
    """The conditions of a question with that of its place, for the WHERE of a statement."""
    found = list(question.where)
    if question.box is not None:
        found.append(meets(layer.table, shapely.box(*question.box), dialect))
    if question.after is None:
        return found
    return [*found, _beyond(layer, question.sort, question.after, dialect)]


def order_of(layer: Layer, sort: Sequence[SortKey], dialect: str) -> list[Condition]:
    """What a statement orders by: those without a value last, texts by code point, and the key at the end."""
    columns = [(_ordered(layer, key, dialect), key.descending) for key in sort]
    orders = [(column.desc() if descending else column.asc()).nulls_last() for column, descending in columns]
    return [*orders, layer.table.c.fid]


def place_text(sort: Sequence[SortKey], place: Place) -> str:
    """A place as a ``next`` link carries it: the key alone, or a text that only this order understands."""
    if not sort:
        return str(place.fid)
    document = json.dumps([_written(sort), place.fid, *place.values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def read_place(sort: Sequence[SortKey], text: str) -> Place | None:
    """The place that a ``next`` link of this order carries; None where the text is none."""
    if not sort:
        return Place(int(text)) if text.isdecimal() and text.isascii() and int(text) < _SIGNED_64 else None
    try:
        document = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
        written, fid, *values = document
        for key, value in zip(sort, values, strict=True):
            _CHECKS[key.kind](value)
    except (ValueError, TypeError, KeyError, binascii.Error, OverflowError, RecursionError):
        return None
    if written != _written(sort) or not isinstance(fid, int) or not 0 <= fid < _SIGNED_64:
        return None
    return Place(fid, tuple(values))


def _written(sort: Sequence[SortKey]) -> str:
    return ",".join(f"{'-' if key.descending else ''}{key.name}" for key in sort)


def place_values(layer: Layer, sort: Sequence[SortKey], dialect: str) -> list[Condition]:
    """What tells the place of a feature: the values that order it, such as JSON can hold them."""
    columns = [layer.table.c[key.name] for key in sort]
    if dialect == "sqlite":
        return [type_coerce(column, NullType()) for column in columns]
    return [func.to_json(column) for column in columns]


def read_places(connection: Connection, layer: Layer, question: Question, *, skipped: int, most: int) -> list[Place]:
    """The places of some of the features that a question asks for, behind so many others, in its order."""
    dialect = connection.dialect.name
    values = (value.label(f"value{at}") for at, value in enumerate(place_values(layer, question.sort, dialect)))
    found = select(layer.table.c.fid, *values).where(*conditions_of(layer, question, dialect))
    found = found.order_by(*order_of(layer, question.sort, dialect)).offset(skipped).limit(most)
    return [Place(row[0], tuple(row[1:])) for row in connection.execute(found)]


def _ordered(layer: Layer, key: SortKey, dialect: str) -> Condition:
    column = layer.table.c[key.name]
    if dialect == "sqlite":
        return type_coerce(column, NullType())
    return collate(column, "C") if key.kind == "text" else column


def _beyond(layer: Layer, sort: Sequence[SortKey], place: Place, dialect: str) -> Condition:
    """Whether a feature comes after a place: by the first key that differs, or by ``fid`` where none does."""
    after = layer.table.c.fid > place.fid
    for key, value in reversed(list(zip(sort, place.values, strict=True))):
        column = _ordered(layer, key, dialect)
        if value is None:
            after = and_(column.is_(null()), after)
            continue
        bound = _bound(key, value, dialect)
        later = column < bound if key.descending else column > bound
        after = or_(later, column.is_(null()), and_(column == bound, after))
    return after


def _bound(key: SortKey, value: Any, dialect: str) -> Condition:  # noqa: ANN401 - JSON
    if dialect == "sqlite":
        return literal(value, NullType())
    if key.kind in {"text", "integer", "number", "boolean"}:
        return literal(float(value) if key.kind == "number" else value, COLUMN_TYPES[key.kind])
    return sql_cast(literal(value, Text()), COLUMN_TYPES[key.kind])


def _is(*kinds: type) -> Callable[[Any], None]:
    def check(value: Any) -> None:  # noqa: ANN401 - JSON
        if value is not None and not isinstance(value, kinds):
            raise TypeError(value)

    return check


def _check_text(value: Any) -> None:  # noqa: ANN401 - JSON
    _is(str)(value)
    if value is not None and ("\x00" in value or len(value.encode()) > MOST_BYTES_OF_A_VALUE):
        raise ValueError(value)


def _check_integer(value: Any) -> None:  # noqa: ANN401 - JSON
    _is(int)(value)
    if value is not None and not -_SIGNED_64 <= value < _SIGNED_64:
        raise ValueError(value)


def _check_number(value: Any) -> None:  # noqa: ANN401 - JSON; PostgreSQL writes "NaN" and "Infinity" as texts
    if value is not None:
        float(value)


def _check_moment(read: Callable[[str], Any]) -> Callable[[Any], None]:
    def check(value: Any) -> None:  # noqa: ANN401 - JSON
        if value is not None:
            read(value)

    return check


_CHECKS: Mapping[str, Callable[[Any], None]] = {
    "text": _check_text,
    "integer": _check_integer,
    "number": _check_number,
    "boolean": _is(bool, int),
    "date": _check_moment(dt.date.fromisoformat),
    "time": _check_moment(dt.time.fromisoformat),
    "datetime": _check_moment(dt.datetime.fromisoformat),
    "timestamp": _check_moment(dt.datetime.fromisoformat),
}
