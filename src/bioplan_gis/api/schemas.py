"""What a layer's features hold, and what filters and orders may ask of them, as JSON Schema.

Queryables are OGC API Features Part 3 (OGC 19-079r2, clause 6), sortables and the schema Part 5 (OGC 23-058r2).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import Request, Response

from bioplan_gis.api.collections import PLAIN, path_of, title_of
from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import Document, base_url, represented
from bioplan_gis.api.media import JSON, SCHEMA
from bioplan_gis.api.parameters import read_parameters
from bioplan_gis.api.routes import Routes
from bioplan_gis.catalogue import Column
from bioplan_gis.checking.values import VOCABULARY
from bioplan_gis.landuse import CLASSES
from bioplan_gis.storage.calls import FUNCTIONS, Function
from bioplan_gis.storage.filters import primary_moment
from bioplan_gis.storage.layers import Layer, read_layer
from bioplan_gis.storage.operands import geometry_name

router = Routes("/api")

Properties = dict[str, dict[str, Any]]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID = Column("id", "text", None, "编号", "Id")
LAND_CLASS = "land_class"
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "datetime": {"type": "string", "format": "date-time"},
    "timestamp": {"type": "string", "format": "date-time"},
    "list": {"type": "array", "items": {"type": "string"}},
    "json": {"type": ["object", "array"]},
}
_WITHOUT_ORDER = frozenset({"list", "json"})
# The registry's units as UCUM writes them, case sensitive; money has none there.
UCUM: Mapping[str, str] = {
    "m": "m", "km": "km", "m2": "m2", "km2": "km2", "ha": "har", "deg": "deg", "%": "%", "year": "a",
}  # fmt: skip
# What has no unit in UCUM, said in words.
_IN_WORDS: Mapping[str, tuple[str, str]] = {"yuan": ("元", "yuan (CNY)"), "mu": ("亩", "mu (1/15 ha)")}
_GEOMETRIES: Mapping[str, str] = {
    "POINT": "point", "LINESTRING": "linestring", "POLYGON": "polygon", "MULTIPOINT": "multipoint",
    "MULTILINESTRING": "multilinestring", "MULTIPOLYGON": "multipolygon", "GEOMETRYCOLLECTION": "geometrycollection",
}  # fmt: skip
# OGC 19-079r2 tells integers from other numbers.
_ARGUMENTS: Mapping[str, list[str]] = {"number": ["number", "integer"]}


@router.get("/collections/{layer_id}/queryables")
def queryables(request: Request, layer_id: str) -> Response:
    """What a filter may ask of a layer's features (OGC 19-079r2, /req/queryables)."""
    return _described(request, layer_id, "queryables", queryables_document)


@router.get("/collections/{layer_id}/sortables")
def sortables(request: Request, layer_id: str) -> Response:
    """What orders a layer's features (OGC 23-058r2, /req/sortables)."""
    return _described(request, layer_id, "sortables", sortables_document)


@router.get("/collections/{layer_id}/schema")
def schema(request: Request, layer_id: str) -> Response:
    """What a layer's features hold (OGC 23-058r2, /req/returnables-and-receivables)."""
    return _described(request, layer_id, "schema", schema_document)


@router.get("/functions")
def functions(request: Request) -> Response:
    """The functions that a filter may call (OGC 19-079r2, /req/filter/get-functions-operation)."""
    asked = read_parameters(request, PLAIN)
    return represented(request, asked, functions_document, "functions", media=JSON)


def _described(request: Request, layer_id: str, page: str, make: Callable[[Layer, str], Document]) -> Response:
    asked = read_parameters(request, PLAIN)
    with reading_for(request) as connection:
        layer = read_layer(connection, layer_id)
    return represented(request, asked, lambda: make(layer, base_url(request)), page, [layer], media=SCHEMA)


