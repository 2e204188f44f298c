"""HEAD, answered as GET without its body (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _AnsweredError(Exception):
    """The client has all that it asked for; what would follow need not be made."""


class HeadAsGet:
    """Middleware that answers HEAD by the routes for GET; an answer that streams is given up after its head."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            if message.get("more_body", False):
                raise _AnsweredError

        try:
            # A route may look whether only its head is asked for, and spare the work for its body.
            await self.app({**scope, "method": "GET", "head": True}, receive, send_without_body)
        except _AnsweredError:
            return
