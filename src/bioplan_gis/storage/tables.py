"""The tables of the core schema, as GeoAlchemy2 sees them, and of any layer that the registry describes.

Every layer, with geometry or without, is one table: ``fid`` (the GeoPackage's integer key), ``id`` (stable, ours) and
its own columns. The migrations under ``alembic/`` make them; a test holds the two together.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Integer, LargeBinary, MetaData, Table, Text, Time
from sqlalchemy import Column as TableColumn
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from bioplan_gis.catalogue import Column
from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.storage.vocabulary import VOCABULARY

GEOMETRY_COLUMN = "geom"


class Json(TypeDecorator[Any]):
    """A list or object: JSONB on PostGIS, TEXT that holds JSON in a GeoPackage, which has no type of its own for it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the column is on each database."""
        return JSONB(none_as_null=True) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """The text to store, where the database does not write it itself."""
        return value if value is None or dialect.name == "postgresql" else canonical_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """The list or object again."""
        return value if value is None or dialect.name == "postgresql" else json.loads(value)


def canonical_json(value: object) -> str:
    """Compact JSON in UTF-8 with sorted keys: the same text for the same content.

    Raises:
        ValueError: a number in it is NaN or infinite, which JSON does not know.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str, allow_nan=False)


# As OGC 12-128r17 writes DATETIME; a time without zone has no Z, which would give it one.
_ISO = "%(year)04d-%(month)02d-%(day)02dT%(hour)02d:%(minute)02d:%(second)02d.%(microsecond)06d"
_ISO_PARTS = re.compile(r"(\d+)-(\d+)-(\d+)[T ](\d+):(\d+):(\d+)(?:\.(\d{6}))?")


