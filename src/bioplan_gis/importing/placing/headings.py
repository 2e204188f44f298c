"""What the headings of a table say of its coordinates: that they are degrees, and now and then of which datum.

They declare no CRS. Readers hand them on as the file's own words, behind one of two leads.
"""

import re
from dataclasses import dataclass

from bioplan_gis.datums import Datum
from bioplan_gis.importing.rows import Note

GCJ02 = re.compile(r"gcj|高德|amap|火星|腾讯|tencent|gaode", re.IGNORECASE)
BD09 = re.compile(r"bd_?0?9|百度|baidu|\bbd|^bd", re.IGNORECASE)
TRUE = re.compile(r"wgs|cgcs|2000|4490|4326", re.IGNORECASE)
LABELS: dict[Datum, Note] = {
    "cgcs2000": Note("CGCS2000/WGS 84", "CGCS2000/WGS 84"),
    "gcj02": Note("GCJ-02（高德、腾讯）", "GCJ-02 (AutoNavi, Tencent)"),
    "bd09": Note("BD-09（百度）", "BD-09 (Baidu)"),
}
_NAMED, _TOLD = "列名 column names: ", "指定的列 columns told: "


@dataclass(frozen=True)
class Headings:
    """Columns of longitude and latitude.

    Attributes:
        names: what they are called.
        is_told: whether the user, not their names, says what they hold.
        datum: that their names state; None where they state none.
    """

    names: str
    is_told: bool
    datum: Datum | None

    @property
    def says(self) -> Note:
        """What they say, of the datum too."""
        if self.is_told:
            who = Note(f"用户指定“{self.names}”为经度、纬度", f"told: “{self.names}” hold longitude and latitude")
        else:
            who = Note(
                f"列名“{self.names}”表明是经度、纬度", f"the column names “{self.names}” say longitude and latitude"
            )
        if self.datum is None:
            return who
        stated = LABELS[self.datum]
        return Note(f"{who.zh}，基准为 {stated.zh}", f"{who.en}, in {stated.en}")

    @property
    def taken(self) -> Note:
        """What they say, and what is assumed of a datum that they leave out."""
        if self.datum is not None:
            return self.says
        return Note(
            f"{self.says.zh}；基准没有写明，按 CGCS2000/WGS 84 处理。若实为 GCJ-02（高德、腾讯）或 BD-09（百度），"
            "位置会偏 500–1200 米，请给出 --datum gcj02 或 --datum bd09",
            f"{self.says.en}; the datum is not stated and is taken as CGCS2000/WGS 84. Were it GCJ-02 (AutoNavi, "
            "Tencent) or BD-09 (Baidu), positions would be 500–1,200 m off: give --datum gcj02 or --datum bd09 then",
        )


def heading_words(*names: str, is_told: bool) -> str:
    """Headings of longitude and latitude as the file's own words for its CRS."""
    return f"{_TOLD if is_told else _NAMED}{', '.join(' '.join(name.split()) for name in names)}"


def headings(words: str | None) -> Headings | None:
    """The headings in a file's own words; None where these are something else."""
    lead = next((lead for lead in (_NAMED, _TOLD) if words and words.startswith(lead)), None)
    if words is None or lead is None:
        return None
    names = words.removeprefix(lead)
    known: tuple[tuple[Datum, re.Pattern[str]], ...] = (("gcj02", GCJ02), ("bd09", BD09), ("cgcs2000", TRUE))
    return Headings(names, lead == _TOLD, next((datum for datum, pattern in known if pattern.search(names)), None))
