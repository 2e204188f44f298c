"""An OpenAPI document as a reader meets it: operations by subject, with references followed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Where a parameter stands, in the words of a page.
PLACES = {"path": ("路径", "path"), "query": ("查询", "query"), "header": ("请求头", "header")}
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
DEEPEST = 8

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """What may be asked of one address.

    Attributes:
        method: upper case.
        path: template, as OpenAPI has it.
        summary: one line.
        description: of what it answers.
        parameters: with references followed.
        answers: status and answer, with references followed.
        anchor: by which a link finds it.
    """

    method: str
    path: str
    summary: str
    description: str
    parameters: list[Document]
    answers: list[tuple[str, Document]]
    anchor: str


def groups_of(document: Document) -> dict[str, list[Operation]]:
    """Operations by what their first tag stands for, in the document's order."""
    tags = document.get("tags") or ()
    subjects = {str(tag.get("name")): str(tag.get("description") or tag.get("name")) for tag in tags}
    groups: dict[str, list[Operation]] = {}
    for tag, operation in _operations(document):
        groups.setdefault(subjects.get(tag, tag), []).append(operation)
    return groups


def schema_text(schema: Document) -> str:
    """What values a schema takes, in a few words: ``integer 1…10000``, ``string date``, ``array of number``."""
    kind = str(schema.get("type") or schema.get("$ref", "").rpartition("/")[2])
    if kind == "array":
        kind = f"array of {schema_text(schema.get('items') or {})}".strip()
    elif not kind:
        kind = " | ".join(
            dict.fromkeys(schema_text(one) for name in ("oneOf", "anyOf", "allOf") for one in schema.get(name) or ())
        )
    return " ".join(part for part in (kind, str(schema.get("format") or ""), _range(schema)) if part)


def _range(schema: Document) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    return "" if least is None and most is None else f"{'' if least is None else least}…{'' if most is None else most}"


def _operations(document: Document) -> Iterator[tuple[str, Operation]]:
    for path, item in (document.get("paths") or {}).items():
        shared = item.get("parameters") or []
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = next(iter(operation.get("tags") or ()), "")
                yield str(tag), _operation(document, method, str(path), operation, shared)


def _operation(document: Document, method: str, path: str, operation: Document, shared: list[Document]) -> Operation:
    parameters = [_followed(document, one) for one in [*shared, *(operation.get("parameters") or ())]]
    answers = [(str(status), _followed(document, one)) for status, one in (operation.get("responses") or {}).items()]
    return Operation(
        method.upper(),
        path,
        str(operation.get("summary") or ""),
        str(operation.get("description") or ""),
        [one | {"schema": _followed(document, one.get("schema") or {})} for one in map(dict, parameters)],
        answers,
        str(operation.get("operationId") or f"{method}-{path}"),
    )


def _followed(document: Document, one: Document) -> Document:
    """What a local reference stands for, or the thing itself."""
    for _ in range(DEEPEST):
        reference = one.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        found: Any = document
        for step in reference[2:].split("/"):
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, Mapping) else {}
        one = found
    return one
