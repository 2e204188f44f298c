"""Whether a file is there to its end: GDAL gives the rows before the damage and keeps silent about the rest."""

import json
import re
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.reading import kinds
from bioplan_gis.importing.reading.dbf import open_dbf
from bioplan_gis.importing.reading.files import GivenFile

MOST_VALUE_BYTES = 64 * 1024**2
CHUNK_BYTES = 4 * 1024**2
_DXF_END = re.compile(rb"(^|\n)\s*0\s*\n\s*EOF\s*$")
# What stands after every value of these formats.
_ENDS_OF_VALUES = {
    kinds.GML: b"<",
    kinds.GPX: b"<",
    kinds.KML: b"<",
    kinds.DXF: b"\n",
    kinds.GEOJSON_LINES: b"\n",
}


def check_whole(file: GivenFile) -> None:
    """Look through a file of a kind of which GDAL would not tell that it ends early.

    Raises:
        UnreadableFileError: it does, or holds a value longer than any should be.
    """
    end = _ENDS_OF_VALUES.get(file.kind)
    if end and _longest_value(file.path, end) > MOST_VALUE_BYTES:
        raise too_long(file)
    if file.kind in {kinds.GML, kinds.GPX}:
        _check_xml(file)
    if file.kind == kinds.GEOJSON_LINES and not _ends_in_json(_tail(file.path)):
        raise cut_short(file, "最后一行不是完整的 JSON", "its last line is no whole JSON")
    if file.kind == kinds.DXF and not _DXF_END.search(_tail(file.path)):
        raise cut_short(file, "没有结尾的 EOF", "it does not end in EOF")


def expected_rows(file: GivenFile, info: dict[str, Any]) -> int | None:
    """How many rows a layer must give; None where nothing but reading tells."""
    if file.kind == kinds.SHAPEFILE:
        return int(info["features"]) - _deleted_rows(file.path.with_suffix(".dbf"))
    if file.kind == kinds.GEOJSON_LINES:
        return _lines(file.path)
    data = file.path.with_suffix(".mid")
    if file.kind == kinds.MAPINFO and data.exists():
        return _lines(data)
    return int(info["features"]) if info["features"] >= 0 else None


def cut_short(file: GivenFile, zh: str, en: str) -> UnreadableFileError:
    """The error of a file that ends early."""
    return UnreadableFileError(
        f"“{file.original.name}”不完整：{zh}；请重新导出或重新传输",
        f"{file.original.name} is not complete: {en}; export it or transfer it again",
    )


def too_long(file: GivenFile) -> UnreadableFileError:
    """The error of a value that is too long."""
    most = MOST_VALUE_BYTES // 1024**2
    return UnreadableFileError(
        f"“{file.original.name}”中有一个值超过 {most} MB；地块属性或图形不会这样长，文件可能已损坏",
        f"a value in {file.original.name} has over {most} MB: no attribute or shape of a parcel is as long, and the "
        "file may be damaged",
    )


def _longest_value(path: Path, end: bytes) -> int:
    """The most bytes between two ends of values, but for those that lie within one chunk."""
    longest = running = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            first = chunk.find(end)
            longest = max(longest, running + (first if first >= 0 else len(chunk)))
            running = running + len(chunk) if first < 0 else len(chunk) - chunk.rfind(end) - 1
    return longest


def _check_xml(file: GivenFile) -> None:
    parser = expat.ParserCreate()
    try:
        with file.path.open("rb") as stream:
            parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise cut_short(
            file, f"第 {error.lineno} 行起不是完整的 XML", f"from line {error.lineno} on it is no whole XML ({error})"
        ) from error


def _tail(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - CHUNK_BYTES))
        return stream.read().rstrip(b"\x00\x1a")


def _ends_in_json(tail: bytes) -> bool:
    """Whether the last line, or the last record of a text sequence, is whole; GDAL takes half of one as well."""
    last = re.split(rb"\x1e" if b"\x1e" in tail else rb"\n", tail.rstrip())[-1]
    try:
        return len(last) == CHUNK_BYTES or isinstance(json.loads(last), dict)
    except ValueError:
        return False


def _lines(path: Path) -> int:
    """Lines that hold anything; records of a GeoJSON text sequence, where it has their marks."""
    with path.open("rb") as stream:
        marked = stream.read(1) == b"\x1e"
        stream.seek(0)
        return sum(line.startswith(b"\x1e") if marked else not line.isspace() for line in stream)


def _deleted_rows(dbf: Path) -> int:
    """Records of a dBase table that are marked as deleted, which GDAL counts and does not read."""
    if not dbf.exists():
        return 0
    table = open_dbf(dbf)
    deleted = 0
    with dbf.open("rb") as stream:
        stream.seek(table.header_bytes)
        while block := stream.read(CHUNK_BYTES // table.record_bytes * table.record_bytes or table.record_bytes):
            deleted += int((np.frombuffer(block, np.uint8)[:: table.record_bytes] == ord("*")).sum())
    return deleted
