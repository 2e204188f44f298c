"""Filters as GDAL's OAPIF driver writes them, made into CQL2 text.

The driver's ``filter-lang=cql-text`` is older than the standard: property names stand bare whatever they hold,
``ILIKE`` ignores case, moments are texts that may end with a ``T``, and a boolean is 0 or 1. What it writes has few
forms (``BuildFilterCQLText`` in ogroapifdriver.cpp, GDAL 3.6 to 3.12); whatever has none of them is left as it is.
"""

import re
from collections.abc import Callable, Mapping

from bioplan_gis.storage.layers import Layer

_OPERATORS = "<>|>=|<=|=|>|<|ILIKE|LIKE"
_LITERAL = r"'(?:[^']|'')*'|[-+0-9.eE]+"
_MOMENT = re.compile(r"'(\d{4}-\d\d-\d\d)(?:T(\d\d)?(?::(\d\d))?(?::(\d\d))?Z?)?'", re.ASCII)
_BOOLEANS = {"0": "FALSE", "1": "TRUE"}


def cql2_text(text: str, layer: Layer) -> str:
    """GDAL's filter on a layer as CQL2 text; CQL2 text stays what it is."""
    kinds = {"id": "text"} | {column.name: column.type for column in layer.columns}
    # The longest first, since one name may begin with another.
    names = "|".join(re.escape(name) for name in sorted(kinds, key=len, reverse=True))
    form = re.compile(rf"(?<![^(])({names})(?: ({_OPERATORS}) ({_LITERAL})| IS NULL)(?![^)])")

    def rewritten(match: re.Match[str]) -> str:
        name, operator, literal = match.groups()
        quoted = '"' + name.replace('"', '""') + '"'
        if operator is None:
            return f"{quoted} IS NULL"
        return _FORMS.get(kinds[name], _compared)(quoted, operator, literal)

    return form.sub(rewritten, text)


def _compared(name: str, operator: str, literal: str) -> str:
    if operator == "ILIKE":
        return f"CASEI({name}) LIKE CASEI({literal})"
    return f"{name} {operator} {literal}"


def _boolean(name: str, operator: str, literal: str) -> str:
    return f"{name} {operator} {_BOOLEANS.get(literal, literal)}"


def _date(name: str, operator: str, literal: str) -> str:
    moment = _MOMENT.fullmatch(literal)
    if moment is None or moment[2] is not None:
        return _timestamp(name, operator, literal)
    return f"{name} {operator} DATE('{moment[1]}')"


def _timestamp(name: str, operator: str, literal: str) -> str:
    moment = _MOMENT.fullmatch(literal)
    if moment is None:
        return f"{name} {operator} {literal}"
    day, *clock = moment.groups(default="00")
    return f"{name} {operator} TIMESTAMP('{day}T{':'.join(clock)}Z')"


def _list(name: str, operator: str, literal: str) -> str:
    contains = f"A_CONTAINS({name}, ({literal}))"
    return {"=": contains, "<>": f"NOT ({contains})"}.get(operator, f"{name} {operator} {literal}")


_FORMS: Mapping[str, Callable[[str, str, str], str]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _timestamp,
    "timestamp": _timestamp,
    "list": _list,
}
