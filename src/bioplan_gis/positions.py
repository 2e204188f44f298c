"""Where the records stand: places, districts, and what each position rests on.

A place known to its district only has no geometry; nothing here makes one up. A district's outline is generalised, and
its accuracy says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bioplan_gis.catalogue import Catalogue, Source
from bioplan_gis.errors import GeodataError
from bioplan_gis.records import Record, read_records

DISTRICT_SOURCES = {
    "districts-hangzhou": "hangzhou",
    "districts-neighbours": "neighbour",
    "districts-suzhou-partners": "partner",
}
DECIMALS = 7
BOUNDARY_ACCURACY_M = 500.0
BOUNDARY_METHOD = (
    "县级界线，经概化：与详图相差中位数 104 m，95% 为 534 m 以内，最大 1.7 km。 County-level boundary, generalised: "
    "off a detailed line by 104 m (median), 534 m (95 %), 1.7 km at most."
)
DISTRICT_METHOD = "文件只说明所在区县，未查到位置。 The document ties it to this district; no position was found."


@dataclass(frozen=True)
class Position:
    """Where something is, and how that is known.

    Attributes:
        shape: EPSG:4490; None where no position was found.
        district: adcode; None where not even that is known.
        district_zh: the district's name.
        district_en: its English name.
        accuracy_m: radius within which the true position lies, in metres; None without a shape.
        position_basis: boundary, sourced, address, district or none.
        position_source: id of the catalogued source.
        position_method: how it was found.
        position_attribution: whom to name.
    """

    shape: BaseGeometry | None = None
    district: str | None = None
    district_zh: str | None = None
    district_en: str | None = None
    accuracy_m: float | None = None
    position_basis: str = "none"
    position_source: str | None = None
    position_method: str | None = None
    position_attribution: str | None = None

    def columns(self) -> dict[str, Any]:
        """Everything but the shape, by column."""
        return {name: value for name, value in vars(self).items() if name != "shape"}


@dataclass(frozen=True)
class District:
    """A county-level division with its outline."""

    adcode: str
    name_zh: str
    name_en: str
    shape: BaseGeometry
    source: Source


# From best to worst: a position made of several is known as well as its worst.
_BASES = ("sourced", "address", "district", "none")


@dataclass(frozen=True)
class Gazetteer:
    """The places and districts of one geodata folder."""

    catalogue: Catalogue

    @cached_property
    def districts(self) -> Mapping[str, District]:
        """Every district by adcode, those of Hangzhou first."""
        sources = (source for source in self.catalogue if source.id in DISTRICT_SOURCES)
        found = (self._district_of(record, one) for one in sources for record in read_records(self.catalogue, one.id))
        return {district.adcode: district for district in found}

    def _district_of(self, record: Record, source: Source) -> District:
        adcode = str(record["adcode"])
        _, name_en = self.division(record, adcode)
        return District(adcode, str(record["name"]), name_en, shape_of(record), source)

    @cached_property
    def _divisions(self) -> Mapping[str, Record]:
        return {str(record["adcode"]): record for record in read_records(self.catalogue, "divisions")}

    def division(self, record: Record, adcode: str) -> tuple[str, str]:
        """The Chinese and the English name of a division that a record stands for or lies in.

        Raises:
            GeodataError: ``divisions.csv`` has none of that code.
        """
        if adcode not in self._divisions:
            raise _unknown(record, "区划", "division", adcode, "divisions")
        division = self._divisions[adcode]
        return str(division["name_zh"]), str(division["name_en"])

    @cached_property
    def places(self) -> Mapping[str, Record]:
        """Every row of ``places.csv`` by name."""
        return {str(record["name_zh"]): record for record in read_records(self.catalogue, "places")}

    def position_of(self, record: Record) -> Position:
        """The position that a record states: by places, by member districts, by its district, or none.

        Raises:
            GeodataError: it names a place or district that there is none of.
        """
        names = _listed(record.get("place"))
        members = _listed(record.get("members"))
        if names:
            position = self._of_places(record, names)
        elif members:
            position = self._of_members(record, members)
        else:
            position = self.in_district(record, record.get("district"))
        stated = {name: record[name] for name in ("district_zh", "district_en") if name in record.values}
        return replace(position, **stated)

    def in_district(self, record: Record, adcode: str | None) -> Position:
        """No more than the district is known."""
        if adcode is None:
            return Position()
        return replace(self._district_named(record, adcode), position_basis="district", position_method=DISTRICT_METHOD)

    def link_of(self, record: Record) -> Position:
        """The straight line from a record's ``from_place`` to its ``place``."""
        start, end = (self._end_of(record, column) for column in ("from_place", "place"))
        if start.shape is None or end.shape is None:
            return replace(end, shape=None, accuracy_m=None)
        line = shapely.linestrings([shapely.get_coordinates(each.shape)[0] for each in (start, end)])
        return replace(
            end,
            shape=line,
            accuracy_m=max(start.accuracy_m or 0.0, end.accuracy_m or 0.0),
            position_basis=max(start.position_basis, end.position_basis, key=_BASES.index),
            position_method=_joined([start.position_method, end.position_method]),
            position_attribution=_joined([start.position_attribution, end.position_attribution]),
        )

    def _end_of(self, record: Record, column: str) -> Position:
        names = _listed(record.get(column))
        return self._of_places(record, names) if names else Position()

    def boundary_of(self, record: Record, district: District) -> Position:
        """A district itself."""
        return replace(
            self._district_named(record, district.adcode),
            shape=district.shape,
            accuracy_m=BOUNDARY_ACCURACY_M,
            position_basis="boundary",
            position_source=district.source.id,
            position_method=BOUNDARY_METHOD,
            position_attribution=district.source.attribution,
        )

    def found_in(self, record: Record, source: Source, accuracy_m: float, method: str) -> Position:
        """A feature that a source gives with its own geometry."""
        adcode = record.get("adcode")
        here = self._district_named(record, str(adcode)) if adcode is not None else Position()
        return replace(
            here,
            shape=shape_of(record),
            accuracy_m=accuracy_m,
            position_basis="sourced",
            position_source=source.id,
            position_method=method,
            position_attribution=source.attribution,
        )

    def _of_members(self, record: Record, members: Sequence[str]) -> Position:
        """The union of districts; it lies in a district where it is one alone."""
        districts = [self._district(record, member) for member in members]
        position = self.boundary_of(record, districts[0])
        if len(districts) == 1:
            return position
        whole = oriented(shapely.union_all([district.shape for district in districts]))
        return replace(position, shape=whole, district=None, district_zh=None, district_en=None)

    def _of_places(self, record: Record, names: Sequence[str]) -> Position:
        """One point, or several as a MultiPoint, with the accuracy and basis of the worst."""
        rows = [self._place(record, name) for name in names]
        found = [row for row in rows if row.get("lon_wgs84") is not None and row.get("lat_wgs84") is not None]
        adcodes = {row.get("district_adcode") for row in rows}
        adcode = record.get("district") or (adcodes.pop() if len(adcodes) == 1 else None)
        here = self._district_named(record, adcode) if adcode else Position()
        return replace(
            here,
            shape=_points(found),
            accuracy_m=max((float(row["accuracy_m"]) for row in found), default=None),
            position_basis=max((str(row["position_basis"]) for row in found or rows), key=_BASES.index),
            position_source="places",
            position_method=_joined([row.get("method") for row in rows]),
            position_attribution=_joined([row.get("attribution") for row in found]),
        )

    def _district_named(self, record: Record, adcode: str) -> Position:
        district = self._district(record, adcode)
        return Position(district=adcode, district_zh=district.name_zh, district_en=district.name_en)

    def _district(self, record: Record, adcode: str) -> District:
        if adcode not in self.districts:
            raise _unknown(record, "行政区", "district", adcode, ", ".join(DISTRICT_SOURCES))
        return self.districts[adcode]

    def _place(self, record: Record, name: str) -> Record:
        if name not in self.places:
            raise _unknown(record, "地点", "place", name, "places")
        return self.places[name]


