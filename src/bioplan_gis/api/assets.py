"""Scripts, styles and pictures of the pages, from this host."""

from os import PathLike, stat_result

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

# A page names a file with a hash of its content (``maps.asset_address``), so that what is kept is never out of date.
_FOREVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Static files that a browser keeps for good where the address holds their hash, and asks for anew otherwise.

    A file is sent whole whatever part of it is asked for: a server may ignore ``Range`` (RFC 9110, 14.2), no file here
    is large, and so there is no range to be refused.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A file, as if no part of it had been asked for."""
        whole = [header for header in scope["headers"] if header[0] != b"range"]
        await super().__call__({**scope, "headers": whole}, receive, send)

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, or 304 where the client has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = "v" in QueryParams(scope["query_string"])
        response.headers["Cache-Control"] = _FOREVER if hashed else "no-cache"
        response.headers["Accept-Ranges"] = "none"
        return response
