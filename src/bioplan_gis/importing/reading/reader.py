"""A user's file, opened in a process of its own, which may use little memory, write nothing and reach no network.

Whatever a hostile or damaged file does to the library that reads it, happens over there: the process that asked gets
batches, or one of its own errors.
"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from bioplan_gis import errors
from bioplan_gis.errors import BioplanError, UnreadableFileError
from bioplan_gis.importing.reading.files import GivenFile, given_file
from bioplan_gis.importing.rows import FAULT, GEOMETRY, Batch, Facts, Note, Reading, Rows

PATIENCE_S = 600.0
_COMMAND = (sys.executable, "-P", "-m", "bioplan_gis.importing.reading.sandbox")
# What a process needs to start at all; no proxy, key or address of the user's goes with it.
_KEPT = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "SYSTEMROOT",
    "WINDIR",
    "TEMP",
    "TMP",
)
_NOWHERE = "http://127.0.0.1:9"
_CHILD_ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    # Threads would each take address space of their own.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": "64",
    # Drivers that fetch, or that read what another file points to.
    "GDAL_SKIP": "OGR_VRT,GDALG,WFS,OAPIF,OGCAPI,HTTP,CSW,EEDA,Elasticsearch,Carto,AmigoCloud,PLSCENES,NGW,ADBC,"
    "GPSBabel,PMTiles,MVT,OSM,GeoRSS,PDS4,VICAR,PCIDSK,MBTiles,LVBAG,S57,VDV,GTFS,Selafin,SXF,VFK,EDIGEO,Idrisi",
    "GDAL_HTTP_PROXY": _NOWHERE,
    "http_proxy": _NOWHERE,
    "https_proxy": _NOWHERE,
    "ALL_PROXY": _NOWHERE,
    "GDAL_HTTP_TIMEOUT": "1",
    "GDAL_HTTP_MAX_RETRY": "0",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "PROJ_NETWORK": "OFF",
    "SHAPE_RESTORE_SHX": "YES",
    "SHAPE_REWIND_ON_WRITE": "NO",
    "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
    # One column of one batch.
    "OGR_ARROW_MEM_LIMIT": str(128 * 1024**2),
}


@contextmanager
def open_rows(
    path: Path, reading: Reading, batch_rows: int = 20_000, *, patience_s: float = PATIENCE_S
) -> Iterator[Rows]:
    """Open a user's file; its rows come as they are read, and the reading ends with the context.

    Args:
        path: an ordinary file of this machine, or a ``.gdb`` folder.
        reading: what the user said of it.
        batch_rows: how many rows a batch has at most.
        patience_s: how many seconds the reading may go without giving a batch.

    Raises:
        FileRefusedError: it is hostile, unreadable, or leaves open what must be known; also while batches are taken.
    """
    request = {"reading": dataclasses.asdict(reading), "batch_rows": batch_rows}
    with given_file(path, reading.encoding) as file, _child(file, request, patience_s) as child, child.watched():
        stream = child.opened()
        facts = facts_from_json(stream.schema.metadata[b"bioplan_facts"])
        yield Rows(facts, child.batches(stream))


def list_source_layers(path: Path, *, patience_s: float = PATIENCE_S) -> tuple[str, ...]:
    """Names of the layers that a file holds, as ``--source-layer`` takes them; empty for a table of coordinates.

    Raises:
        FileRefusedError: it is hostile or unreadable.
    """
    with given_file(path) as file, _child(file, {"list": True}, patience_s) as child, child.watched():
        return tuple(json.loads(child.opened().schema.metadata[b"bioplan_layers"]))


class _Child:
    """The process that reads, seen from the one that asked."""

    def __init__(self, process: "subprocess.Popen[bytes]", told: IO[bytes], name: str, patience_s: float) -> None:
        self._process = process
        self._told = told
        self._name = name
        self._patience_s = patience_s
        self._late = False

    def _stop(self) -> None:
        self._late = True
        self._process.kill()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What breaks here because the process broke is told as the process's error."""
        try:
            yield
        except (pa.ArrowInvalid, OSError, EOFError, _EndedEarlyError) as error:
            raise self._error() from error

    def opened(self) -> pa.RecordBatchReader:
        with self._hurried():
            return pa.ipc.open_stream(self._process.stdout)

    def batches(self, stream: pa.RecordBatchReader) -> Iterator[Batch]:
        with self.watched():
            first_row = 1
            while (batch := self._next(stream)) is not None:
                yield _batch(batch, first_row)
                first_row += batch.num_rows
            if self._process.wait() != 0:
                raise _EndedEarlyError

    def _next(self, stream: pa.RecordBatchReader) -> pa.RecordBatch | None:
        with self._hurried():
            return next(stream, None)

    @contextmanager
    def _hurried(self) -> Iterator[None]:
        timer = threading.Timer(self._patience_s, self._stop)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _ended(self) -> int:
        """Its exit status; it has let go of the pipe, so that it is at its end, or is made to be."""
        try:
            return self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _error(self) -> BioplanError:
        code = self._ended()
        self._told.seek(0)
        told = self._told.read()
        if self._late:
            return UnreadableFileError(
                f"“{self._name}”读取 {self._patience_s:.0f} 秒没有进展，已停止；文件可能已损坏",
                f"reading {self._name} made no progress for {self._patience_s:.0f} seconds and was stopped; "
                "the file may be damaged",
            )
        return _told_error(told) or UnreadableFileError(
            f"读取“{self._name}”的进程意外终止（{code}）：文件已损坏，或其中的单个值过大",
            f"the process that read {self._name} ended unexpectedly ({code}): the file is damaged, or a single value "
            "in it is too large",
            details=_last_line(told),
        )


