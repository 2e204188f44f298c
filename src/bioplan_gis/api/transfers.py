"""Answers that are made while they are sent, or as files first: few at once, in threads, and given up with the client.

A failure before the first byte is raised, and becomes a problem document; one thereafter breaks the connection, so that
no client takes a part for the whole.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio import CancelScope
from fastapi import Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from bioplan_gis.errors import CrowdedError

TRANSFERS_AT_ONCE = 4
# Longest that a client waits for its turn, and longest that it may leave a piece lying, before it is sent away.
PATIENCE_FOR_A_TURN_S = 60.0
PATIENCE_WITH_A_CLIENT_S = 120.0
# A message as large as this keeps neither the loop nor the memory busy for long.
MOST_BYTES_AT_ONCE = 256 * 1024


class ClientGoneError(Exception):
    """Nobody waits for the answer any more; what was under way for it stops here."""


@dataclass(frozen=True)
class Head:
    """What comes before the bytes of an answer.

    Attributes:
        headers: of the answer, its media type among them.
        status: of the answer.
        settled: whether all is made already, and no connection to a database is held for it.
    """

    headers: Mapping[str, str]
    status: int = 200
    settled: bool = False


Making = Generator[Head | bytes]


class Transfer(Response):
    """An answer whose making begins when it is its turn.

    Args:
        turns: lets in as many at once as may be; None for what costs no more than any other answer.
        make: makes the answer's head, and then its bytes as they are asked for; given what tells that the client has
            gone. It runs in threads, one after another.
        patience_s: longest wait for its turn, in seconds.
    """

    def __init__(
        self,
        turns: asyncio.Semaphore | None,
        make: Callable[[threading.Event], Making],
        patience_s: float = PATIENCE_FOR_A_TURN_S,
    ) -> None:
        """Nothing is done yet."""
        super().__init__()
        self.turns = turns
        self.make = make
        self.patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Make and send it, unless the client goes.

        Raises:
            BioplanError: it cannot be made, or too many others are being made; nothing was sent.
        """
        gone = threading.Event()
        listening = asyncio.create_task(_listen(receive, gone))
        making = self.make(gone)
        try:
            await self._transfer(_Sender(making, send, gone))
        except ClientGoneError:
            pass
        finally:
            listening.cancel()
            gone.set()
            with CancelScope(shield=True):
                await run_in_threadpool(making.close)

    async def _transfer(self, sender: "_Sender") -> None:
        async with _turn(self.turns, sender.gone, self.patience_s):
            head = await sender.head()
            if not head.settled:
                await sender.send(head)
        if head.settled:
            await sender.send(head)


async def _listen(receive: Receive, gone: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore | None, gone: threading.Event, patience_s: float) -> AsyncIterator[None]:
    if turns is None:
        yield
        return
    try:
        await asyncio.wait_for(turns.acquire(), patience_s)
    except TimeoutError as error:
        raise CrowdedError(
            "正在进行的下载太多，请稍后再试。", "Too many downloads are under way; try again in a while."
        ) from error
    try:
        if gone.is_set():
            raise ClientGoneError
        yield
    finally:
        turns.release()


@dataclass(frozen=True)
class _Sender:
    """The way to a client, as long as it is there."""

    making: Making
    channel: Send
    gone: threading.Event

    async def head(self) -> Head:
        """What comes first."""
        head = await run_in_threadpool(next, self.making)
        assert isinstance(head, Head)  # noqa: S101
        return head

    async def send(self, head: Head) -> None:
        """Head, pieces, end; the end is left out where a piece could not be made."""
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in head.headers.items()]
        await self._pass({"type": "http.response.start", "status": head.status, "headers": headers})
        while isinstance(piece := await run_in_threadpool(next, self.making, None), bytes):
            for at in range(0, len(piece), MOST_BYTES_AT_ONCE):
                body = piece[at : at + MOST_BYTES_AT_ONCE]
                await self._pass({"type": "http.response.body", "body": body, "more_body": True})
        await self._pass({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pass(self, message: Message) -> None:
        if self.gone.is_set():
            raise ClientGoneError
        await asyncio.wait_for(self.channel(message), PATIENCE_WITH_A_CLIENT_S)
