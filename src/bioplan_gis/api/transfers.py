"""Answers that are made while they are sent, or as files first: in threads, at the database's pace, few large ones.

A client reads behind at its own pace (``spools``): however slow it is, the turn and the connection to the database are
given back when the making ends. A failure before the first byte is raised, and becomes a problem document; one
thereafter breaks the connection, so that no client takes a part for the whole, and is a line of the log.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from anyio import CancelScope, CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive, Scope, Send

from bioplan_gis.api.spools import ClientGoneError, Room, Spool
from bioplan_gis.errors import BioplanError, CrowdedError

TRANSFERS_AT_ONCE = 4
# Longest that a client waits for its turn, and longest that it may leave a piece lying, before it is sent away.
PATIENCE_FOR_A_TURN_S = 60.0
PATIENCE_WITH_A_CLIENT_S = 120.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Head:
    """What comes before the bytes of an answer.

    Attributes:
        headers: of the answer, its media type among them.
        status: of the answer.
        settled: whether all is made already, and no connection to a database is held for it: its bytes are asked for
            when the client takes them.
    """

    headers: Mapping[str, str]
    status: int = 200
    settled: bool = False


Making = Generator[Head | bytes]


@dataclass(frozen=True)
class Transfers:
    """What all transfers of a service share.

    Attributes:
        turns: lets in as many large ones at once as may be.
        room: for what clients are behind with.
        patience_s: longest wait for a turn, in seconds.
    """

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TRANSFERS_AT_ONCE))
    room: Room = field(default_factory=Room)
    patience_s: float = PATIENCE_FOR_A_TURN_S


class Transfer(Response):
    """An answer whose making begins when it is sent, or when it is its turn.

    Args:
        shared: what it has in common with all others.
        make: makes the answer's head, and then its bytes; given what tells that the client has gone. It runs in
            threads, one after another.
        look: for what is large and needs a turn: whether a head is the whole answer, which is then given at once.
            None for what costs no more than any other answer.
    """

    def __init__(
        self,
        shared: Transfers,
        make: Callable[[threading.Event], Making],
        look: Callable[[], Head | None] | None = None,
    ) -> None:
        """Nothing is done yet."""
        super().__init__()
        self.shared = shared
        self.make = make
        self.look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make and send it, unless the client goes.

        Raises:
            BioplanError: it cannot be made, or too many others are being made; nothing was sent.
        """
        gone = threading.Event()
        sender = _Sender(send, gone)
        head = None if self.look is None else await run_in_threadpool(self.look)
        if head is not None:
            await sender.begin(head)
            await sender.end()
            return
        listening = asyncio.create_task(_listen(receive, gone))
        try:
            await self._transfer(sender)
        except ClientGoneError:
            return
        except BioplanError as error:
            if not sender.begun:
                raise
            # The server breaks the connection of an answer that does not come to its end.
            _LOG.error("%s broke off: %s", _target(scope), " ".join(filter(None, (error.en, error.details))))
        finally:
            listening.cancel()

    async def _transfer(self, sender: "_Sender") -> None:
        work = _Work(self.make(sender.gone), self.shared.room, sender.gone)
        filling = asyncio.create_task(self._fill(work))
        filling.add_done_callback(lambda _: work.stirred.set())
        try:
            await _send(work, filling, sender)
        finally:
            work.spool.close()
            with CancelScope(shield=True):
                await asyncio.wait([filling])
                filling.cancelled() or filling.exception()
                await run_in_threadpool(work.making.close)

    async def _fill(self, work: "_Work") -> None:
        if self.look is None:
            await run_in_threadpool(work.fill)
            return
        async with _turn(self.shared, work.gone):
            # A large one takes its time, and no thread that pages wait for.
            await run_sync(work.fill, limiter=CapacityLimiter(1))


class _Work:
    """The making of an answer, and what of it has not been sent."""

    def __init__(self, making: Making, room: Room, gone: threading.Event) -> None:
        self.making = making
        self.gone = gone
        self.head: Head | None = None
        self.stirred = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.spool = Spool(room, gone, self._stir)

    def fill(self) -> None:
        """Make the head and, unless they are settled, all bytes."""
        head = next(self.making)
        assert isinstance(head, Head)  # noqa: S101
        self.head = head
        self._stir()
        if head.settled:
            return
        for piece in self.making:
            assert isinstance(piece, bytes)  # noqa: S101
            self.spool.put(piece)

    def _stir(self) -> None:
        self._loop.call_soon_threadsafe(self.stirred.set)


async def _send(work: _Work, filling: asyncio.Task[None], sender: "_Sender") -> None:
    """Head, pieces, end; the end is left out where a piece could not be made."""
    while work.head is None and not filling.done():
        await work.stirred.wait()
        work.stirred.clear()
    if work.head is None:
        await filling
        return
    await sender.begin(work.head)
    if work.head.settled:
        await filling
        while isinstance(piece := await run_in_threadpool(next, work.making, None), bytes):
            await sender.pass_on(piece)
    else:
        await _send_behind(work, filling, sender)
    await sender.end()


async def _send_behind(work: _Work, filling: asyncio.Task[None], sender: "_Sender") -> None:
    made = False
    while not made:
        work.stirred.clear()
        made = filling.done()
        while piece := await run_in_threadpool(work.spool.take):
            await sender.pass_on(piece)
        if not made:
            await work.stirred.wait()
    await filling


def _target(scope: Scope) -> str:
    """What was asked for, percent-encoded."""
    raw = scope.get("raw_path") or b""
    return b"?".join(filter(None, (raw.partition(b"?")[0], scope["query_string"]))).decode("ascii", "backslashreplace")


async def _listen(receive: Receive, gone: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()


@asynccontextmanager
async def _turn(shared: Transfers, gone: threading.Event) -> AsyncIterator[None]:
    try:
        await asyncio.wait_for(shared.turns.acquire(), shared.patience_s)
    except TimeoutError as error:
        raise CrowdedError(
            "正在进行的下载太多，请稍后再试。", "Too many downloads are under way; try again in a while."
        ) from error
    try:
        if gone.is_set():
            raise ClientGoneError
        yield
    finally:
        shared.turns.release()


class _Sender:
    """The way to a client, as long as it is there."""

    def __init__(self, channel: Send, gone: threading.Event) -> None:
        self.channel = channel
        self.gone = gone
        self.begun = False

    async def begin(self, head: Head) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in head.headers.items()]
        self.begun = True
        await self._pass({"type": "http.response.start", "status": head.status, "headers": headers})

    async def pass_on(self, piece: bytes) -> None:
        await self._pass({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        await self._pass({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pass(self, message: Message) -> None:
        if self.gone.is_set():
            raise ClientGoneError
        try:
            await asyncio.wait_for(self.channel(message), PATIENCE_WITH_A_CLIENT_S)
        except TimeoutError as error:
            raise ClientGoneError from error