def _iso_text(zone: str) -> TypeEngine[Any]:
    return sqlite.DATETIME(storage_format=_ISO + zone, regexp=_ISO_PARTS)  # type: ignore[no-untyped-call]


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: TIMESTAMP WITH TIME ZONE on PostGIS, text that ends in Z in a GeoPackage."""

    impl = DateTime(timezone=True).with_variant(_iso_text("Z"), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """In UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """In UTC, and saying so."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


INTEGER = BigInteger().with_variant(Integer(), "sqlite")
COLUMN_TYPES: Mapping[str, TypeEngine[Any]] = {
    "text": Text(),
    "integer": INTEGER,
    "number": Double(),
    "boolean": Boolean(),
    "date": Date(),
    "time": Time().with_variant(Text(), "sqlite"),
    "datetime": DateTime().with_variant(_iso_text(""), "sqlite"),
    "timestamp": Instant(),
    "list": Json(),
    "json": Json(),
}


@dataclass(frozen=True)
class CoreLayer:
    """A layer or plain table of the core schema.

    Attributes:
        id: its id in the feeds and its table's name.
        title_zh: Chinese title.
        title_en: English title.
        description_zh: what it holds, in Chinese.
        description_en: the same in English.
        geometry_type: as in OGC simple features, ``GEOMETRY`` for mixed ones; None for a plain table.
        columns: its own columns, without ``fid``, ``id`` and geometry.
    """

    id: str
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
    geometry_type: str | None
    columns: tuple[Column, ...]


_NAMES = "name_zh name_en"
_PROVENANCE = "document clause citations source"
_POSITION = (
    "district district_zh district_en accuracy_m position_basis position_source position_method position_attribution"
)


def _spatial(names: str) -> tuple[Column, ...]:
    return _columns(f"{_NAMES} {names} {_PROVENANCE} {_POSITION}")


def _plain(names: str) -> tuple[Column, ...]:
    return _columns(f"{_NAMES} {names} {_PROVENANCE}")


def _columns(names: str) -> tuple[Column, ...]:
    return tuple(VOCABULARY[name] for name in names.split())


CORE_LAYERS: tuple[CoreLayer, ...] = (
    CoreLayer(
        "districts", "行政区划", "Districts",
        "杭州十三个区、县（市）及周边、合作城市的县级区划。",
        "The thirteen county-level divisions of Hangzhou, and those around it and in the partner cities.",
        "MULTIPOLYGON",
        _spatial("city_zh city_en scope area_km2 label_lon label_lat"),
    ),
    CoreLayer(
        "zones", "布局分区", "Zones",
        "各布局中的心、核、元、区、点：角色、重点领域与依托平台。",
        "The places that play a part in a layout: role, tracks and the platforms that they rely on.",
        "GEOMETRY",
        _spatial(
            "layout role role_en tier seat named function_zh function_en tracks platforms strengths_zh "
            "strengths_en members"
        ),
    ),
    CoreLayer(
        "industrial_land", "工业用地", "Industrial land",
        "一类、二类、三类工业用地（M1、M2、M3）。",
        "Industrial land of classes M1, M2 and M3.",
        "GEOMETRY",
        _spatial(
            "land_class class_code class_zh area_ha area_source area_measured_ha park_area_ha area_note_zh "
            "area_note_en status tracks synthetic parcel_no floor_area_ratio_min floor_area_ratio_max "
            "building_density_min_percent building_density_max_percent green_ratio_min_percent "
            "green_ratio_max_percent height_min_m height_max_m term_years starting_price_yuan industry indicators"
        ),
    ),
    CoreLayer(
        "parks", "园区", "Parks",
        "文件点名的园区、小镇、孵化器与基地。",
        "The parks, towns, incubators and bases that a document names.",
        "GEOMETRY",
        _spatial("kind kind_zh status aliases relied_on_by concentrates_on focus_zh focus_en area_ha area_source"),
    ),
    CoreLayer(
        "labs", "实验室与平台", "Laboratories and platforms",
        "实验室、研究院所、工程中心、公共平台与高校。",
        "Laboratories, institutes, engineering centres, public platforms and universities.",
        "GEOMETRY",
        _spatial("aliases kind kind_zh level status relied_on_by located_in located_in_basis field_zh field_en"),
    ),
    CoreLayer(
        "enterprises", "企业", "Enterprises",
        "文件点名的企业及所述事实。",
        "The firms that a document names, with what it says of them.",
        "GEOMETRY",
        _spatial("aliases tracks fact_zh fact_en status relations relied_on_by"),
    ),
    CoreLayer(
        "links", "合作联系", "Links",
        "苏州设想的飞地合作联系（名单未尽）。",
        "The enclave links that Suzhou proposes; the list is open.",
        "LINESTRING",
        _spatial("layout from_zh from_en to_zh to_en kind status open_list function_zh function_en"),
    ),
    CoreLayer(
        "towns", "乡镇街道", "Towns",
        "杭州的乡镇、街道（点）。",
        "Towns and sub-districts of Hangzhou, as points.",
        "POINT",
        _spatial("geonameid names_zh"),
    ),
    CoreLayer(
        "water", "水系", "Water",
        "河、湖与岸线，适用于小比例尺。",
        "Rivers, lakes and shore, for small scales.",
        "GEOMETRY",
        _spatial("kind water.level km2 max_zoom"),
    ),
    CoreLayer(
        "tracks", "细分领域", "Tracks",
        "文件点名的细分领域，含别名与上下位关系。",
        "The tracks that the documents name, with aliases, broader and narrower ones.",
        None,
        _plain("group group_en aliases broader narrower note_zh note_en"),
    ),
    CoreLayer(
        "policies", "政策", "Policies",
        "扶持政策：比例、上限、条件与施行日期；从高、从优、不重复。",
        "Incentives: rate, cap, condition and date in force; the highest applies, never a sum.",
        None,
        _plain(
            "kind applies_to_zh applies_to_en rate_percent rate_base_zh rate_base_en amount_yuan cap_yuan "
            "cap_scope_zh cap_scope_en duration_years fields jurisdiction jurisdiction_zh in_force validity "
            "stacking_zh stacking_en requires_local_production"
        ),
    ),
    CoreLayer(
        "targets", "目标与数据", "Targets and figures",
        "文件中的目标值与已报告数值，含年份、单位与范围。",
        "Goals and reported figures of the documents, with year, unit and scope.",
        None,
        _plain(
            "kind measure measure_zh measure_en value comparator unit unit_zh year period_zh scope_zh "
            "scope_en scope_adcode"
        ),
    ),
    CoreLayer(
        "documents", "文件", "Documents",
        "全部事实所依据的文件。",
        "The documents on which all facts rest.",
        None,
        _plain("title_zh title_en issuer_zh issuer_en date in_force kind note"),
    ),
    CoreLayer(
        "layouts", "空间布局", "Layouts",
        "可校验的空间布局口号。",
        "The spatial layouts, each a phrase that can be checked.",
        None,
        _plain("phrase phrase_en period area_zh area_en area_adcode fields roles note_zh note_en"),
    ),
)  # fmt: skip

METADATA = MetaData()


def _keyed(name: str, columns: Iterable[TableColumn[Any]], metadata: MetaData) -> Table:
    """A table with the key of every layer."""
    return Table(
        name,
        metadata,
        TableColumn("fid", INTEGER, primary_key=True, autoincrement=True),
        TableColumn("id", Text(), nullable=False, unique=True),
        *columns,
        sqlite_autoincrement=True,
    )


def _layer_columns(geometry_type: str | None, columns: Iterable[Column]) -> Iterable[TableColumn[Any]]:
    for column in columns:
        yield TableColumn(column.name, COLUMN_TYPES[column.type])
    if geometry_type:
        yield TableColumn(GEOMETRY_COLUMN, Geometry(geometry_type, srid=STORAGE_SRID))


for _layer in CORE_LAYERS:
    _keyed(_layer.id, _layer_columns(_layer.geometry_type, _layer.columns), METADATA)

REGISTRY = _keyed(
    "layers",
    (
        *(TableColumn(name, Text(), nullable=False) for name in ("title_zh", "title_en")),
        *(TableColumn(name, Text(), nullable=False) for name in ("description_zh", "description_en")),
        TableColumn("geometry_type", Text()),
        TableColumn("version", INTEGER, nullable=False),
        TableColumn("digest", Text(), nullable=False),
        TableColumn("feature_count", INTEGER, nullable=False),
        *(TableColumn(edge, Double()) for edge in ("west", "south", "east", "north")),
        *(TableColumn(name, Text(), nullable=False) for name in ("licence", "attribution")),
        TableColumn("source_ids", Json(), nullable=False),
        TableColumn("synthetic", Boolean(), nullable=False),
        TableColumn("columns", Json(), nullable=False),
        TableColumn("source", Text(), nullable=False),
        TableColumn("conforms_to", Text()),
        TableColumn("imported", Boolean(), nullable=False),
    ),
    METADATA,
)
# What each import did, kept when its layer is dropped, so that a version is never given twice.
IMPORTS = _keyed(
    "imports",
    (
        TableColumn("layer", Text(), nullable=False),
        TableColumn("version", INTEGER, nullable=False),
        TableColumn("report", Json(), nullable=False),
    ),
    METADATA,
)
# Vector tiles that were made when their layer changed, for it as it is under this digest.
OVERVIEWS = _keyed(
    "overviews",
    (
        *(TableColumn(name, Text(), nullable=False) for name in ("layer", "digest")),
        TableColumn("body", LargeBinary(), nullable=False),
    ),
    METADATA,
)
LOADS = _keyed("loads", (TableColumn("catalogue_digest", Text(), nullable=False),), METADATA)


@lru_cache(maxsize=256)
def layer_table(layer_id: str, geometry_type: str | None, columns: tuple[Column, ...]) -> Table:
    """The table of a layer that the registry describes, of the core or brought in by a user."""
    return _keyed(layer_id, _layer_columns(geometry_type, columns), MetaData())
