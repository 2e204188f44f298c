"""Schemas of what the service answers, as OpenAPI 3.0 has them (its dialect of JSON Schema, draft Wright-00).

An object may always have members besides those that are named here: a later release may tell more.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NONE: Schema = {"type": "string", "nullable": True}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
ANY_OBJECT: Schema = {"type": "object"}
BINARY: Schema = {"type": "string", "format": "binary"}


def reference(name: str) -> Schema:
    """A schema of this document by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(items: Schema, **more: object) -> Schema:
    """An array of things of one kind."""
    return {"type": "array", "items": items, **more}


def of_members(required: str, members: Mapping[str, Schema]) -> Schema:
    """An object; the names of the members that it always has, with blanks between."""
    return {"type": "object", "required": required.split(), "properties": dict(members)}


LINKS = list_of(reference("link"))
_DOCUMENTED: Mapping[str, Schema] = {"links": LINKS}
_TITLES: Mapping[str, Schema] = {"title_zh": TEXT, "title_en": TEXT}

SCHEMAS: Mapping[str, Schema] = {
    "text": {"type": "string", "pattern": "^[^\\u0000]*$"},
    "link": of_members(
        "href rel", {"href": TEXT, "rel": TEXT, "type": TEXT, "hreflang": TEXT, "title": TEXT, "templated": FLAG}
    ),
    "problem": of_members(
        "type title status detail instance code",
        {
            "type": TEXT,
            "title": TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": TEXT,
            "instance": TEXT,
            "code": TEXT,
            "parameter": TEXT,
            "value": TEXT,
        },
    ),
    "landingPage": of_members("title description links", {"title": TEXT, "description": TEXT, **_DOCUMENTED}),
    "conformance": of_members("conformsTo links", {"conformsTo": list_of(TEXT), **_DOCUMENTED}),
    "column": of_members("name type", {"name": TEXT, "type": TEXT, "unit": TEXT_OR_NONE, **_TITLES}),
    "extent": of_members(
        "spatial",
        {
            "spatial": of_members(
                "bbox", {"bbox": list_of(list_of(NUMBER, minItems=4, maxItems=6), minItems=1), "crs": TEXT}
            ),
            "temporal": of_members("interval", {"interval": list_of(list_of(TEXT_OR_NONE)), "trs": TEXT}),
        },
    ),
    "collection": of_members(
        "id title description itemType crs links version featureCount columns",
        {
            "id": TEXT,
            "title": TEXT,
            "description": TEXT,
            **_TITLES,
            "attribution": TEXT,
            "licence": TEXT,
            "version": COUNT,
            "source": TEXT_OR_NONE,
            "imported": FLAG,
            "synthetic": FLAG,
            "conforms_to": TEXT_OR_NONE,
            "itemType": {"type": "string", "enum": ["feature"]},
            "geometryType": TEXT_OR_NONE,
            "featureCount": COUNT,
            "crs": list_of(TEXT, minItems=1),
            "storageCrs": TEXT,
            "extent": reference("extent"),
            "columns": list_of(reference("column")),
            **_DOCUMENTED,
        },
    ),
    "collections": of_members(
        "links collections", {**_DOCUMENTED, "collections": list_of(reference("collection")), "crs": list_of(TEXT)}
    ),
    "geometry": {
        "nullable": True,
        **of_members(
            "type",
            {
                "type": {
                    "type": "string",
                    "enum": [
                        "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
                        "GeometryCollection",
                    ],
                },
                "coordinates": list_of({}),
                "geometries": list_of(ANY_OBJECT),
            },
        ),
    },
    "feature": of_members(
        "type id geometry properties",
        {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": TEXT,
            "geometry": reference("geometry"),
            "properties": {"type": "object", "nullable": True},
            **_DOCUMENTED,
        },
    ),
    "featureCollection": of_members(
        "type features",
        {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": list_of(reference("feature")),
            "numberMatched": COUNT,
            "numberReturned": COUNT,
            "timeStamp": {"type": "string", "format": "date-time"},
            "attribution": TEXT,
            "synthetic": FLAG,
            **_DOCUMENTED,
        },
    ),
    "jsonSchema": of_members(
        "$schema $id type properties",
        {
            "$schema": TEXT,
            "$id": TEXT,
            "type": {"type": "string", "enum": ["object"]},
            "title": TEXT,
            "properties": ANY_OBJECT,
        },
    ),
    "functions": of_members(
        "functions links",
        {
            "functions": list_of(
                of_members(
                    "name arguments returns",
                    {
                        "name": TEXT,
                        "description": TEXT,
                        "arguments": list_of(of_members("type", {"title": TEXT, "type": list_of(TEXT)})),
                        "returns": list_of(TEXT),
                    },
                )
            ),
            **_DOCUMENTED,
        },
    ),
    "openapi": of_members("openapi info paths", {"openapi": TEXT, "info": ANY_OBJECT, "paths": ANY_OBJECT}),
    "tileMatrixSet": of_members(
        "id crs tileMatrices",
        {"id": TEXT, "title": TEXT, "uri": TEXT, "crs": TEXT, "tileMatrices": list_of(ANY_OBJECT), **_DOCUMENTED},
    ),
    "tileMatrixSets": of_members("tileMatrixSets links", {"tileMatrixSets": list_of(ANY_OBJECT), **_DOCUMENTED}),
    "tileset": of_members(
        "dataType crs tileMatrixSetURI links",
        {
            "title": TEXT,
            "description": TEXT,
            "attribution": TEXT,
            "dataType": {"type": "string", "enum": ["vector"]},
            "crs": TEXT,
            "tileMatrixSetURI": TEXT,
            "tileMatrixSetLimits": list_of(reference("tileMatrixLimits")),
            "layers": list_of(ANY_OBJECT),
            **_DOCUMENTED,
        },
    ),
    "tileMatrixLimits": of_members(
        "tileMatrix minTileRow maxTileRow minTileCol maxTileCol",
        {"tileMatrix": TEXT, "minTileRow": COUNT, "maxTileRow": COUNT, "minTileCol": COUNT, "maxTileCol": COUNT},
    ),
    "tilesets": of_members("tilesets links", {"tilesets": list_of(reference("tileset")), **_DOCUMENTED}),
    "tilejson": of_members(
        "tilejson tiles vector_layers",
        {
            "tilejson": TEXT,
            "name": TEXT,
            "description": TEXT,
            "attribution": TEXT,
            "tiles": list_of(TEXT, minItems=1),
            "bounds": list_of(NUMBER, minItems=4, maxItems=4),
            "center": list_of(NUMBER, minItems=3, maxItems=3),
            "minzoom": COUNT,
            "maxzoom": COUNT,
            "vector_layers": list_of(ANY_OBJECT),
        },
    ),
    "style": of_members(
        "version sources layers",
        {"version": COUNT, "name": TEXT, "sources": ANY_OBJECT, "layers": list_of(ANY_OBJECT)},
    ),
    "layout": of_members(
        "id name_zh name_en phrase parts zone_count links",
        {
            "id": TEXT,
            "name_zh": TEXT,
            "name_en": TEXT,
            "phrase": TEXT_OR_NONE,
            "parts": list_of(
                of_members(
                    "numeral role count",
                    {"numeral": TEXT, "role": TEXT, "count": {"type": "integer", "minimum": 1, "nullable": True}},
                )
            ),
            "zone_count": COUNT,
            "zones": reference("featureCollection"),
            "proposed_links": reference("featureCollection"),
            **_DOCUMENTED,
        },
    ),
    "layouts": of_members("layouts links", {"layouts": list_of(reference("layout")), **_DOCUMENTED}),
    "sites": {
        "allOf": [
            reference("featureCollection"),
            of_members(
                "statement_zh statement_en question near rejected layers",
                {
                    "statement_zh": TEXT,
                    "statement_en": TEXT,
                    "question": ANY_OBJECT,
                    "near": ANY_OBJECT,
                    "rejected": list_of(ANY_OBJECT),
                    "layers": list_of(ANY_OBJECT),
                },
            ),
        ]
    },
    "health": of_members("status", {"status": {"type": "string", "enum": ["ok"]}}),
    "readiness": of_members(
        "status layers",
        {
            "status": {"type": "string", "enum": ["ready"]},
            "layers": {"type": "object", "additionalProperties": COUNT},
        },
    ),
}  # fmt: skip
