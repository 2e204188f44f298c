"""Angles as people write them: decimal degrees, or degrees, minutes and seconds."""

import re

_SIDES = {
    "E": 1,
    "N": 1,
    "W": -1,
    "S": -1,
    "东经": 1,
    "北纬": 1,
    "西经": -1,
    "南纬": -1,
    "东": 1,
    "北": 1,
    "西": -1,
    "南": -1,
}
_SIDE = "|".join(_SIDES)
_DECIMAL = re.compile(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?°?度?")
_SEXAGESIMAL = re.compile(
    r"(?P<sign>[-+]?)(?P<d>\d{1,3})(?:[°º˚∘度:\s]|-(?=\d))\s*"
    r"(?:(?P<m>\d{1,2}(?:\.\d+)?)(?:[′'’‘`分:\s]|-(?=\d)|$)\s*(?:(?P<s>\d{1,2}(?:\.\d+)?)(?:″|\"|”|“|''|′′|’’|秒)?)?)?"
)
MINUTES = 60.0
NOT_AN_ANGLE = float("nan")


def degrees(text: str) -> float:
    """Decimal degrees, east and north positive; NaN where the text is no angle.

    Understands ``120.2085``, ``120°12′30.5″``, ``120-12-30.5``, ``120:12:30.5``, ``E120.5``, ``120度12分30.5秒``,
    ``东经120°12′`` in half and full width.
    """
    plain = text.strip().translate(_HALF_WIDTH)
    side = re.match(_SIDE, plain, re.IGNORECASE) or re.search(f"(?:{_SIDE})$", plain, re.IGNORECASE)
    if side:
        plain = (plain[: side.start()] + plain[side.end() :]).strip(" :：")
    size = _size(plain)
    return size * _SIDES[side[0].upper()] if side else size


_HALF_WIDTH = {**{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}, 0x3000: 0x20, 0xA0: 0x20}


def _size(plain: str) -> float:
    if _DECIMAL.fullmatch(plain):
        return float(plain.rstrip("°度"))
    found = _SEXAGESIMAL.fullmatch(plain)
    if found is None:
        return NOT_AN_ANGLE
    minutes, seconds = float(found["m"] or 0), float(found["s"] or 0)
    if minutes >= MINUTES or seconds >= MINUTES:
        return NOT_AN_ANGLE
    size = float(found["d"]) + minutes / MINUTES + seconds / MINUTES**2
    return -size if found["sign"] == "-" else size
