"""Many visitors at once: nobody who holds a connection waits for a thread that waits for a connection."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlalchemy import Engine

from bioplan_gis.app import create_app
from bioplan_gis.settings import Settings

AT_ONCE = 300
LONGEST_S = 20


async def _statuses(url: str, path: str) -> Counter[int]:
    app = create_app(Settings(database_url=url))
    transport = httpx2.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://a") as client:
        answers = await asyncio.gather(*(client.get(path, timeout=None) for _ in range(AT_ONCE)))
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("path", ["/api/collections/labs/items", "/readyz"])
def test_every_visitor_of_a_crowd_is_answered(loaded: Engine, path: str):
    url = loaded.url.render_as_string(hide_password=False)
    with ThreadPoolExecutor(1) as thread:  # a browser of another test may have left its event loop in this one
        statuses = thread.submit(asyncio.run, asyncio.wait_for(_statuses(url, path), LONGEST_S)).result()
    assert statuses == {200: AT_ONCE}
