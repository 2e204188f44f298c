"""Features as tables and lists of facts: which columns a page shows, how each is headed, and what its ids name."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from bioplan_gis.api.page_addresses import Addresses
from bioplan_gis.api.page_values import Reference, no_reference, shown

Document = Mapping[str, Any]

NUMBERS = {"integer", "number"}
SCALARS = {*NUMBERS, "text", "date", "time", "datetime", "timestamp", "boolean"}
# Columns of the product's own layers whose ids have a page, and the layer in which they stand.
NAMED_IN = {
    "document": "documents",
    "district": "districts",
    "members": "districts",
    "located_in": "districts",
    "tracks": "tracks",
    "fields": "tracks",
    "concentrates_on": "tracks",
    "broader": "tracks",
    "narrower": "tracks",
    "relied_on_by": "zones",
}
# Enough of a text to find it by, and none that CQL2 would have escaped.
_WORD = re.compile(r"[^\W_]{1,8}")
_NO_WORD_OF_CQL2 = re.compile(r"(?![ast]_)[a-z][a-z0-9]*(_[a-z0-9]+)+")
COUNTY = re.compile(r"[0-9]{6}")
# What says where a fact comes from and how well it stands; a page puts it apart from what the fact is.
PROVENANCE = (
    "document", "clause", "citations", "source", "area_source", "district", "district_zh", "accuracy_m",
    "position_basis", "position_source", "position_method", "position_attribution",
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A column as a page heads it.

    Attributes:
        name: in the JSON.
        title: in the page's language.
        kind: ``text``, ``integer``, ``number``, ``boolean``, ``date``, ``timestamp``, ``list`` or ``json``.
        unit: of its numbers, or nothing.
    """

    name: str
    title: str
    kind: str
    unit: str

    def __str__(self) -> str:
        """Its heading."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def numeric(self) -> bool:
        """Whether its values stand at the right."""
        return self.kind in NUMBERS

    @property
    def sortable(self) -> bool:
        """Whether values have an order that a reader knows."""
        return self.kind in SCALARS


@dataclass(frozen=True)
class Fact:
    """A value under its title, with the same in the other language where there is one."""

    field: Field
    value: Markup
    other: Markup | None = None


@dataclass(frozen=True)
class Row:
    """A feature in a table."""

    id: str
    name: str
    cells: Sequence[Markup]
    placed: bool


def titled(record: Document, name: str = "title", *, english: bool) -> str:
    """A record's text in a language, or in the other where it has not that one."""
    order = ("en", "zh") if english else ("zh", "en")
    texts = [record.get(f"{name}_{language}") for language in order] + [record.get(name)]
    return next((str(one) for one in texts if one), "")


def fields_of(features: Sequence[Document], collection: Document, *, english: bool) -> list[Field]:
    """The columns that these features have, in the collection's order; what it does not describe comes last."""
    held = {name: None for one in features for name in one.get("properties") or {}}
    described = [column for column in collection.get("columns") or () if not features or column["name"] in held]
    if english and features:
        described = sorted(described, key=_english_first(described))
    known = {column["name"] for column in described}
    return [_field(column, english=english) for column in described] + [
        _field({"name": name, "type": _kind_of(features, name)}, english=english) for name in held if name not in known
    ]


def split_filled(features: Sequence[Document], fields: Iterable[Field]) -> tuple[list[Field], list[Field]]:
    """The columns of which some feature has a value, and those without any."""
    filled: list[Field] = []
    bare: list[Field] = []
    for field in fields:
        is_filled = any((one.get("properties") or {}).get(field.name) not in (None, [], {}) for one in features)
        (filled if is_filled else bare).append(field)
    return filled, bare


def rows_of(features: Sequence[Document], fields: Sequence[Field], reference: Reference, *, english: bool) -> list[Row]:
    """Features as rows, a cell for each column."""
    rows = []
    for one in features:
        properties = one.get("properties") or {}
        cells = [_cell(properties.get(field.name), field.name, reference, english=english) for field in fields]
        identity = "" if one.get("id") is None else str(one["id"])
        rows.append(Row(identity, titled(properties, "name", english=english), cells, one.get("geometry") is not None))
    return rows


