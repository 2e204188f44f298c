"""Geometry and lists in filters: OGC's spatial predicates, asked of the index first, and the relations of sets."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Boolean, ColumnElement, LargeBinary, and_, case, func, literal, null, or_, select

from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.storage.functions import CONVERSE
from bioplan_gis.storage.literals import box_placed, placed, unreadable
from bioplan_gis.storage.operands import Operand, Scope
from bioplan_gis.storage.places import Word, place_of
from bioplan_gis.storage.spatial import near_box

Condition = ColumnElement[Any]
SPATIAL: Mapping[str, str] = {
    "s_intersects": "intersects", "s_within": "within", "s_contains": "contains", "s_disjoint": "disjoint",
    "s_touches": "touches", "s_crosses": "crosses", "s_overlaps": "overlaps", "s_equals": "equals",
}  # fmt: skip
LISTS: Mapping[str, str] = {
    "a_contains": "contains", "a_containedby": "contained_by", "a_equals": "equals", "a_overlaps": "overlaps",
}  # fmt: skip


def geometry_of(node: Mapping[str, Any], scope: Scope) -> Operand:
    """A geometry that the filter writes, in its CRS (``filter-crs``); heights are left aside.

    Raises:
        ParameterError: it is none, invalid, or beyond what its CRS is for.
    """
    token = node["type"]
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(node)))
    except (shapely.errors.GEOSException, ValueError, TypeError) as error:
        raise scope.fault(token, *unreadable(str(error))) from error
    return _literal(placed(shape, scope.crs, partial(scope.fault, token)), token, scope)


def box_of(edges: Sequence[Any], scope: Scope) -> Operand:
    """A box, lower corner and then upper, in the filter's CRS with its axis order (heights may stand between).

    Raises:
        ParameterError: it has another number of edges, or lies wrong.
    """
    token = Word("BBOX", place_of(edges))
    refuse = partial(scope.fault, token)
    numbers = [edge if isinstance(edge, float | int) else math.nan for edge in edges]
    return _literal(box_placed(numbers, scope.crs, refuse), token, scope)


def _literal(shape: BaseGeometry, token: str, scope: Scope) -> Operand:
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
    second = _simple(name, second, scope)
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


def _simple(name: str, second: Operand, scope: Scope) -> Operand:
    """A collection as what it covers: GEOS's releases differ in what else it may be within, touch or cross."""
    if name in {"intersects", "disjoint"} or getattr(second.value, "geom_type", "") != "GeometryCollection":
        return second
    covered = shapely.union_all(shapely.get_parts(second.value))
    if covered.geom_type == "GeometryCollection":
        raise scope.fault(
            second.token,
            "点、线、面混合的几何集合只能用于 S_INTERSECTS 与 S_DISJOINT。",
            "A geometry collection of points, lines and polygons can be used with S_INTERSECTS and S_DISJOINT only.",
        )
    return _literal(covered, second.token, scope)


def lists_related(relation: str, first: Operand, second: Operand, scope: Scope) -> Condition:
    """Whether two lists, as sets, stand in a relation, such as ``a_contains``.

    Raises:
        ParameterError: one of them is no list, or one that the filter writes has other members than a property, whose
            members are texts.
    """
    for one, other in ((first, second), (second, first)):
        if one.kind not in {"list", "array"}:
            raise scope.fault(one.token, f"“{one.token}”不是列表。", f"“{one.token}” is no list.")
        if one.kind == "array" and other.kind == "list":
            _require_texts(one, other, relation, scope)
    name = LISTS[relation]
    if not scope.on_postgis:
        return func.bioplan_compare_lists(literal(name), first.column, second.column, type_=Boolean())
    return _POSTGIS_LISTS[name](first.column, second.column)


def _require_texts(listed: Operand, owner: Operand, relation: str, scope: Scope) -> None:
    other = next((member for member in listed.value if not isinstance(member, str)), None)
    if other is None:
        return
    at = max(place_of(other), place_of(listed.token))
    written = str(other).lower() if isinstance(other, bool) else f"{other:.15g}"
    raise scope.fault(
        relation if at < 0 else Word("", at),
        f"“{owner.token}”的成员是文本，“{written}”不是；文本写作 '…'。",
        f"The members of “{owner.token}” are texts, and “{written}” is none; a text is '…'.",
    )


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
