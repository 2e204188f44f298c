"""Which character encodings a Chinese file may be in, and how well each of them reads some of its bytes.

UTF-8 proves itself: text in another encoding is hardly ever valid UTF-8 by accident. GB 18030 and Big5 both accept
most pairs of high bytes, so they are told apart by what they would mean: nearly all characters of a Chinese text are
of GB/T 2312-1980's level 1 (3,755 common characters, rows 16–55), or of Big5's (5,401, A440–C67E). Read wrongly, the
same bytes give rare ones.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from bioplan_gis.errors import ParameterError

UTF8, CHINESE, TAIWAN, LATIN = "utf-8", "gb18030", "cp950", "cp1252"
LABELS = {UTF8: "UTF-8", CHINESE: "GB18030", TAIWAN: "Big5", LATIN: "Windows-1252", "utf-8-sig": "UTF-8"}
REPLACEMENT = "\ufffd"
SAMPLE_CHARACTERS = 24
LOOKED_AT = 50
# Words of land tables and of Hangzhou, which other encodings do not give by accident.
_WORDS = """
地块 编号 名称 面积 用地 性质 工业 容积率 密度 绿地 限高 出让 年限 起始价 状态 坐标 经度 纬度 备注 日期 单位
公司 企业 园区 合计
街道 项目 规划 建设 土地 类型 类别 行业 产业 联系 地址 电话 序号 研究 实验 中心 平台 生物 医药 大学 公顷 平方米 万元
杭州 浙江 西湖 钱塘 萧山 余杭 临平 拱墅 滨江 临安 建德 桐庐 淳安 富阳 上城 临江 下沙
地號 編號 名稱 面積 用地 性質 工業 臺北 高雄 臺中
"""
WORDS = tuple(dict.fromkeys(_WORDS.split()))
# Names that Python does not know, without their punctuation; GB 2312 and GBK are parts of GB 18030.
SPELLINGS = {
    **dict.fromkeys(("65001", "utf", "utf8", "utf8n", "unicode11utf8", "cp65001"), UTF8),
    **dict.fromkeys(("936", "54936", "20936", "gbk", "gb", "gb2312", "gb2312h", "gb18030", "gb180302000"), CHINESE),
    **dict.fromkeys(("cp936", "ms936", "gb23121980", "euccn", "eucgb2312cn", "hzgb2312", "xgbk", "chinese"), CHINESE),
    **dict.fromkeys(("950", "cp950", "ms950", "big5", "big5eten", "big5tw", "xbig5"), TAIWAN),
    **dict.fromkeys(("88591", "iso88591", "latin1", "1252", "cp1252", "ascii", "usascii"), LATIN),
}
_PREFIXES = re.compile(r"^(ansi|oem|windows|win|codepage|cp|ms|encoding|ldid)(?=\d)|^(ansi|oem)(?=[a-z])")


@dataclass(frozen=True)
class Sample:
    """Some text of a file, as its bytes.

    Attributes:
        whole: values that end where they were meant to.
        cut: values that fill their field, whose last character may be half there.
    """

    whole: tuple[bytes, ...]
    cut: tuple[bytes, ...] = ()

    @property
    def is_ascii(self) -> bool:
        """Whether every encoding in question reads it alike."""
        return all(map(bytes.isascii, (*self.whole, *self.cut)))


@dataclass(frozen=True)
class Candidate:
    """How one encoding reads a sample.

    Attributes:
        codec: the encoding, as Python names it.
        characters: how many beyond ASCII it finds.
        broken: at how many places it cannot read on.
        common: how many of the characters a Chinese text would have (in Latin ones: stand alone among letters).
        words: which of ``WORDS`` it finds.
        wide: whether there are characters that take three bytes in UTF-8, as all Chinese ones do.
        sample: some of what it reads.
    """

    codec: str
    characters: int
    broken: int
    common: int
    words: tuple[str, ...]
    wide: bool
    sample: str

    @property
    def label(self) -> str:
        """The encoding's name, as people write it."""
        return label(self.codec)

    @property
    def share(self) -> float:
        """Share of what is beyond ASCII that makes sense, 0–1."""
        return self.common / max(1, self.characters + self.broken)

    @property
    def broken_share(self) -> float:
        """Share of what is beyond ASCII that cannot be read, 0–1."""
        return self.broken / max(1, self.characters + self.broken)