def queryables_document(layer: Layer, base: str) -> Document:
    """The properties that a filter may name, as JSON Schema; no other.

    Args:
        layer: as the registry describes it.
        base: where the service stands, without a last slash.
    """
    properties = {column.name: _property_of(layer, column) for column in queryable_columns(layer)}
    return _document(layer, base, "queryables", properties | _geometry_property(layer))


def sortables_document(layer: Layer, base: str) -> Document:
    """The properties that ``sortby`` may name, as JSON Schema; no other."""
    ordered = (column for column in (ID, *layer.columns) if column.type not in _WITHOUT_ORDER)
    return _document(layer, base, "sortables", {column.name: _property_of(layer, column) for column in ordered})


def schema_document(layer: Layer, base: str) -> Document:
    """All that a feature holds, as JSON Schema: with its id and geometry, roles and order; nothing can be written."""
    properties = {column.name: _property_of(layer, column) for column in (ID, *layer.columns)}
    properties["id"] |= {"x-ogc-role": "id"}
    properties |= _geometry_property(layer)
    for number, described in enumerate(properties.values(), 1):
        described |= {"readOnly": True, "x-ogc-propertySeq": number}
    moment = primary_moment(layer)
    if moment is not None:
        properties[moment.name]["x-ogc-role"] = "primary-instant"
    return _document(layer, base, "schema", properties) | {"required": ["id"]}


def functions_document() -> Document:
    """The functions that a filter may call, with what each takes and gives."""
    return {"functions": [_function_document(function) for function in FUNCTIONS.values()]}


def queryable_columns(layer: Layer) -> Iterator[Column]:
    """``id`` and the columns that a filter may name: all but objects, which nothing compares with."""
    return (column for column in (ID, *layer.columns) if column.type != "json")


def vocabulary_of(layer: Layer, name: str) -> tuple[str, ...]:
    """The words that a column may hold; none where any text may stand there."""
    if name == LAND_CLASS and "industrial_land" in {layer.id, layer.conforms_to}:
        return tuple(each.code for each in CLASSES)
    return () if layer.imported else VOCABULARY.get((layer.id.replace("_", "-"), name), ())


def _document(layer: Layer, base: str, name: str, properties: Properties) -> Document:
    return {
        "$schema": DIALECT,
        "$id": f"{base}{path_of(layer)}/{name}",
        "type": "object",
        "title": title_of(layer),
        "description": f"{layer.description_zh} {layer.description_en}".strip(),
        "properties": properties,
        "additionalProperties": False,
    }


def _property_of(layer: Layer, column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {"title": _titled(column), **_TYPES[column.type]}
    words = vocabulary_of(layer, column.name)
    if words:
        described["enum"] = list(words)
    if column.unit is not None and column.unit in UCUM:
        described["x-ogc-unit"] = UCUM[column.unit]
    elif column.unit is not None:
        zh, en = _IN_WORDS.get(column.unit, (column.unit, column.unit))
        described["description"] = f"单位：{zh} Unit: {en}"
    if column.type == "datetime":
        described["description"] = "不带时区，筛选时按 UTC Without zone; filters take it for UTC"
    return described


def _titled(column: Column) -> str:
    """Both titles, or the one where they are the same."""
    return " ".join(dict.fromkeys((column.title_zh, column.title_en))).strip() or column.name


def _geometry_property(layer: Layer) -> Properties:
    if layer.geometry_type is None:
        return {}
    kind = _GEOMETRIES.get(layer.geometry_type.upper(), "any")
    described = {"title": "几何 Geometry", "format": f"geometry-{kind}", "x-ogc-role": "primary-geometry"}
    return {geometry_name({column.name for column in layer.columns}): described}


def _function_document(function: Function) -> Document:
    return {
        "name": function.name,
        "description": f"{function.zh} {function.en}",
        "arguments": [
            {"title": f"{argument.zh} {argument.en}", "type": _ARGUMENTS.get(argument.type, [argument.type])}
            for argument in function.arguments
        ],
        "returns": [function.returns],
    }
