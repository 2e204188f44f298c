"""Downloads: the features that a question asks for as a file of one of many kinds, streamed with bounded memory.

Text (CSV, KML, GeoJSON by lines) goes out as it is read, and what the client is behind with waits in a temporary file.
A file of another kind is written to a temporary folder first, and sent when the database has been given back. A page
of JSON-FG is made whole. Only a whole layer needs a turn, and neither its head nor the answer that it is held.

Licence and attribution travel within the file where its format has a place for them; CSV and lines of GeoJSON have
none, so that links of the answer tell them (RFC 8288, rel ``license`` and ``describedby``). Made-up data is called so
in the name of every file. Texts of a CSV stand in it as they are stored, whatever they begin with: XLSX, where text is
never a formula, is the one to open with Excel where the data is not to be trusted.

What a file could not hold is counted in headers of its answer (``X-Omitted-Features``, ``X-Altered-Values``), which a
HEAD lacks, since no file is written for it (RFC 9110, 9.3.2). A format that is streamed leaves no feature out.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from sqlalchemy import Connection

from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import base_url, entity_tag, is_held, own_url
from bioplan_gis.api.jsonfg import jsonfg_feature, jsonfg_page
from bioplan_gis.api.media import JSONFG, KML, NDJSON, SHP, Media
from bioplan_gis.api.parameters import Asked
from bioplan_gis.api.params import CRS, DEFAULT_LIMIT, FILTER, LIMIT
from bioplan_gis.api.questions import CHOICE, question_of
from bioplan_gis.api.spools import MOST_BYTES_AT_ONCE, ClientGoneError
from bioplan_gis.api.transfers import Head, Making, Transfer
from bioplan_gis.crs import CRS84, STORAGE_CRS
from bioplan_gis.errors import FeatureNotFoundError, OutputError, ParameterError, StorageError
from bioplan_gis.exporting.feeds import PIECES, feed_lines, write_one_file
from bioplan_gis.exporting.formats import FORMATS
from bioplan_gis.exporting.jsonfg import PROFILE
from bioplan_gis.exporting.outgoing import Outgoing, Written
from bioplan_gis.exports import feed_outgoing
from bioplan_gis.importing.reading.folders import DOWNLOADS, temporary_folder
from bioplan_gis.storage.extracts import count_rows, end_of, excerpt_of
from bioplan_gis.storage.filters import property_equals, refused_overflow
from bioplan_gis.storage.layers import Layer, read_layer
from bioplan_gis.storage.questions import Question, place_text

_NOT_ASCII_NAME = re.compile(r"[^A-Za-z0-9.-]+")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\"*/:<>?\\|]+")
_MOST_CHARACTERS_OF_A_NAME = 60
# Enough to read, and few enough for proxies that keep all headers in 4 kB.
_MOST_CHARACTERS_OF_A_TITLE = 80
OK = 200
OMITTED_FEATURES, ALTERED_VALUES = "X-Omitted-Features", "X-Altered-Values"


def download(request: Request, layer_id: str, asked: Asked, media: Media, *, feature_id: str | None = None) -> Transfer:
    """The features of a layer that a request asks for, or one of them, as a file.

    Args:
        request: of the file.
        layer_id: of the layer.
        asked: its parameters; without ``limit`` all features that match are in the file.
        media: the kind of file.
        feature_id: of the only feature; None for all that match.

    Returns:
        An answer that is made when it is sent, in a transaction of its own; what is wrong with the question is raised
        from there, before the first byte.
    """
    asking = _Asking(request, layer_id, asked, media, feature_id)
    is_bounded = media is JSONFG or feature_id is not None or asked[LIMIT] is not None
    return Transfer(request.app.state.transfers, asking.make, None if is_bounded else asking.look)


@dataclass(frozen=True)
class _Asking:
    """One download."""

    request: Request
    layer_id: str
    asked: Asked
    media: Media
    feature_id: str | None

    def look(self) -> Head | None:
        """Its head where nothing follows, and whether the question is right at all; no feature is read."""
        with refused_overflow(self.asked[FILTER], name="filter"), reading_for(self.request) as connection:
            head = self._head(connection, *self._question(connection))
        return head if _is_bodiless(self.request, head) else None

    def make(self, gone: threading.Event) -> Making:
        """Its head, and then its bytes."""
        making = self._filed(gone)
        if self.media is JSONFG:
            making = self._paged()
        elif self.media is NDJSON or self.media.id in PIECES:
            making = self._streamed(gone)
        with refused_overflow(self.asked[FILTER], name="filter"):
            yield from making

    def _paged(self) -> Making:
        with reading_for(self.request) as connection:
            layer, question = self._question(connection)
            head = self._head(connection, layer, question)
            made = jsonfg_page if self.feature_id is None else jsonfg_feature
            body = b"" if _is_bodiless(self.request, head) else made(self.request, connection, layer, question)
        yield Head(head.headers, head.status, settled=len(body) <= MOST_BYTES_AT_ONCE)
        yield body

    def _streamed(self, gone: threading.Event) -> Making:
        with reading_for(self.request) as connection, ExitStack() as streams:
            layer, question = self._question(connection)
            head = self._head(connection, layer, question)
            if _is_bodiless(self.request, head):
                yield head
                return
            pieces = self._pieces(self._outgoing(connection, layer, question, streams, gone), question)
            # What goes wrong with the first piece is still told.
            first = next(pieces, b"")
            yield head
            yield first
            yield from pieces

    def _filed(self, gone: threading.Event) -> Making:
        with temporary_folder(DOWNLOADS) as folder:
            with reading_for(self.request) as connection, ExitStack() as streams:
                layer, question = self._question(connection)
                head = self._head(connection, layer, question)
                if _is_bodiless(self.request, head):
                    yield head
                    return
                path, written = self._written(self._outgoing(connection, layer, question, streams, gone), folder, layer)
            size = path.stat().st_size
            with self.request.app.state.transfers.room.holding(size):
                yield Head({**head.headers, **_shortfalls(written), "Content-Length": str(size)}, settled=True)
                yield from _read(path)

    def _question(self, connection: Connection) -> tuple[Layer, Question]:
        layer = read_layer(connection, self.layer_id)
        _require_lonlat(self.media, self.asked)
        most = DEFAULT_LIMIT if self.media is JSONFG else None
        question = question_of(connection, layer, self.asked, limit=self.asked[LIMIT] or most)
        if self.feature_id is None:
            return layer, question
        one = property_equals(layer, "id", self.feature_id, dialect=connection.dialect.name)
        question = Question(limit=None, where=(one,), crs=question.crs)
        if not count_rows(connection, layer, excerpt_of(layer, question, connection.dialect.name)):
            raise FeatureNotFoundError(
                f"图层“{layer.title_zh}”（{layer.id}）中没有编号为“{self.feature_id}”的要素。",
                f"The layer {layer.id} has no feature “{self.feature_id}”.",
            )
        return layer, question

    def _head(self, connection: Connection, layer: Layer, question: Question) -> Head:
        tag = entity_tag(self.request, [layer], self.media.id)
        kept = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept"}
        if is_held(self.request, tag):
            return Head(kept, status=304, settled=True)
        headers = {"Content-Type": self.media.type, "Content-Crs": f"<{question.crs.uri}>", **kept}
        if self.media is JSONFG:
            return Head(headers | {"Link": f'<{PROFILE}>; rel="profile"'})
        name = content_disposition(_file_name(layer, self.media, self.feature_id))
        links = ", ".join(self._links(connection, layer, question))
        return Head(headers | {"Content-Disposition": name, "Link": links})

    def _links(self, connection: Connection, layer: Layer, question: Question) -> Iterator[str]:
        home = f"{base_url(self.request)}/api/collections/{quote(layer.id, safe='')}"
        yield f'<{home}>; rel="collection"; type="application/json"'
        yield f'<{home}>; rel="license"; {_title(layer.licence)}'
        yield f'<{home}>; rel="describedby"; type="application/json"; {_title(layer.attribution)}'
        if (end := end_of(connection, layer, question)) is not None:
            href = own_url(self.request, offset=None, after=place_text(question.sort, end))
            yield f'<{href}>; rel="next"; type="{self.media.essence}"'

    def _outgoing(
        self, connection: Connection, layer: Layer, question: Question, streams: ExitStack, gone: threading.Event
    ) -> Outgoing:
        def alive() -> None:
            if gone.is_set():
                raise ClientGoneError

        choosing = {parameter.name for parameter in CHOICE} | set(self.asked.columns)
        chosen = [f"{name}={value}" for name, value in self.request.query_params.multi_items() if name in choosing]
        return feed_outgoing(
            connection,
            layer,
            excerpt_of(layer, question, connection.dialect.name),
            STORAGE_CRS if self.media is NDJSON else question.crs,
            streams,
            where=" & ".join(chosen) or None,
            alive=alive,
        )

    def _pieces(self, outgoing: Outgoing, question: Question) -> Iterator[bytes]:
        if self.media is NDJSON:
            return feed_lines(outgoing, question.crs)
        return PIECES[self.media.id](outgoing, Written())

    def _written(self, outgoing: Outgoing, folder: Path, layer: Layer) -> tuple[Path, Written]:
        try:
            return write_one_file(outgoing, FORMATS[self.media.id], folder, _stem(layer, self.feature_id))
        except OutputError as error:
            raise ParameterError("f", self.media.id, f"f：{error.zh}", f"f: {error.en}") from error
        except OSError as error:
            raise StorageError(
                f"服务无法写出临时文件：{error.strerror}。", f"The service cannot write its file: {error.strerror}."
            ) from error


def _is_bodiless(request: Request, head: Head) -> bool:
    """Whether nobody will see the body; a file is not written for a HEAD, whose answer may lack a length."""
    return head.status != OK or bool(request.scope.get("head"))


def _shortfalls(written: Written) -> dict[str, str]:
    """How many features a file lacks, and how many values, where it does."""
    counts = {OMITTED_FEATURES: written.omitted_features, ALTERED_VALUES: written.altered_values}
    return {name: str(count) for name, count in counts.items() if count}


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(MOST_BYTES_AT_ONCE):
            yield piece


def _require_lonlat(media: Media, asked: Asked) -> None:
    """See that KML is asked for in its only CRS.

    Raises:
        ParameterError: it is not; the error lists the formats that take others.
    """
    crs = asked[CRS]
    if media is not KML or crs is None or crs.srid == CRS84.srid:
        return
    raise ParameterError(
        "crs",
        crs.uri,
        "crs：按其标准，KML 只能用 WGS 84 经纬度（CRS84）；其他坐标系请用 gpkg、shp、fgb、parquet、csv、xlsx。",
        "crs: by its standard KML is in WGS 84 longitude and latitude (CRS84); for other CRSs take gpkg, shp, fgb, "
        "parquet, csv, xlsx.",
    )


def _stem(layer: Layer, feature_id: str | None) -> str:
    """The name of a file without its extension: of the layer, of the feature, and whether it is made up."""
    parts = [layer.id, *([] if feature_id is None else [feature_id]), *(["synthetic"] if layer.synthetic else [])]
    return ".".join(_NOT_IN_NAMES.sub("_", part)[:_MOST_CHARACTERS_OF_A_NAME] for part in parts)


def _file_name(layer: Layer, media: Media, feature_id: str | None) -> str:
    """GDAL knows a zipped Shapefile by ``.shp.zip``."""
    ending = ".shp.zip" if media is SHP else FORMATS[media.id].extensions[0]
    return f"{_stem(layer, feature_id)}{ending}"


def content_disposition(name: str) -> str:
    """The header that gives an answer a file's name, for old readers in ASCII (RFC 6266, 4.3; RFC 8187)."""
    plain = _NOT_ASCII_NAME.sub("_", name)
    plain = f"layer{plain}" if plain.startswith(("_", ".")) else plain
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _title(text: str) -> str:
    """A title of a link in UTF-8 (RFC 8288, 3.4.1)."""
    return f"title*=UTF-8''{quote(' '.join(text.split())[:_MOST_CHARACTERS_OF_A_TITLE], safe='')}"
