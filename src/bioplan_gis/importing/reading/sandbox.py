"""The process in which a user's file is read: ``python -m`` this module, as ``reader`` starts it.

It is told on its standard input what to read, gives one Arrow stream on its standard output, and if it must, one error
as its last words.
"""

import contextlib
import dataclasses
import io
import itertools
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.errors import BioplanError, ParameterError, UnreadableFileError
from bioplan_gis.importing.reading import boundary_points, kinds, parquet, sheets, sources, vectors
from bioplan_gis.importing.reading.completeness import MOST_VALUE_BYTES, too_long
from bioplan_gis.importing.reading.files import GivenFile
from bioplan_gis.importing.rows import FAULT, GEOMETRY, Batch, Note, Reading, Rows

if sys.platform != "win32":  # which has no limits of this kind
    import resource

MOST_ADDRESS_SPACE_BYTES = 3 * 1024**3
MOST_WRITTEN_BYTES = 256 * 1024**2
EXIT_REFUSED = 3


def main() -> int:
    """Read what standard input names; the exit status is 0 or ``EXIT_REFUSED``."""
    last_words = _quieted()
    _limit()
    request = json.load(sys.stdin)
    file = _file_from_json(request["file"])
    try:
        with _standard_output() as output:
            _answer(file, request, output)
    except BioplanError as error:
        return _refuse(error, last_words)
    except (MemoryError, pa.ArrowMemoryError, RecursionError) as error:
        return _refuse(_too_large(file, error), last_words)
    except BrokenPipeError:
        return EXIT_REFUSED
    return 0


def _quieted() -> BinaryIO:
    """Standard error for the last words alone; what libraries write there goes nowhere."""
    last_words = os.fdopen(os.dup(2), "wb", buffering=0)
    sys.stderr = io.TextIOWrapper(last_words, write_through=True)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    return last_words


def _limit() -> None:
    if sys.platform == "win32":
        return
    for limit, most in (
        (resource.RLIMIT_AS, MOST_ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS does not limit address space
            resource.setrlimit(limit, (most, most))


def _standard_output() -> BinaryIO:
    """Our own hold on the pipe, so that nothing a library prints falls into the stream."""
    output = os.fdopen(os.dup(1), "wb", buffering=1024**2)
    os.dup2(2, 1)
    return output


def _answer(file: GivenFile, request: Mapping[str, Any], output: BinaryIO) -> None:
    if request.get("list"):
        layers = json.dumps(_source_layers(file))
        pa.ipc.new_stream(output, pa.schema([], metadata={"bioplan_layers": layers})).close()
    else:
        _send(_rows(file, Reading(**request["reading"]), request["batch_rows"]), file, output)


def _source_layers(file: GivenFile) -> tuple[str, ...]:
    if file.parts:
        return tuple(part.title for part in file.parts)
    if file.kind == kinds.XLSX:
        return sheets.list_sheets(file.path)
    return () if file.kind in {kinds.PARQUET, kinds.CSV} else vectors.layer_names(file)


def _rows(file: GivenFile, reading: Reading, batch_rows: int) -> Rows:
    if file.parts:
        file, reading = sources.chosen_part(file, reading)
    return _reader(file)(file, reading, batch_rows)


def _reader(file: GivenFile) -> Callable[[GivenFile, Reading, int], Rows]:
    if file.kind == kinds.PARQUET:
        return parquet.read
    if file.kind == kinds.CSV and boundary_points.is_boundary_points(_head(file)):
        return boundary_points.read
    return sheets.read if file.kind in {kinds.CSV, kinds.XLSX} else vectors.read


def _head(file: GivenFile) -> bytes:
    with file.path.open("rb") as stream:
        return stream.read(kinds.HEAD_BYTES)


def _send(rows: Rows, file: GivenFile, output: BinaryIO) -> None:
    """The stream begins with the first batch's columns; a file without rows gives at least one empty batch."""
    tables = (_checked(_columns(batch), file) for batch in rows.batches)
    first = next(tables)
    metadata = {"bioplan_facts": json.dumps(dataclasses.asdict(rows.facts))}
    with pa.ipc.new_stream(output, first.schema.with_metadata(metadata)) as writer:
        for table in itertools.chain([first], tables):
            writer.write_table(table.cast(first.schema))
            output.flush()


def _checked(table: pa.Table, file: GivenFile) -> pa.Table:
    """The table, unless it holds a value that would fill the memory of whoever asked."""
    for column in table.columns:
        long = pa.types.is_string(column.type) or pa.types.is_binary(column.type)
        if long and column.nbytes > MOST_VALUE_BYTES and pc.max(pc.binary_length(column)).as_py() > MOST_VALUE_BYTES:
            raise too_long(file)
    return table


def _columns(batch: Batch) -> pa.Table:
    told = _faults_as_json(batch)
    rows = len(batch.wkb) if batch.wkb is not None else batch.attributes.num_rows
    table = batch.attributes if batch.attributes.num_columns else pa.table({FAULT: pa.nulls(rows, pa.string())})
    if FAULT not in table.column_names:
        table = table.append_column(FAULT, pa.array(told, pa.string()) if told else pa.nulls(rows, pa.string()))
    return table if batch.wkb is None else table.append_column(GEOMETRY, batch.wkb)


def _faults_as_json(batch: Batch) -> list[str | None]:
    """For each row its fault, if it has one: a fault of the row goes before one of its geometry."""
    if not batch.faults and not batch.geometry_faults:
        return []
    told: list[str | None] = [None] * batch.attributes.num_rows
    for faults, of_geometry in ((batch.geometry_faults, True), (batch.faults, False)):
        for row, fault in faults.items():
            told[row - batch.first_row] = json.dumps({**dataclasses.asdict(fault), "of_geometry": of_geometry})
    return told


def _refuse(error: BioplanError, last_words: BinaryIO) -> int:
    named = [error.name, error.value] if isinstance(error, ParameterError) else []
    words = {"class": type(error).__name__, "arguments": [*named, error.zh, error.en]}
    last_words.write(json.dumps(words).encode() + b"\n")
    return EXIT_REFUSED


def _too_large(file: GivenFile, error: Exception) -> UnreadableFileError:
    return UnreadableFileError(
        f"“{file.original.name}”中的某个值过大或嵌套过深，读取所需内存超过 {MOST_ADDRESS_SPACE_BYTES // 1024**3} GB"
        f"（{type(error).__name__}）",
        f"a value in {file.original.name} is too large or nested too deep: reading it needs more than "
        f"{MOST_ADDRESS_SPACE_BYTES // 1024**3} GB of memory ({type(error).__name__})",
    )


def _file_from_json(fields: Mapping[str, Any]) -> GivenFile:
    return GivenFile(
        Path(fields["path"]),
        fields["kind"],
        Path(fields["original"]),
        fields["title"],
        tuple(_file_from_json(part) for part in fields["parts"]),
        tuple(Note(**note) for note in fields["notes"]),
    )


if __name__ == "__main__":
    # No clean-up of libraries that a hostile file may have left in any state.
    os._exit(main())
