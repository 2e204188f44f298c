"""The records of a source, whatever its file is: TOML tables, CSV rows or GeoJSON features.

A record keeps the file and the line that it stands in, so that every sentence about it can say where to look. Values
are those of the file: nothing is filled in, moved or corrected here.
"""

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioplan_gis.catalogue import Catalogue, Source
from bioplan_gis.errors import GeodataError

NAMING_COLUMNS = ("id", "name_zh", "name")

_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*record[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True)
class Record:
    """One table, row or feature of a source.

    Attributes:
        file: name of the file within the geodata folder.
        number: its place in the file, from 1.
        line: the line that it begins on, from 1; None in GeoJSON.
        values: column to value; what the file leaves out or empty is absent.
        geometry: GeoJSON geometry object, longitude and latitude in the source's CRS; None where there is none.
    """

    file: str
    number: int
    line: int | None
    values: Mapping[str, Any]
    geometry: Mapping[str, Any] | None = None

    def __getitem__(self, column: str) -> Any:  # noqa: ANN401 - a value has the type of its column
        """The value of a column that is there."""
        return self.values[column]

    def get(self, column: str, default: Any = None) -> Any:  # noqa: ANN401
        """The value of a column, or the default where it is absent."""
        return self.values.get(column, default)

    @property
    def label(self) -> str:
        """What to call the record in a sentence: its id or name, else its number and line."""
        names = (str(self.values[column]) for column in NAMING_COLUMNS if self.values.get(column) not in (None, ""))
        return next(names, f"#{self.number}" if self.line is None else f"#{self.number} (line {self.line})")


def city_code(adcode: str) -> str:
    """The adcode of the city that a county-level division belongs to, such as 330100 for 330106."""
    return f"{adcode[:4]}00"


def read_records(catalogue: Catalogue, source_id: str) -> tuple[Record, ...]:
    """All records of a source, in the order of its file.

    Raises:
        GeodataError: the catalogue has no such source, its file is missing, or it cannot be read as what it should be;
            the sentence names file, record and line.
    """
    source = catalogue.source(source_id)
    path = catalogue.path(source)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        known = ", ".join(_READERS)
        raise _file_error(path, f"文件格式应为 {known} 之一", f"should be one of the formats {known}")
    return tuple(read(source, path, _read_text(path)))


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _file_error(path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _file_error(path, f"不是 UTF-8 文本：{error.reason}", f"is no UTF-8 text: {error.reason}") from error


def _toml_records(source: Source, path: Path, text: str) -> Iterator[Record]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _file_error(path, f"不是有效的 TOML：{error}", f"is no TOML: {error}") from error
    tables = document.pop("record", None)
    if document or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        odd = "、".join(document) or "record"
        raise _file_error(
            path, f"应只含 [[record]] 表，请检查 {odd}", f"should hold [[record]] tables and nothing else; see {odd}"
        )
    lines = [text.count("\n", 0, header.end()) + 1 for header in _HEADER.finditer(text)]
    known = len(lines) == len(tables)
    for number, table in enumerate(tables, start=1):
        yield Record(source.file, number, lines[number - 1] if known else None, table)


def _csv_records(source: Source, path: Path, text: str) -> Iterator[Record]:
    rows = csv.reader(io.StringIO(text), strict=True)
    types = {column.name: column.type for column in source.columns}
    try:
        header = next(rows, [])
        _require_header(path, header, types)
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                raise _row_error(path, rows.line_num, len(row), len(header))
            values = {name: _value(types.get(name, "text"), cell) for name, cell in zip(header, row, strict=True)}
            present = {name: value for name, value in values.items() if value is not None}
            yield Record(source.file, number, rows.line_num, present)
    except csv.Error as error:
        line = rows.line_num
        raise _file_error(path, f"第 {line} 行不是有效的 CSV：{error}", f"line {line} is no CSV: {error}") from error


def _require_header(path: Path, header: list[str], types: Mapping[str, str]) -> None:
    missing = [name for name in types if name not in header]
    if missing or len(set(header)) != len(header):
        odd = ", ".join(missing) or ", ".join(sorted({name for name in header if header.count(name) > 1}))
        raise _file_error(
            path, f"第 1 行表头缺少或重复的列：{odd}", f"line 1, the header, lacks or repeats the columns: {odd}"
        )


def _row_error(path: Path, line: int, found: int, expected: int) -> GeodataError:
    return _file_error(
        path,
        f"第 {line} 行有 {found} 个单元格，表头有 {expected} 列",
        f"line {line} has {found} cells where the header has {expected} columns",
    )


def _value(kind: str, cell: str) -> str | float | bool | None:
    """A cell as its column's type; text that is none stays text, for the check to name."""
    text = cell.strip()
    if not text:
        return None
    with suppress(ValueError, KeyError):
        return _CELLS[kind](text)
    return text


_CELLS: Mapping[str, Callable[[str], str | float | bool]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


def _geojson_records(source: Source, path: Path, text: str) -> Iterator[Record]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _file_error(path, f"不是有效的 JSON：{error}", f"is no JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise _file_error(path, "不是 GeoJSON FeatureCollection", "is no GeoJSON FeatureCollection")
    for number, feature in enumerate(features, start=1):
        yield _feature_record(source, path, number, feature)


def _feature_record(source: Source, path: Path, number: int, feature: object) -> Record:
    parts = feature if isinstance(feature, dict) else {}
    properties, geometry = parts.get("properties") or {}, parts.get("geometry")
    sound = isinstance(properties, dict) and isinstance(geometry, dict | None)
    if parts.get("type") != "Feature" or not sound:
        raise _file_error(path, f"第 {number} 个要素不是 GeoJSON Feature", f"feature {number} is no GeoJSON Feature")
    present = {name: value for name, value in properties.items() if value is not None}
    return Record(source.file, number, None, present, geometry)


def _file_error(path: Path, zh: str, en: str) -> GeodataError:
    return GeodataError(f"{path} {zh}。", f"{path} {en}.")


_READERS: Mapping[str, Callable[[Source, Path, str], Iterator[Record]]] = {
    ".toml": _toml_records,
    ".csv": _csv_records,
    ".geojson": _geojson_records,
}
