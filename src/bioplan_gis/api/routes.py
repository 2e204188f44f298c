"""Routes: which function answers which path, with what stands in the path as its arguments.

They are plain routes of Starlette within the FastAPI application: parameters are read by ``api.parameters``, strictly,
and described by ``api.openapi``, so that nothing would be left for FastAPI's own reading but its cost, which is as
much as that of a single feature.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from starlette.routing import Route

Answer = Callable[..., Any]
Register = Callable[[Answer], Answer]


class Routes:
    """The routes of one module, in the order in which they are tried."""

    def __init__(self, prefix: str = "") -> None:
        """Begin with none, all of whose paths will begin alike."""
        self.prefix = prefix
        self.routes: list[Route] = []

    def get(self, path: str) -> Register:
        """Register a function ``answer(request, **of_the_path)``; one that is no coroutine has a thread of its own."""

        def register(answer: Answer) -> Answer:
            endpoint = _waiting(answer) if inspect.iscoroutinefunction(answer) else _threaded(answer)
            self.routes.append(Route(self.prefix + path, endpoint, methods=["GET"], name=answer.__name__))
            return answer

        return register


def _threaded(answer: Answer) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        made: Response = answer(request, **request.path_params)
        return made

    return endpoint


def _waiting(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        made: Response = await answer(request, **request.path_params)
        return made

    return endpoint