def shape_of(record: Record) -> BaseGeometry:
    """A record's geometry as it is stored: 7 decimals (1 cm), outer rings counter-clockwise (RFC 7946).

    Raises:
        GeodataError: it is none, or not valid.
    """
    try:
        shape = oriented(shapely.geometry.shape(record.geometry))
    except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        raise _bad_shape(record, str(error)) from error
    if not shape.is_valid or shape.is_empty:
        raise _bad_shape(record, shapely.is_valid_reason(shape))
    return shape


def oriented(shape: BaseGeometry) -> BaseGeometry:
    """A geometry with rounded coordinates and outer rings counter-clockwise."""
    return shapely.orient_polygons(shapely.transform(shape, rounded))


def rounded(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates in degrees to the decimals that are stored."""
    return np.round(coordinates, DECIMALS)


def _points(rows: Sequence[Record]) -> BaseGeometry | None:
    if not rows:
        return None
    points = shapely.points(rounded(np.array([(float(row["lon_wgs84"]), float(row["lat_wgs84"])) for row in rows])))
    return points[0] if len(points) == 1 else shapely.multipoints(points)


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - one name or a list of them
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _joined(texts: Sequence[str | None]) -> str | None:
    return "；".join(dict.fromkeys(text for text in texts if text)) or None


def _unknown(record: Record, kind_zh: str, kind_en: str, name: str, source: str) -> GeodataError:
    return GeodataError(
        f"{record.file} 的记录“{record.label}”：来源 {source} 中没有{kind_zh}“{name}”；请改正名称，或补上该{kind_zh}。",
        f"{record.file}, record “{record.label}”: the source {source} has no {kind_en} “{name}”; correct the name, or "
        f"add the {kind_en}.",
    )


def _bad_shape(record: Record, reason: str) -> GeodataError:
    return GeodataError(
        f"{record.file} 的要素“{record.label}”：几何无法使用（{reason}）；请修正后重试。",
        f"{record.file}, feature “{record.label}”: its geometry cannot be used ({reason}); correct it and try again.",
    )
