"""Parameters of a request as objects: how each is read, and how the OpenAPI document describes it.

A route names the parameters that it takes and reads them all at once; the same objects describe it, so that the two
cannot drift apart.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast

from fastapi import Request

from bioplan_gis.errors import NotFoundError, ParameterError

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)
Schema = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Parameter(Generic[Value_co]):
    """A parameter in the query of a request.

    Attributes:
        name: in the query.
        read: makes its value of its text, or raises ``ParameterError``.
        schema: of its value (OpenAPI 3.0), as a client may send it.
        zh: what it does, in Chinese.
        en: the same in English.
        default: its value where it is not given.
        repeated: whether it may be given several times; its value is then a tuple.
        required: whether it must be given.
    """

    name: str
    read: Callable[[str], Value_co]
    schema: Schema
    zh: str
    en: str
    default: Value_co | None = None
    repeated: bool = False
    required: bool = False

    def openapi(self) -> dict[str, Any]:
        """The parameter object of OpenAPI 3.0; a list is written with commas (OGC 17-069r4, 7.15.2 to 7.15.4)."""
        return {
            "name": self.name,
            "in": "query",
            "required": self.required,
            "description": f"{self.zh} {self.en}",
            "style": "form",
            "explode": self.repeated,
            "schema": dict(self.schema),
        }


@dataclass(frozen=True)
class Asked:
    """The parameters of one request.

    Attributes:
        values: by parameter name; those that were not given are missing.
        columns: text by name, of parameters that are columns of the layer.
    """

    values: Mapping[str, Any]
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, parameter: Parameter[Value]) -> Value | None:
        """The value of a parameter, or its default; None where it has neither."""
        return cast("Value | None", self.values.get(parameter.name, parameter.default))


def read_parameters(request: Request, parameters: Sequence[Parameter[Any]], columns: Collection[str] = ()) -> Asked:
    """All parameters of a request, read strictly.

    Args:
        request: with its query.
        parameters: that the route takes.
        columns: of the layer, which are parameters too; one that is named like a parameter gives way to it.

    Raises:
        ParameterError: one is unknown (OGC 17-069r4, /req/core/query-param-unknown), doubled, missing or cannot be
            read; the error names the first.
        NotFoundError: the path holds a NUL, so that nothing can be there.
    """
    if "\x00" in request.scope["path"]:
        raise NotFoundError("路径含有空字符，此处没有内容。", "The path holds a NUL character; nothing is there.")
    known = {parameter.name: parameter for parameter in parameters}
    given = _given(request)
    values: dict[str, Any] = {}
    asked_columns: dict[str, str] = {}
    for name, text in given:
        _require_text(name, text)
        if name in known:
            value = known[name].read(text)
            values[name] = (*values.get(name, ()), value) if known[name].repeated else value
        elif name in columns:
            asked_columns[name] = text
        else:
            raise _unknown(name, text, [*known, *columns])
    if len(given) > len(values) + len(asked_columns):
        _require_single(given, known)
    _require_all(values, parameters)
    return Asked(values, asked_columns)


def _given(request: Request) -> list[tuple[str, str]]:
    """Names and texts of the query; what a browser's form left empty is not given."""
    given = request.query_params.multi_items()
    if "text/html" not in request.headers.get("accept", ""):
        return given
    return [(name, text) for name, text in given if text]


def _require_text(name: str, text: str) -> None:
    """No database holds a NUL or half of a surrogate pair, and no answer could repeat them."""
    if "\x00" in text or not (text.isascii() or text.isprintable() or _is_encodable(text)):
        raise ParameterError(
            name,
            text.encode(errors="replace").decode().replace("\x00", "?"),
            f"参数“{name}”含有空字符或残缺的字符。",
            f"The parameter “{name}” holds a NUL or half a character.",
        )


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _unknown(name: str, text: str, known: Sequence[str]) -> ParameterError:
    listed, english = "、".join(known) or "无", ", ".join(known) or "none"
    return ParameterError(
        name,
        text,
        f"没有名为“{name}”的参数；此处可用的参数：{listed}。",
        f"There is no parameter “{name}” here; the parameters are: {english}.",
    )


def _require_single(given: Sequence[tuple[str, str]], known: Mapping[str, Parameter[Any]]) -> None:
    for name, count in Counter(name for name, _ in given).items():
        if count > 1 and not (name in known and known[name].repeated):
            raise ParameterError(
                name,
                next(text for each, text in given if each == name),
                f"参数“{name}”给了 {count} 次，只能给一次。",
                f"“{name}” is given {count} times; give it once.",
            )


def _require_all(values: Mapping[str, Any], parameters: Sequence[Parameter[Any]]) -> None:
    for parameter in parameters:
        if parameter.required and parameter.name not in values:
            raise ParameterError(
                parameter.name,
                "",
                f"缺少必需的参数“{parameter.name}”：{parameter.zh}",
                f"The parameter “{parameter.name}” is required and missing: {parameter.en}",
            )
