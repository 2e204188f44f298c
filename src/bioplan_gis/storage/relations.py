"""Geometry and lists in filters: OGC's spatial predicates, asked of the index first, and the relations of sets."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Boolean, ColumnElement, LargeBinary, and_, case, func, literal, null, or_, select

from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.storage.functions import CONVERSE
from bioplan_gis.storage.operands import Operand, Scope
from bioplan_gis.storage.spatial import near_box

Condition = ColumnElement[Any]
SPATIAL: Mapping[str, str] = {
    "s_intersects": "intersects", "s_within": "within", "s_contains": "contains", "s_disjoint": "disjoint",
    "s_touches": "touches", "s_crosses": "crosses", "s_overlaps": "overlaps", "s_equals": "equals",
}  # fmt: skip
LISTS: Mapping[str, str] = {
    "a_contains": "contains", "a_containedby": "contained_by", "a_equals": "equals", "a_overlaps": "overlaps",
}  # fmt: skip
_LONGITUDES, _LATITUDES = (-180.0, 180.0), (-90.0, 90.0)
_CORNERS = {4: (0, 1, 2, 3), 6: (0, 1, 3, 4)}


def geometry_of(node: Mapping[str, Any], scope: Scope) -> Operand:
    """A geometry that the filter writes, in CRS84 longitude and latitude; heights are left aside.

    Raises:
        ParameterError: it is none, invalid, or not on the Earth.
    """
    token = str(node["type"])
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(node)))
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise scope.fault(token, f"几何不可用（{error}）。", f"The geometry cannot be used ({error}).") from error
    return _literal(shape, token, scope)


def box_of(edges: Sequence[Any], scope: Scope) -> Operand:
    """A box of west, south, east, north (heights may stand between); west > east crosses the antimeridian.

    Raises:
        ParameterError: it has another number of edges, or lies wrong.
    """
    if len(edges) not in _CORNERS or not all(isinstance(edge, float | int) for edge in edges):
        raise scope.fault(
            "BBOX", "BBOX 须有 4 或 6 个数：西、南、东、北。", "A BBOX has 4 or 6 numbers: west, south, east, north."
        )
    west, south, east, north = (float(edges[at]) for at in _CORNERS[len(edges)])
    if south > north:
        raise scope.fault("BBOX", "BBOX 的南界高于北界。", "The BBOX has its south above its north.")
    if west <= east:
        return _literal(_box(west, south, east, north), "BBOX", scope)
    halves = [_box(west, south, 180.0, north), _box(-180.0, south, east, north)]
    return _literal(shapely.union_all(halves), "BBOX", scope)


def _box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A line or a point where it has no width or height."""
    return shapely.envelope(shapely.linestrings([(west, south), (east, north)]))


def _literal(shape: BaseGeometry, token: str, scope: Scope) -> Operand:
    if shape.is_empty:
        raise scope.fault(token, "几何是空的。", "The geometry is empty.")
    west, south, east, north = shape.bounds
    if not (_LONGITUDES[0] <= west <= east <= _LONGITUDES[1] and _LATITUDES[0] <= south <= north <= _LATITUDES[1]):
        raise scope.fault(
            token,
            "坐标超出经度 ±180、纬度 ±90；应为 CRS84 的经度、纬度。",
            "The coordinates are beyond ±180 longitude, ±90 latitude; they are longitude, latitude in CRS84.",
        )
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        raise scope.fault(token, f"几何无效（{reason}）。", f"The geometry is not valid ({reason}).")
    wkb = shapely.to_wkb(shape, byte_order=1)
    sql = (
        func.ST_GeomFromWKB(literal(wkb, LargeBinary()), STORAGE_SRID)
        if scope.on_postgis
        else literal(wkb, LargeBinary())
    )
    return Operand("geometry", sql, token, shape)


def spatially_related(relation: str, first: Operand, second: Operand, scope: Scope, *, decides: bool) -> Condition:
    """Whether two geometries stand in a relation.

    Args:
        relation: one of ``SPATIAL``.
        first: the first geometry.
        second: the second.
        scope: of the filter.
        decides: whether false and unknown are the same here, as they are not below NOT: only then may the R*Tree be
            asked, which knows nothing of a feature without geometry.
    """
    for one in (first, second):
        _require(one, "geometry", scope, "几何", "geometry")
    name = SPATIAL[relation]
    if isinstance(first.value, BaseGeometry) and second.value is None:
        first, second, name = second, first, CONVERSE.get(name, name)
    _require_simple(name, second, scope)
    if scope.on_postgis:
        return _on_postgis(name, first, second)
    exact = func.bioplan_relates(literal(name), first.column, second.column, type_=Boolean())
    if decides and name != "disjoint" and first.value is None and second.value is not None:
        return and_(near_box(first.column, second.value.bounds), exact)
    return exact


def _on_postgis(name: str, first: Operand, second: Operand) -> Condition:
    """PostGIS asks its index itself; ST_Disjoint cannot meet collections, and ST_Intersects can."""
    if name == "disjoint":
        return ~func.ST_Intersects(first.column, second.column, type_=Boolean())
    asked: Condition = getattr(func, f"ST_{name.capitalize()}")(first.column, second.column, type_=Boolean())
    return asked


def _require(one: Operand, kind: str, scope: Scope, zh: str, en: str) -> None:
    if one.kind != kind:
        raise scope.fault(one.token, f"“{one.token}”不是{zh}。", f"“{one.token}” is no {en}.")


def _require_simple(name: str, second: Operand, scope: Scope) -> None:
    if name not in {"intersects", "disjoint"} and getattr(second.value, "geom_type", "") == "GeometryCollection":
        raise scope.fault(
            second.token,
            "几何集合只能用于 S_INTERSECTS 与 S_DISJOINT。",
            "A geometry collection can be used with S_INTERSECTS and S_DISJOINT only.",
        )


def lists_related(relation: str, first: Operand, second: Operand, scope: Scope) -> Condition:
    """Whether two lists, as sets, stand in a relation, such as ``a_contains``.

    Raises:
        ParameterError: one of them is no list.
    """
    for one in (first, second):
        if one.kind not in {"list", "array"}:
            raise scope.fault(one.token, f"“{one.token}”不是列表。", f"“{one.token}” is no list.")
    name = LISTS[relation]
    if not scope.on_postgis:
        return func.bioplan_compare_lists(literal(name), first.column, second.column, type_=Boolean())
    return _POSTGIS_LISTS[name](first.column, second.column)


def _contains(first: Condition, second: Condition) -> Condition:
    return first.op("@>", return_type=Boolean())(second)


def _overlaps(first: Condition, second: Condition) -> Condition:
    member = func.jsonb_array_elements(first).table_valued("value").render_derived().c.value
    shared = select(literal(1)).where(_contains(second, func.jsonb_build_array(member))).exists()
    return case((or_(first.is_(null()), second.is_(null())), null()), else_=shared)


_POSTGIS_LISTS = {
    "contains": _contains,
    "contained_by": lambda first, second: _contains(second, first),
    "equals": lambda first, second: and_(_contains(first, second), _contains(second, first)),
    "overlaps": _overlaps,
}