class _EndedEarlyError(Exception):
    """The process ended with an error after its last batch."""


@contextmanager
def _child(file: GivenFile, request: Mapping[str, object], patience_s: float) -> Iterator[_Child]:
    message = json.dumps({**request, "file": _file_as_json(file)}).encode()
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as asked:
        asked.write(message)
        asked.seek(0)
        with subprocess.Popen(  # noqa: S603 the command is our own, and the file's name no part of it
            _COMMAND, stdin=asked, stdout=subprocess.PIPE, stderr=told, env=_environment(), close_fds=True
        ) as process:
            try:
                yield _Child(process, told, file.original.name, patience_s)
            finally:
                process.kill()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | _CHILD_ENVIRONMENT


def _batch(batch: pa.RecordBatch, first_row: int) -> Batch:
    table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
    faults = table.column(FAULT)
    wkb = table.column(GEOMETRY).combine_chunks() if GEOMETRY in table.column_names else None
    told = {first_row + row: json.loads(faults[row].as_py()) for row in _faulty(faults)}
    return Batch(
        first_row,
        table.drop_columns([FAULT, *([] if wkb is None else [GEOMETRY])]),
        wkb,
        {row: Note(fault["zh"], fault["en"]) for row, fault in told.items() if not fault["of_geometry"]},
        {row: Note(fault["zh"], fault["en"]) for row, fault in told.items() if fault["of_geometry"]},
    )


def _faulty(faults: pa.ChunkedArray) -> list[int]:
    if faults.null_count == len(faults):
        return []
    return [row for row, fault in enumerate(faults.is_valid().to_pylist()) if fault]


def _told_error(told: bytes) -> BioplanError | None:
    """The error that the process wrote as its last words, as what it was there."""
    try:
        words = json.loads(told.splitlines()[-1])
        return getattr(errors, words["class"])(*words["arguments"])  # type: ignore[no-any-return]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _last_line(told: bytes) -> str:
    """What ended the process, of all that it wrote."""
    return told.decode(errors="replace").strip().rpartition("\n")[2][:200]


def _file_as_json(file: GivenFile) -> dict[str, Any]:
    fields = {"path": str(file.path), "kind": file.kind, "original": str(file.original), "title": file.title}
    notes = [dataclasses.asdict(note) for note in file.notes]
    return {**fields, "notes": notes, "parts": [_file_as_json(part) for part in file.parts]}


def facts_from_json(text: bytes) -> Facts:
    """The facts that came through the pipe."""
    fields = json.loads(text)
    for name in ("encoding_evidence", "notes"):
        fields[name] = tuple(Note(**note) for note in fields[name])
    return Facts(**{**fields, "other_layers": tuple(fields["other_layers"])})