def _between(codec: str, leads: range, trails: Sequence[int]) -> frozenset[str]:
    pairs = (bytes((lead, trail)) for lead in leads for trail in trails)
    return frozenset(character for pair in pairs if len(character := pair.decode(codec, "ignore")) == 1)


_GB_TRAILS = range(0xA1, 0xFF)
_BIG5_TRAILS = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
_SIGNS = frozenset("、。·—…‘’“”〔〕〈〉《》「」『』【】±×÷∶°′″℃￥％㎡㎥²³→≤≥①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣ　") | frozenset(
    map(chr, range(0xFF01, 0xFF5F))
)
COMMON = {
    CHINESE: _between("gb2312", range(0xB0, 0xD8), _GB_TRAILS) | _SIGNS,
    TAIWAN: _between("big5", range(0xA4, 0xC6), _BIG5_TRAILS) | _SIGNS,
}


def label(codec: str) -> str:
    """A codec's name, as people write it."""
    return LABELS.get(codec, codec.upper())


def codec_named(name: str) -> str | None:
    """The Python codec of an encoding's name in any of its usual spellings; None where there is none."""
    plain = re.sub(r"[^0-9a-z]", "", name.strip().lower())
    plain = _PREFIXES.sub("", plain) or plain
    if not plain:
        return None
    if plain in SPELLINGS:
        return SPELLINGS[plain]
    for spelling in (name.strip(), f"cp{plain}", f"iso8859-{plain.removeprefix('8859')}"):
        if (found := _python_codec(spelling)) is not None:
            return found
    return None


def told_codec(told: str) -> str:
    """The codec that the user names.

    Raises:
        ParameterError: there is no such encoding.
    """
    if (codec := codec_named(told)) is None:
        raise ParameterError(
            "encoding",
            told,
            f"没有名为“{told[:40]}”的编码；可写 UTF-8、GB18030（含 GBK、GB2312）、Big5、UTF-16、Windows-1252。",
            f"There is no encoding “{told[:40]}”; write UTF-8, GB18030 (with GBK, GB2312), Big5, UTF-16, Windows-1252.",
        )
    return codec


def weigh(sample: Sample, codec: str) -> Candidate:
    """How an encoding reads a sample."""
    whole = b"\n".join(sample.whole).decode(codec, "replace")
    cut = "".join(piece + "\n" for piece in _cut_texts(sample.cut, codec))
    text = f"{whole}\n{cut}"
    beyond = re.sub(r"[\x00-\x7f\ufffd]", "", text)
    return Candidate(
        codec=codec,
        characters=len(beyond),
        broken=text.count(REPLACEMENT),
        common=_common(text, beyond, codec),
        words=tuple(word for word in WORDS if word in text),
        wide=any(character > "\u07ff" for character in beyond),
        sample=_shown(text),
    )


def decoded_name(name: bytes, codec: str) -> tuple[str, bool]:
    """A name that may end in half a character, or have one before the number that told it apart, without that half.

    Returns:
        The name, and whether there was half a character.
    """
    decoded = name.decode(codec, "replace")
    text = decoded.replace(REPLACEMENT, "")
    return text, text != decoded


def _python_codec(name: str) -> str | None:
    """A codec that Python has for text; some of its codecs turn bytes into bytes."""
    try:
        b"\xd6\xd0".decode(name, "replace")
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _cut_texts(pieces: Sequence[bytes], codec: str) -> Sequence[str]:
    text = (b"\n".join(pieces) + b"\n").decode(codec, "replace")
    return re.sub(f"{REPLACEMENT}+\n", "\n", text).split("\n")


def _common(text: str, beyond: str, codec: str) -> int:
    if codec in COMMON:
        return sum(map(COMMON[codec].__contains__, beyond))
    if codec.startswith("utf"):
        return len(beyond)
    return len(re.findall(r"(?<![^\x00-\x7f])[^\W\d_\x00-\x7f](?![^\x00-\x7f])", text))


def _shown(text: str) -> str:
    """The longest of the first lines beyond ASCII, cut short, without what would disturb a terminal."""
    lines = (line for line in text.split("\n") if not line.isascii())
    line = max(islice(lines, LOOKED_AT), key=len, default="")
    start = next((place for place, character in enumerate(line) if character > "\x7f"), 0)
    start = 0 if start < SAMPLE_CHARACTERS else start
    shown = "".join(character if character.isprintable() else "·" for character in line[start:][:SAMPLE_CHARACTERS])
    return shown + "…" * (len(line) - start > SAMPLE_CHARACTERS)
