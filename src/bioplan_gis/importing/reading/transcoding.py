"""Files whose text GDAL would misread, laid out again in an encoding that it reads.

XML and JSON are copied as UTF-8; a MapInfo table keeps its bytes and is told its character set (“Charset” of the
MapInfo Data Interchange Format).
"""

import codecs
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from bioplan_gis.importing.reading import kinds
from bioplan_gis.importing.reading.charsets import codec_named, label, told_codec
from bioplan_gis.importing.reading.dbf import open_dbf, text_sample
from bioplan_gis.importing.rows import Note

CHUNK_BYTES = 4 * 1024**2
_JSON = {kinds.GEOJSON, kinds.GEOJSON_LINES, kinds.TOPOJSON, kinds.JSON_FG, kinds.ESRI_JSON}
_XML = {kinds.KML, kinds.GML, kinds.GPX}
_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_CHARSET = re.compile(rb"""(charset\s+"?)([\w-]+)("?)""", re.IGNORECASE)
SAFE_NAME = "bioplan_hex_"
_KML_NAME = re.compile(rb"""(<(?:[\w.-]+:)?Data\b[^>]*?\sname\s*=\s*)(["'])(.*?)\2""", re.DOTALL)
_MAPINFO_CHARSETS = {
    "gb18030": b"WindowsSimpChinese",
    "gbk": b"WindowsSimpChinese",
    "big5": b"WindowsTradChinese",
    "cp950": b"WindowsTradChinese",
    "utf-8": b"UTF-8",
    "cp1252": b"WindowsLatin1",
}
_PROBED_BYTES = 1024**2
_LONGEST_CHARACTER = 4
_UTF8 = ("utf-8", "utf-8-sig", "ascii")


def laid_as_utf8(source: Path, head: bytes, kind: str, told: str | None, target: Path) -> Note | None:
    """Write ``target`` in UTF-8 where the file is XML or JSON in another encoding; None, and no file, elsewhere.

    Args:
        source: the file.
        head: its first bytes.
        kind: what it is.
        told: the encoding that the user says.
        target: where to write.

    Raises:
        ParameterError: ``told`` is no encoding.
    """
    codec = _codec(head, kind, told)
    foreign = codec not in {None, *_UTF8}
    if not foreign and kind != kinds.KML:
        return None
    recoded = _recoded(source, str(codec) if foreign else "utf-8", is_xml=kind in _XML)
    with target.open("xb") as copy:
        copy.writelines(_with_safe_names(recoded) if kind == kinds.KML else recoded)
    if not foreign:
        return None
    return Note(f"按 {label(str(codec))} 编码读取", f"read in the encoding {label(str(codec))}")


def _codec(head: bytes, kind: str, told: str | None) -> str | None:
    if kind not in _JSON | _XML:
        return None
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if told is not None:
        return told_codec(told)
    declared = _DECLARATION.match(head) if kind in _XML else None
    return codec_named(declared.group(1).decode()) if declared else None


def _recoded(source: Path, codec: str, *, is_xml: bool) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)(errors="replace")
    with source.open("rb") as stream:
        first = True
        while chunk := stream.read(CHUNK_BYTES):
            text = decoder.decode(chunk).removeprefix("\ufeff" if first else "")
            if first and is_xml:
                text = re.sub(r"""^(\s*<\?xml[^>]*?encoding\s*=\s*)["'][\w.:-]+["']""", r'\1"UTF-8"', text)
            first = False
            yield text.encode()
        yield decoder.decode(b"", final=True).encode()


def _with_safe_names(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """GDAL makes underscores of what is not ASCII in the names of KML data, so that 面积 and 地块 would become one."""
    rest = b""
    for chunk in chunks:
        whole, end, rest = (rest + chunk).rpartition(b">")
        yield _KML_NAME.sub(_safe_name, whole + end)
    yield rest


def _safe_name(match: re.Match[bytes]) -> bytes:
    name = html.unescape(match.group(3).decode("utf-8", "replace"))
    safe = name if re.fullmatch(r"[A-Za-z0-9_]+", name) else SAFE_NAME + name.encode().hex()
    return match.group(1) + match.group(2) + safe.encode() + match.group(2)


def true_name(name: str) -> str:
    """The name of a KML column as it stands in the file."""
    if re.fullmatch(f"{SAFE_NAME}([0-9a-f]{{2}})+", name):
        return bytes.fromhex(name.removeprefix(SAFE_NAME)).decode("utf-8", "replace")
    return name


def laid_with_charset(source: Path, data: Path | None, told: str | None, target: Path) -> Note | None:
    """Write ``target``, a MapInfo table or interchange file, with a character set where its own says none.

    Args:
        source: the ``.tab`` or ``.mif``.
        data: the ``.dat`` or ``.mid`` beside it.
        told: the encoding that the user says.
        target: where to write; nothing is written, and None given, where the file's own character set stands.

    Raises:
        ParameterError: ``told`` is no encoding.
    """
    head = source.read_bytes()[:_PROBED_BYTES]
    named = _CHARSET.search(head)
    sample = head + (_probed(data) if data else b"")
    if told is None and (sample.isascii() or (named and named.group(2).lower() not in {b"neutral", b"none"})):
        return None
    codec = told_codec(told) if told else _likely(sample)
    charset = _MAPINFO_CHARSETS.get(codec, b"WindowsSimpChinese")
    with target.open("xb") as copy, source.open("rb") as stream:
        start = stream.read(_PROBED_BYTES)
        copy.write(_with_charset(start, charset))
        shutil.copyfileobj(stream, copy)
    if told:
        return Note(f"按指定的 {label(codec)} 编码读取", f"read in {label(codec)}, as told")
    return Note(
        f"文件没有写明字符集，按 {label(codec)} 读取；可用 --encoding 指定",
        f"the file names no character set and is read in {label(codec)}; --encoding says another",
    )


def _probed(path: Path) -> bytes:
    """Some of the text of a ``.mid``, or of a ``.dat``, which is a dBase table in all but its name."""
    if path.suffix == ".dat":
        sample = text_sample(path, open_dbf(path))
        return b"\n".join([*sample.whole, *sample.cut])
    with path.open("rb") as stream:
        return stream.read(_PROBED_BYTES)


def _likely(sample: bytes) -> str:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start > len(sample) - _LONGEST_CHARACTER else "gb18030"
    return "utf-8"


def _with_charset(start: bytes, charset: bytes) -> bytes:
    if _CHARSET.search(start):
        return _CHARSET.sub(lambda match: match.group(1) + charset + match.group(3), start, count=2)
    line, ending, rest = start.partition(b"\n")
    return (
        line + ending + (b"!charset " if line.lower().startswith(b"!table") else b"Charset ") + charset + b"\n" + rest
    )
