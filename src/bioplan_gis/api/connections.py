"""The database of one request: a route's transaction begins and ends here, at the edge."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from bioplan_gis.storage.database import reading


def _connection(request: Request) -> Iterator[Connection]:
    with reading(request.app.state.engine) as connection:
        yield connection


ReadConnection = Annotated[Connection, Depends(_connection, scope="function")]
