"""What every writer of a file is given: a layer's rows as Arrow batches, and all that must travel with them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
from pyproj import CRS

from bioplan_gis.importing.rows import Note

SYNTHETIC = "合成数据 synthetic"


@dataclass(frozen=True)
class Outgoing:
    """A layer on its way out.

    Attributes:
        layer_id: its id.
        title_zh: Chinese title.
        title_en: English title.
        description_zh: what it holds, in Chinese.
        description_en: the same in English.
        version: of the layer.
        source: who gave the data; empty where the licence and attribution say it all.
        licence: of the data.
        attribution: to show wherever the data is shown.
        synthetic: whether it is made up.
        filter: the CQL2 text that chose the rows; None for all.
        geometry_type: as in OGC simple features, ``GEOMETRY`` for mixed ones; None for a plain table.
        geometry: name of the column with WKB; None for a plain table.
        kinds: type in the registry by column, ``id`` first, without geometry.
        titles: Chinese and English title by column.
        schema: of the batches; geometry is its last column.
        crs: of the geometry in the batches, x = east or longitude first whatever its axes say.
        crs_name: as the user named it, such as ``EPSG:4490``.
        batches: reads the rows, each time from the start.
    """

    layer_id: str
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
    version: int
    source: str
    licence: str
    attribution: str
    synthetic: bool
    filter: str | None
    geometry_type: str | None
    geometry: str | None
    kinds: Mapping[str, str]
    titles: Mapping[str, str]
    schema: pa.Schema
    crs: CRS
    crs_name: str
    batches: Callable[[], Iterator[pa.RecordBatch]]

    @property
    def title(self) -> str:
        """Both titles, marked where the layer is made up."""
        marked = f"{self.title_zh} · {self.title_en}"
        return f"{marked}（{SYNTHETIC}）" if self.synthetic else marked


@dataclass(frozen=True)
class Omission:
    """Something that a format cannot hold and that was left out, or changed.

    Attributes:
        count: of rows or values.
        note: what, why, and which format would hold it.
        features: whether whole features are missing, rather than values of some.
    """

    count: int
    note: Note
    features: bool = False


@dataclass
class Written:
    """What a writer did.

    Attributes:
        rows: that stand in the file.
        omissions: what does not, or not as it was.
        notes: what else the user should know.
    """

    rows: int = 0
    omissions: list[Omission] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def omitted_features(self) -> int:
        """How many features are missing."""
        return sum(omission.count for omission in self.omissions if omission.features)

    @property
    def altered_values(self) -> int:
        """How many values of features that are there are cut, changed or missing."""
        return sum(omission.count for omission in self.omissions if not omission.features)

    def omit(self, count: int, zh: str, en: str, *, features: bool = False) -> None:
        """Keep what was left out, where anything was."""
        if count:
            self.omissions.append(Omission(int(count), Note(zh, en), features))


def describe(outgoing: Outgoing) -> list[tuple[str, str]]:
    """What must be said wherever the data goes, heading by heading; the same for the same data."""
    crs = f"{outgoing.crs_name} ({outgoing.crs.name})；x 为东或经度 x is east or longitude"
    lines = [
        ("图层 Layer", f"{outgoing.title_zh} · {outgoing.title_en} ({outgoing.layer_id})"),
        ("版本 Version", str(outgoing.version)),
        ("说明 Description", f"{outgoing.description_zh} {outgoing.description_en}".strip()),
        ("来源 Source", outgoing.source),
        ("署名 Attribution", outgoing.attribution),
        ("许可 Licence", outgoing.licence),
        ("坐标系 CRS", crs if outgoing.geometry else ""),
        ("筛选 Filter", outgoing.filter or ""),
        ("数据性质 Nature", f"{SYNTHETIC}：虚构，仅供试用 made up, for trying out only" if outgoing.synthetic else ""),
    ]
    return [(heading, " ".join(value.split())) for heading, value in lines if value]


def notice(outgoing: Outgoing) -> str:
    """The same as a text, for a file that stands beside the data."""
    return "".join(f"{heading}: {value}\n" for heading, value in describe(outgoing))
