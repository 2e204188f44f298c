"""Programs that the tests start: waited for by what they print, and ended with the test that asked for them."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx2

DIE_WITH_PARENT = ("setpriv", "--pdeathsig=INT") if sys.platform == "linux" else ()


class Program:
    """A running program and every line it printed so far (standard output and error, as one)."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None):
        """Start it; ``env`` is laid over this process's environment."""
        self.lines: list[str] = []
        self._arrived: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [*DIE_WITH_PARENT, *command],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self.lines.append(line.rstrip())
            self._arrived.put(line)
        self._arrived.put(None)

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return "\n".join(self.lines)

    def wait_for(self, text: str, *, seconds: float = 60) -> str:
        """The first line holding ``text``; fails with all that was printed when the program ends or stays silent."""
        try:
            while (line := self._arrived.get(timeout=seconds)) is not None:
                if text in line:
                    return line.rstrip()
        except queue.Empty:
            raise AssertionError(f"{seconds} s without {text!r}; it printed:\n{self.output}") from None
        raise AssertionError(f"ended ({self.process.wait()}) without {text!r}; it printed:\n{self.output}")

    def stop(self, by: int) -> int:
        """Send a signal and return the exit status; a program that does not end within 20 s is killed."""
        self.process.send_signal(by)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            self._reader.join(timeout=5)
            self.process.stdout.close()


@contextmanager
def running(command: Sequence[str], *, stop_by: int, **options) -> Iterator[Program]:
    """A program for the length of a ``with`` block."""
    program = Program(command, **options)
    try:
        yield program
    finally:
        program.stop(stop_by)


@contextmanager
def serving(bioplan: Sequence[str], **options) -> Iterator[str]:
    """``bioplan serve`` on a free port for the length of a ``with`` block; its address without the last slash."""
    with running([*bioplan, "serve", "--port", "0"], stop_by=signal.SIGINT, **options) as service:
        address = service.wait_for("http://").split()[-1].rstrip("/")
        ready = httpx2.get(f"{address}/readyz", timeout=30)
        assert ready.status_code == httpx2.codes.OK, f"{ready.text}\n{service.output}"
        yield address
