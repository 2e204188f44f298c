"""What stands in each layer: the records of the sources, joined with their positions and with one another.

Facts are carried over as the files state them; only what follows from them is filled in: the first citation's document
and clause, names of districts, narrower from broader tracks, areas of outlines.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bioplan_gis.catalogue import Catalogue
from bioplan_gis.crs import area_m2
from bioplan_gis.errors import GeodataError
from bioplan_gis.positions import DISTRICT_SOURCES, Gazetteer, Position
from bioplan_gis.records import Record, city_code, read_records

M2_PER_KM2 = 1e6
# Says where to look and what to find by, and is shown nowhere.
NOT_STORED = frozenset({"place", "from_place", "search_aliases"})
TOWN_ACCURACY_M = 3000.0
TOWN_METHOD = "GeoNames 乡镇点位，精度按同源地点估计。 GeoNames point; accuracy as estimated for places of that source."
WATER_ACCURACY_M = 5000.0
WATER_METHOD = (
    "GSHHG 1990年代岸线，围垦处相差数公里。 Shoreline of the 1990s, several km off where land was reclaimed since."
)
WATER_MAX_ZOOM = 9
WATER_NAMES = {"river": ("河流", "River"), "shore": ("岸线", "Shore")}

Row = dict[str, Any]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Content:
    """What a layer holds.

    Attributes:
        rows: one mapping a feature, ``id`` and columns.
        shapes: their geometries, None among them; None for a plain table.
        source_ids: the catalogued sources that it was made from.
        file: the file that most of it came from, for sentences about it.
    """

    rows: Sequence[Row]
    shapes: Shapes | None
    source_ids: tuple[str, ...]


def content_of(gazetteer: Gazetteer, layer_id: str, columns: Iterable[str]) -> Content:
    """Everything that a core layer holds.

    Args:
        gazetteer: the places and districts of the geodata folder.
        layer_id: id of a core layer.
        columns: the layer's columns.

    Raises:
        GeodataError: a file or record cannot be used, an id stands twice, or a record has a column that the layer
            has not.
    """
    placed = list(_READERS.get(layer_id, _compiled)(gazetteer, layer_id))
    known = frozenset(columns) | {"id"} | NOT_STORED
    for record, row, _ in placed:
        _require_known(record, row, known)
    _require_distinct(placed)
    rows = [{name: value for name, value in row.items() if name not in NOT_STORED} for _, row, _ in placed]
    return Content(
        rows, _shapes(layer_id, placed), _sources(gazetteer.catalogue, rows, (record for record, _, _ in placed))
    )


Placed = tuple[Record, Row, Position | None]


def _compiled(gazetteer: Gazetteer, layer_id: str) -> Iterator[Placed]:
    """The records of a file compiled from documents, with their positions."""
    find: Callable[[Record], Position] = gazetteer.link_of if layer_id == "links" else gazetteer.position_of
    for record in read_records(gazetteer.catalogue, layer_id.replace("_", "-")):
        position = find(record)
        yield record, {**record.values, **_provenance(record), **position.columns()}, position


def _industrial_land(gazetteer: Gazetteer, layer_id: str) -> Iterator[Placed]:
    for record, row, position in _compiled(gazetteer, layer_id):
        yield record, {"synthetic": False, **row}, position


def _plain(gazetteer: Gazetteer, layer_id: str) -> Iterator[Placed]:
    """The records of a file whose facts have no place of their own."""
    for record in read_records(gazetteer.catalogue, layer_id):
        yield record, {**record.values, **_provenance(record)}, None


def _documents(gazetteer: Gazetteer, layer_id: str) -> Iterator[Placed]:
    """A document is named by its title."""
    for record, row, _ in _plain(gazetteer, layer_id):
        yield (
            record,
            {"name_zh": row.get("title_zh"), "name_en": row.get("title_en"), **row},
            None,
        )


def _tracks(gazetteer: Gazetteer, layer_id: str) -> Iterator[Placed]:
    """Tracks with the narrower ones that name them as broader."""
    placed = list(_plain(gazetteer, layer_id))
    narrower: defaultdict[str, list[str]] = defaultdict(list)
    for _, row, _ in placed:
        for broader in row.get("broader") or ():
            narrower[broader].append(row["id"])
    for record, row, _ in placed:
        yield record, {**row, "narrower": narrower[row["id"]]}, None


def _districts(gazetteer: Gazetteer, _layer_id: str) -> Iterator[Placed]:
    """County-level divisions; area and label point are computed where the source states none."""
    for source_id, scope in DISTRICT_SOURCES.items():
        for record in read_records(gazetteer.catalogue, source_id):
            district = gazetteer.districts[str(record["adcode"])]
            position = gazetteer.boundary_of(record, district)
            city_zh, city_en = gazetteer.division(record, city_code(district.adcode))
            label = shapely.point_on_surface(district.shape)
            yield (
                record,
                {
                    "id": district.adcode,
                    "name_zh": district.name_zh,
                    "name_en": district.name_en,
                    "city_zh": city_zh,
                    "city_en": city_en,
                    "scope": scope,
                    "area_km2": record.get("area_km2_geodesic") or round(area_m2(district.shape) / M2_PER_KM2, 1),
                    "label_lon": record.get("label_lon") or round(label.x, 5),
                    "label_lat": record.get("label_lat") or round(label.y, 5),
                    "source": source_id,
                    **position.columns(),
                },
                position,
            )


def _towns(gazetteer: Gazetteer, _layer_id: str) -> Iterator[Placed]:
    source = gazetteer.catalogue.source("towns-geonames")
    for record in read_records(gazetteer.catalogue, source.id):
        names = str(record["names_zh"]).split("|")
        position = gazetteer.found_in(record, source, TOWN_ACCURACY_M, TOWN_METHOD)
        yield (
            record,
            {
                "id": str(record["geonameid"]),
                "name_zh": names[0],
                "name_en": record["name"],
                "geonameid": record["geonameid"],
                "names_zh": names,
                "source": source.id,
                **position.columns(),
            },
            position,
        )


def _water(gazetteer: Gazetteer, _layer_id: str) -> Iterator[Placed]:
    """Lines numbered within their GSHHG polygon; -1 stands for a number that GSHHG does not state."""
    source = gazetteer.catalogue.source("water-gshhg")
    numbers: Counter[str] = Counter()
    for record in read_records(gazetteer.catalogue, source.id):
        kind, polygon = str(record["kind"]), record.get("poly")
        group = f"{kind}-{polygon}" if polygon is not None and polygon >= 0 else kind
        numbers[group] += 1
        name_zh, name_en = WATER_NAMES.get(kind, (kind, kind))
        position = gazetteer.found_in(record, source, WATER_ACCURACY_M, WATER_METHOD)
        yield (
            record,
            {
                "id": f"{group}-{numbers[group]}",
                "name_zh": name_zh,
                "name_en": name_en,
                "kind": kind,
                "level": record.get("level"),
                "km2": None if (record.get("km2") or -1) < 0 else record["km2"],
                "max_zoom": WATER_MAX_ZOOM,
                "source": source.id,
                **position.columns(),
            },
            position,
        )


_READERS: Mapping[str, Callable[[Gazetteer, str], Iterator[Placed]]] = {
    "districts": _districts,
    "industrial_land": _industrial_land,
    "towns": _towns,
    "water": _water,
    "tracks": _tracks,
    "documents": _documents,
    "policies": _plain,
    "targets": _plain,
    "layouts": _plain,
}


def _provenance(record: Record) -> Row:
    """Document and clause of the first citation."""
    citations = record.get("citations") or []
    first = citations[0] if citations else {}
    return {"document": first.get("document"), "clause": first.get("clause")}


def _shapes(layer_id: str, placed: Sequence[Placed]) -> Shapes | None:
    if any(position is None for _, _, position in placed) or not placed:
        return None
    shapes = np.array([position.shape for _, _, position in placed if position is not None], dtype=object)
    return _as_multipolygons(shapes) if layer_id == "districts" else shapes


def _as_multipolygons(shapes: Shapes) -> Shapes:
    single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    shapes[single] = [shapely.multipolygons([shape]) for shape in shapes[single]]
    return shapes


def _sources(catalogue: Catalogue, rows: Iterable[Row], records: Iterable[Record]) -> tuple[str, ...]:
    """The catalogue's sources that the rows' files are or that the rows name, in the catalogue's order."""
    files = {record.file for record in records}
    named = {row.get(column) for row in rows for column in ("source", "position_source", "area_source")}
    return tuple(source.id for source in catalogue if source.file in files or source.id in named)


def _require_known(record: Record, row: Row, known: frozenset[str]) -> None:
    odd = sorted(row.keys() - known)
    if odd:
        raise GeodataError(
            f"{record.file} 的记录“{record.label}”：没有名为“{odd[0]}”的列；请改正列名或删除该行。",
            f"{record.file}, record “{record.label}”: there is no column “{odd[0]}”; correct its name or remove it.",
        )


def _require_distinct(placed: Iterable[Placed]) -> None:
    seen: set[str] = set()
    for record, row, _ in placed:
        if not isinstance(row.get("id"), str) or row["id"] in seen:
            raise GeodataError(
                f"{record.file} 的记录“{record.label}”：编号 id 缺失或重复；请给它一个唯一的编号。",
                f"{record.file}, record “{record.label}”: its id is missing or stands twice; give it one of its own.",
            )
        seen.add(row["id"])
