"""A proxy that keeps what is asked: ``python relay.py HOST:PORT`` prints its address; DELETE of ``/asked`` forgets.

Links in the answers lead through it, for it passes the Host header on as it came.
"""

import http.client
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

ASKED = "/asked"
OF_THE_HOP = {"transfer-encoding", "connection", "content-length", "date", "server"}


class Onward(http.client.HTTPConnection):
    """Sends a request line as it came: some clients put Chinese into it as it is."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode("latin-1")


class Relay(BaseHTTPRequestHandler):
    """Passes a request on, and the answer back."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # heads and bodies are written one after the other
    upstream = ""
    asked: ClassVar[list[dict[str, object]]] = []

    def do_GET(self) -> None:
        """Tell what was asked, or keep it and pass it on."""
        if self.path == ASKED:
            self._answer(200, {}, json.dumps(self.asked).encode())
            return
        target, headers = self.path.encode("latin-1").decode("utf-8"), dict(self.headers.items())
        self.asked.append({"method": self.command, "target": target, "headers": headers})
        onward = Onward(self.upstream, timeout=60)
        onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            onward.putheader(name, value)
        onward.endheaders()
        answer = onward.getresponse()
        self._answer(answer.status, dict(answer.getheaders()), answer.read())
        onward.close()

    do_OPTIONS = do_GET  # noqa: N815
    do_HEAD = do_GET  # noqa: N815  # the name that the standard library calls

    def do_DELETE(self) -> None:
        """Forget what was asked."""
        self.asked.clear()
        self._answer(200, {}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OF_THE_HOP:
                self.send_header(name, value)
        length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(body))
        # In small letters, as uvicorn writes it: GDAL 3.12 takes “Content-Length” of what is compressed for its whole.
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep silent: what was asked is kept."""


if __name__ == "__main__":
    Relay.upstream = sys.argv[1]
    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201  # for whoever started it
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)
