"""The database of one request: a route's transaction begins and ends here, at the edge."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from bioplan_gis.storage.database import reading


async def _turn(request: Request) -> AsyncIterator[None]:
    """Wait for a connection without holding a thread: those who have one need the threads to go on."""
    async with request.app.state.turns:
        yield


def _connection(request: Request, _: Annotated[None, Depends(_turn, scope="function")]) -> Iterator[Connection]:
    with reading(request.app.state.engine) as connection:
        yield connection


ReadConnection = Annotated[Connection, Depends(_connection, scope="function")]
