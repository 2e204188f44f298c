"""``geodata/catalogue.toml``: every source with its file, hash, licence, attribution, CRS, columns and date."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bioplan_gis.errors import GeodataError

CATALOGUE_FILE = "catalogue.toml"
COLUMN_TYPES = ("text", "integer", "number", "boolean", "date", "list", "json")


@dataclass(frozen=True)
class Column:
    """A column of a source or layer.

    Attributes:
        name: as in file, database and feeds.
        type: one of ``COLUMN_TYPES``, or ``time``, ``datetime`` (without zone) or ``timestamp`` (UTC) in a layer that a
            user imported; ``list`` holds texts, ``json`` objects.
        unit: unit of a number, such as ``m`` or ``ha``; None for what has none.
        title_zh: Chinese title.
        title_en: English title.
    """

    name: str
    type: str
    unit: str | None
    title_zh: str
    title_en: str


@dataclass(frozen=True)
class Source:
    """One file of ``geodata/`` with all that must travel with it.

    Attributes:
        id: stable id, named by records and positions.
        file: file name within the folder.
        sha256: hash of the file's bytes, in hexadecimal.
        title_zh: Chinese title.
        title_en: English title.
        licence: SPDX id, or a sentence where there is none.
        attribution: text to show wherever the data is shown.
        date: of the data, ISO 8601 as far as it is known.
        crs: such as ``EPSG:4490``; None for tables without coordinates.
        columns: what the file's columns mean.
    """

    id: str
    file: str
    sha256: str
    title_zh: str
    title_en: str
    licence: str
    attribution: str
    date: str
    crs: str | None
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Catalogue:
    """The sources of one geodata folder."""

    folder: Path
    sources: tuple[Source, ...]

    @cached_property
    def _by_id(self) -> Mapping[str, Source]:
        return {source.id: source for source in self.sources}

    def __iter__(self) -> Iterator[Source]:
        """The sources in the catalogue's order."""
        return iter(self.sources)

    def source(self, source_id: str) -> Source:
        """The source of that id.

        Raises:
            GeodataError: the catalogue has none.
        """
        if source_id not in self._by_id:
            raise GeodataError(
                f"{self.folder / CATALOGUE_FILE} 中没有来源“{source_id}”；请补上该 [[source]]，或改正引用它的记录。",
                f"{self.folder / CATALOGUE_FILE} has no source “{source_id}”; add its [[source]] or correct the record "
                "that names it.",
            )
        return self._by_id[source_id]

    def path(self, source: Source) -> Path:
        """Where the source's file stands."""
        return self.folder / source.file

    @property
    def digest(self) -> str:
        """Hash over the catalogue's bytes, which hold the hash of every file: it changes when any data changes."""
        return hashlib.sha256((self.folder / CATALOGUE_FILE).read_bytes()).hexdigest()


def read_catalogue(folder: Path) -> Catalogue:
    """The catalogue of a geodata folder.

    Raises:
        GeodataError: there is no catalogue, it is no TOML, or an entry lacks what every source must state.
    """
    path = folder / CATALOGUE_FILE
    entries = _read_toml(path).get("source")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise GeodataError(f"{path} 中没有任何 [[source]] 条目。", f"{path} has no [[source]] entries.")
    return Catalogue(folder, tuple(_source_of(path, number, entry) for number, entry in enumerate(entries, start=1)))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(catalogue: Catalogue, source: Source) -> None:
    """See that a source's file is there and is the one that the catalogue describes.

    Raises:
        GeodataError: the file is missing, or its hash is another.
    """
    path = catalogue.path(source)
    try:
        found = file_sha256(path)
    except OSError as error:
        raise GeodataError(
            f"无法读取来源“{source.id}”的文件 {path}：{error.strerror}。请恢复该文件或删除其条目。",
            f"The file {path} of source “{source.id}” cannot be read: {error.strerror}. "
            "Restore it, or remove its entry.",
        ) from error
    if found != source.sha256:
        raise GeodataError(
            f"{path} 与目录登记不符：sha256 实为 {found}，登记为 {source.sha256}。"
            f"若修改是有意的，请更新 {CATALOGUE_FILE}。",
            f"{path} is not the file that the catalogue describes: its sha256 is {found}, recorded is {source.sha256}. "
            f"If the change is meant, update {CATALOGUE_FILE}.",
        )


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GeodataError(
            f"无法读取数据目录 {path}：{error.strerror}。请检查 BIOPLAN_GEODATA 指向含 {CATALOGUE_FILE} 的文件夹。",
            f"The catalogue {path} cannot be read: {error.strerror}. BIOPLAN_GEODATA should name a folder that holds "
            f"{CATALOGUE_FILE}.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GeodataError(
            f"{path} 不是有效的 TOML（UTF-8）：{error}。", f"{path} is no TOML in UTF-8: {error}."
        ) from error


def _source_of(path: Path, number: int, entry: Mapping[str, Any]) -> Source:
    """A catalogue entry, with a sentence that names the entry where something is missing or of another type."""
    label = str(entry.get("id", f"#{number}"))
    text = {name: _text(path, label, entry, name) for name in _REQUIRED}
    columns = entry.get("columns", [])
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        raise _entry_error(path, label, "columns", "应为列表", "should be a list of tables")
    crs = entry.get("crs")
    return Source(
        **text, crs=None if crs is None else str(crs), columns=tuple(_column_of(path, label, one) for one in columns)
    )


_REQUIRED = ("id", "file", "sha256", "title_zh", "title_en", "licence", "attribution", "date")


def _column_of(path: Path, label: str, entry: Mapping[str, Any]) -> Column:
    name, kind = (_text(path, label, entry, key) for key in ("name", "type"))
    if kind not in COLUMN_TYPES:
        known = ", ".join(COLUMN_TYPES)
        raise _entry_error(path, label, f"columns.{name}.type", f"应为 {known} 之一", f"should be one of {known}")
    unit = entry.get("unit")
    return Column(name, kind, unit, str(entry.get("zh", name)), str(entry.get("en", name)))


def _text(path: Path, label: str, entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None or not str(value).strip():
        raise _entry_error(path, label, name, "缺失或为空", "is missing or empty")
    return str(value)


def _entry_error(path: Path, label: str, name: str, zh: str, en: str) -> GeodataError:
    return GeodataError(f"{path} 的来源“{label}”：{name} {zh}。", f"{path}, source “{label}”: {name} {en}.")
