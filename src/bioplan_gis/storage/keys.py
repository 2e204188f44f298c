"""Many keys in one statement, as one value: with a parameter each, it would be made anew for every number of them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

KEYS = "keys"


class has_key(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a column of keys holds one of those that ``written`` wrote, bound as ``:keys``.

    Its type is NullType, since a Boolean would lose SQLite its index.
    """

    inherit_cache = True
    type: TypeEngine[Any] = NullType()

    def __init__(self, key: ColumnElement[Any]) -> None:
        """Of this column."""
        super().__init__(key, bindparam(KEYS, type_=Text()))


def written(keys: Iterable[int], dialect: str) -> str:
    """Keys as the text that a database takes apart again."""
    listed = ",".join(map(str, keys))
    return f"[{listed}]" if dialect == "sqlite" else f"{{{listed}}}"


@compiles(has_key, "postgresql")
def _postgis_has_key(element: has_key, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    key, keys = (compiler.process(each, **kw) for each in element.clauses)
    return f"{key} = ANY (CAST({keys} AS BIGINT[]))"


@compiles(has_key, "sqlite")
def _gpkg_has_key(element: has_key, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    key, keys = (compiler.process(each, **kw) for each in element.clauses)
    return f"{key} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - no value of anyone's
