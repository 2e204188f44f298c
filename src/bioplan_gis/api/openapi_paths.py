"""Operations as the path items of an OpenAPI document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bioplan_gis.api.collections import item_medias
from bioplan_gis.api.downloads import ALTERED_VALUES, OMITTED_FEATURES
from bioplan_gis.api.media import HTML, PROBLEM
from bioplan_gis.api.openapi_schemas import BINARY, COUNT, TEXT, Schema, list_of, reference
from bioplan_gis.api.operations import BINARY as FILE
from bioplan_gis.api.operations import PAGE, Operation
from bioplan_gis.api.parameters import Parameter
from bioplan_gis.catalogue import Column
from bioplan_gis.storage.layers import Layer
from bioplan_gis.tiling import MOST_ZOOM

Item = dict[str, Any]

# More layers than this are described by one path with a variable, so that the document stays readable.
MOST_PATHS_OF_LAYERS = 200
_UNFIT_FOR_PATHS = frozenset("{}/?#%")
# What the columns of a layer hold, by their type in the registry.
_OF_COLUMNS: Mapping[str, Schema] = {
    "text": reference("text"),
    "list": reference("text"),
    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "timestamp": {"type": "string", "format": "date-time"},
}
_ID = Column("id", "text", None, "编号", "Id")
_WITHOUT_ORDER = frozenset({"list", "json"})
_VARIABLES: Mapping[str, tuple[Schema, str]] = {
    "collectionId": (TEXT, "图层编号 Id of a layer"),
    "featureId": (TEXT, "要素编号 Id of a feature"),
    "layoutId": (TEXT, "布局编号 Id of a layout"),
    "tileMatrix": ({"type": "integer", "minimum": 0, "maximum": MOST_ZOOM}, "级别 Zoom"),
    "tileRow": (COUNT, "行，自北向南，小于 2 的级别次方 Row, from the north, less than 2 to the power of the zoom"),
    "tileCol": (COUNT, "列，自西向东，小于 2 的级别次方 Column, from the west, less than 2 to the power of the zoom"),
}
# What may go wrong, by status: name of the answer and what it says.
REFUSALS: Mapping[int, tuple[str, str]] = {
    400: (
        "badParameter",
        "参数未知、重复或不可用，或 Host 头有误 A parameter is unknown, doubled or of no use, or Host is malformed",
    ),
    404: ("notFound", "此处没有内容 Nothing is there"),
    406: ("notAcceptable", "没有 Accept 所要的格式 There is no format that Accept takes"),
    414: ("uriTooLong", "网址过长 The URL is too long"),
    431: ("headersTooLarge", "请求头过大 The headers of the request are too large"),
    500: ("internalError", "服务出错 The service met an error"),
    503: ("unavailable", "服务暂不可用 The service cannot answer for now"),
}
_ALWAYS = ("ETag", "Cache-Control", "Vary")
HEADERS: Mapping[str, str] = {
    "ETag": "内容的版本，可用于 If-None-Match Version of the content, for If-None-Match",
    "Cache-Control": "可否缓存 How long it may be kept",
    "Vary": "答案随哪些请求头而变 The request headers that the answer depends on",
    "Content-Crs": "坐标系，写在尖括号中 CRS of the coordinates, in angle brackets",
    "Content-Disposition": "文件名 Name of the file",
    "Content-Language": "语言 Language",
    "Link": "文件之外的链接，如下一页 Links that the file itself cannot hold, such as the next page",
    OMITTED_FEATURES: (
        "文件格式无法保存而略去的要素数，如 FlatGeobuf 中没有几何的要素；没有略去时不给，HEAD 不给 "
        "How many features the kind of file cannot hold and lacks, such as those without geometry in FlatGeobuf; "
        "absent where none is missing, and from HEAD"
    ),
    ALTERED_VALUES: (
        "文件格式无法照原样保存的值数，如截断的文本；没有时不给，HEAD 不给 "
        "How many values the kind of file cannot hold as they are, such as texts that were cut; absent where there is "
        "none, and from HEAD"
    ),
}


def path_items(
    operations: Sequence[Operation], layers: Sequence[Layer], base: str, names: "ParameterNames"
) -> dict[str, Item]:
    """Every operation at its path; those that depend on a layer's columns at a path of each layer.

    Args:
        operations: of the service.
        layers: of the registry.
        base: address of the service, for what stands beside the API.
        names: of the operations' parameters, which learn here which of them are used.
    """
    items: dict[str, Item] = {}
    for operation in operations:
        own = _with_paths(layers) if operation.by_layer else ()
        for layer in own:
            path = operation.path.replace("{collectionId}", layer.id)
            items[path] = {"get": _of_layer(operation, layer, names)}
        if not operation.by_layer or len(own) < len(layers):
            items[operation.path] = {"get": _plain(operation, layers, names)}
        if operation.beside:
            items[operation.path]["servers"] = [{"url": base}]
    return items


class ParameterNames:
    """Names of the parameters among the document's components: their own, and a longer one where two share it."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        """Name every parameter of these operations."""
        self.named: dict[str, Parameter[Any]] = {}
        self.used: set[str] = set()
        self._names: dict[int, str] = {}
        for operation in operations:
            for parameter in operation.parameters:
                if id(parameter) not in self._names:
                    name = parameter.name if parameter.name not in self.named else f"{parameter.name}.{operation.id}"
                    self.named[name] = parameter
                    self._names[id(parameter)] = name

    def reference(self, parameter: Parameter[Any]) -> Item:
        """A parameter as an operation names it."""
        name = self._names[id(parameter)]
        self.used.add(name)
        return {"$ref": f"#/components/parameters/{name}"}