def condition_on(features: Sequence[Document], fields: Iterable[Field]) -> str:
    """A condition in CQL2 that these features suggest, on the first column of texts, or else of numbers; or nothing."""
    known = [field for field in fields if field.kind == "text"] or [field for field in fields if field.numeric]
    found = (_comparison(field, (one.get("properties") or {}).get(field.name)) for field in known for one in features)
    return next((one for one in found if one), f"{_in_cql2(known[0].name)} IS NOT NULL" if known else "")


def _comparison(field: Field, value: object) -> str:
    """What is true of a value; nothing where there is none that could be named without doubling or escaping."""
    if isinstance(value, int | float) and field.numeric:
        return f"{_in_cql2(field.name)} >= {json.dumps(value)}"
    word = _WORD.search(value) if isinstance(value, str) else None
    return f"{_in_cql2(field.name)} LIKE '%{word[0]}%'" if word else ""


def _in_cql2(name: str) -> str:
    """A column's name as CQL2 has it: in quotes unless it can be no word of the language's own."""
    doubled = name.replace('"', '""')
    return name if _NO_WORD_OF_CQL2.fullmatch(name) else f'"{doubled}"'


def facts_of(
    properties: Document, fields: Sequence[Field], reference: Reference, *, english: bool
) -> tuple[list[Fact], list[Fact]]:
    """What a feature is, and where that comes from; a pair of languages is one fact."""
    names = {field.name for field in fields}
    facts: list[Fact] = []
    provenance: list[Fact] = []
    for field in fields:
        if _is_told(field, names, properties):
            continue
        fact = _fact(field, names, properties, reference, english=english)
        (provenance if field.name in PROVENANCE else facts).append(fact)
    return facts, provenance


def references(at: Addresses, collection: Document) -> Reference:
    """What the ids in a layer's columns name; an imported layer's columns are its owner's, whatever they are called."""
    if collection.get("imported", True):
        return no_reference

    def page_of(column: str, value: str) -> str | None:
        layer = NAMED_IN.get(column)
        if layer is None or (layer == "districts" and COUNTY.fullmatch(value) is None):
            return None
        return at.path("collections", layer, "items", value)

    return page_of


def _field(column: Document, *, english: bool) -> Field:
    title = titled(column, english=english) or column["name"]
    return Field(column["name"], title, column.get("type") or "text", column.get("unit") or "")


def _english_first(columns: Sequence[Document]) -> Callable[[Document], tuple[int, int]]:
    """A key by which the English column of a pair stands before the Chinese one, and all others where they stood."""
    places = {str(column["name"]): place for place, column in enumerate(columns)}

    def place_of(column: Document) -> tuple[int, int]:
        name = str(column["name"])
        twin = places.get(f"{name[:-3]}_zh") if name.endswith("_en") else None
        return (places[name], 1) if twin is None else (twin, 0)

    return place_of


def _kind_of(features: Sequence[Document], name: str) -> str:
    values = [value for one in features if (value := (one.get("properties") or {}).get(name)) is not None]
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return "number"
    return "json" if any(isinstance(value, Mapping | list) for value in values) else "text"


def _cell(value: object, name: str, reference: Reference, *, english: bool) -> Markup:
    return Markup("") if value in (None, []) else shown(value, english=english, column=name, reference=reference)


def _is_told(field: Field, names: set[str], properties: Document) -> bool:
    """Whether another fact tells this one: the Chinese column of its pair, or the citations."""
    if field.name.endswith("_en"):
        return f"{field.name[:-3]}_zh" in names
    return field.name in {"document", "clause"} and bool(properties.get("citations"))


def _fact(field: Field, names: set[str], properties: Document, reference: Reference, *, english: bool) -> Fact:
    """One column, or a pair of them under the Chinese one's title."""
    twin = f"{field.name[:-3]}_en"
    if not (field.name.endswith("_zh") and twin in names):
        return Fact(field, shown(properties.get(field.name), english=english, column=field.name, reference=reference))
    own, other = (twin, field.name) if english else (field.name, twin)
    is_other = properties.get(own) != properties.get(other)
    return Fact(
        field,
        shown(properties.get(own), english=english),
        shown(properties.get(other), english=english) if is_other else None,
    )