def _with_paths(layers: Sequence[Layer]) -> list[Layer]:
    return [layer for layer in layers[:MOST_PATHS_OF_LAYERS] if not _UNFIT_FOR_PATHS & set(layer.id)]


def _plain(operation: Operation, layers: Sequence[Layer], names: ParameterNames) -> Item:
    variables = [_variable(name, layers) for name in operation.variables]
    return _item(operation, operation.id, [*variables, *map(names.reference, operation.parameters)])


def _of_layer(operation: Operation, layer: Layer, names: ParameterNames) -> Item:
    """The operation on one layer: its columns are parameters, and what sorts and chooses is listed."""
    medias = item_medias(layer)
    operation = replace(operation, answers=tuple(one for one in operation.answers if one[0] in medias))
    listed = _listed(layer, [media.id for media in medias])
    own = [
        parameter.openapi() | {"schema": listed[parameter.name]}
        if parameter.name in listed
        else names.reference(parameter)
        for parameter in operation.parameters
    ]
    taken = {parameter.name for parameter in operation.parameters}
    item = _item(operation, f"{operation.id}.{layer.id}", [*own, *_columns(layer, taken)])
    title = " ".join(dict.fromkeys((layer.title_zh, layer.title_en)))
    return item | {"summary": f"{title}：{item['summary']}"}


def _listed(layer: Layer, formats: Sequence[str]) -> dict[str, Schema]:
    names = [column.name for column in layer.columns]
    ordered = ["id", *(column.name for column in layer.columns if column.type not in _WITHOUT_ORDER)]
    choices = [f"{sign}{name}" for name in ordered for sign in ("", "-")]
    return {
        "f": {"type": "string", "enum": list(formats)},
        "properties": list_of({"type": "string", "enum": ["id", *names]}, minItems=1),
        "sortby": list_of({"type": "string", "enum": choices}, minItems=1, uniqueItems=True),
    }


def _columns(layer: Layer, taken: set[str]) -> Iterator[Item]:
    for column in (_ID, *layer.columns):
        if column.name not in taken and column.type in _OF_COLUMNS:
            title = " ".join(dict.fromkeys((column.title_zh, column.title_en)))
            schema = dict(_OF_COLUMNS[column.type])
            yield {"name": column.name, "in": "query", "description": title, "schema": schema}


def _variable(name: str, layers: Sequence[Layer]) -> Item:
    schema, description = _VARIABLES[name]
    if name == "collectionId" and 0 < len(layers) <= MOST_PATHS_OF_LAYERS:
        schema = {"type": "string", "enum": [layer.id for layer in layers]}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": dict(schema)}


def _item(operation: Operation, operation_id: str, parameters: Sequence[Item]) -> Item:
    item = {
        "operationId": operation_id,
        "summary": f"{operation.zh} {operation.en}",
        "tags": [operation.tag.name],
        "parameters": list(parameters),
        "responses": _responses(operation),
    }
    return {name: value for name, value in item.items() if value}


def _responses(operation: Operation) -> Item:
    kept = operation.tag.name != "health"
    responses: Item = {"200": _success(operation, kept=kept)}
    if operation.hollow:
        responses["204"] = {"description": "此处没有要素 Nothing is there", "headers": responses["200"]["headers"]}
    if kept:
        responses["304"] = {"$ref": "#/components/responses/notModified"}
    for status in _refused(operation):
        responses[str(status)] = {"$ref": f"#/components/responses/{REFUSALS[status][0]}"}
    return responses


def _refused(operation: Operation) -> Iterator[int]:
    yield 400
    if operation.variables:
        yield 404
    if len(operation.answers) > 1:
        yield 406
    yield from (414, 431, 500)
    if operation.stored:
        yield 503


def _success(operation: Operation, *, kept: bool) -> Item:
    headers = (*(_ALWAYS if kept else ("Cache-Control",)), *operation.headers)
    return {
        "description": f"{operation.zh} {operation.en}",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {media.in_links: {"schema": _schema(name)} for media, name in operation.answers},
    }


def _schema(name: str) -> Schema:
    return {FILE: BINARY, PAGE: TEXT}.get(name) or reference(name)


def refusal(description: str) -> Item:
    """A problem document, or its page for a browser."""
    return {
        "description": description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("Content-Language", "Vary")},
        "content": {PROBLEM.type: {"schema": reference("problem")}, HTML.essence: {"schema": TEXT}},
    }
