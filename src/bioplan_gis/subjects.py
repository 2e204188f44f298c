"""What a question names: the layers that are searched, the place that land should be near, the layers around it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shapely import Point
from sqlalchemy import Connection

from bioplan_gis.errors import ParameterError
from bioplan_gis.extents import Extent
from bioplan_gis.landuse import LandClass
from bioplan_gis.siting.conditions import Clearance
from bioplan_gis.siting.surroundings import Side, Surrounding
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.measures import Place, read_place, read_shapes

LAND, LABS = "industrial_land", "labs"
POINT = re.compile(r"\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*[,，]\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*")
LINES = {"LINESTRING", "MULTILINESTRING"}


@dataclass(frozen=True)
class Question:
    """Which land to look for.

    Attributes:
        near: id of a laboratory or platform, ``LAYER/ID``, or a point ``lon,lat``.
        land_class: class that the land must have; None for any class of industry.
        max_distance_m: greatest distance in metres on the ellipsoid; None for any.
        min_area_ha: least area of land of the class, in hectares; None for any.
        limit: most answers to give.
        synthetic: whether made-up land may answer as well.
        subject: the layer to search; None for all industrial land, built in and imported.
        inside: layers that the land must lie wholly within.
        outside: layers that it must keep clear of, each by some metres.
    """

    near: str
    land_class: LandClass | None = None
    max_distance_m: float | None = None
    min_area_ha: float | None = None
    limit: int = 100
    synthetic: bool = False
    subject: str | None = None
    inside: tuple[str, ...] = ()
    outside: tuple[Clearance, ...] = ()


@dataclass(frozen=True)
class Near:
    """The place that land should be near.

    Attributes:
        place: a laboratory, another feature, or a point that was given.
        layer: the layer that it comes from; None for a point.
    """

    place: Place
    layer: Layer | None


def conforms(layer: Layer, core: str) -> bool:
    """Whether a layer is a core layer or was imported as one."""
    return core in {layer.id, layer.conforms_to}


def subject_layers(layers: Sequence[Layer], subject: str | None, *, synthetic: bool) -> tuple[Layer, ...]:
    """The layers that are searched: the one that was named, or all industrial land.

    Args:
        layers: all that there are, as for all that follows.
        subject: the id of the one to search.
        synthetic: whether made-up layers may be among them.

    Raises:
        ParameterError: the named layer is none, or has neither areas nor points.
    """
    if subject is None:
        return tuple(layer for layer in layers if conforms(layer, LAND) and (synthetic or not layer.synthetic))
    return (_spatial(layers, "subject", subject),)


def read_near(connection: Connection, layers: Sequence[Layer], near: str, *, synthetic: bool) -> Near:
    """A laboratory by its id, a feature of any layer (``LAYER/ID``), or a point (``lon,lat``).

    A laboratory that a user imported goes before a built-in one of the same id.

    Raises:
        ParameterError: there is no such place.
    """
    point = POINT.fullmatch(near)
    if point is not None:
        return Near(_point(near, float(point[1]), float(point[2])), None)
    labs = [layer for layer in layers if conforms(layer, LABS) and (synthetic or not layer.synthetic)]
    for layer in sorted(labs, key=lambda one: one.imported, reverse=True):
        place = read_place(connection, layer, near)
        if place is not None:
            return _near(place, layer)
    layer_id, _, feature_id = near.partition("/")
    named = next((layer for layer in layers if layer.id == layer_id and layer.geometry_type), None)
    place = read_place(connection, named, feature_id) if named and feature_id else None
    if named is None or place is None:
        raise _no_such_place(near)
    return _near(place, named)


def read_surrounding(
    connection: Connection, layers: Sequence[Layer], side: Side, clearance: Clearance
) -> tuple[Layer, Surrounding]:
    """A layer that land must lie within or keep clear of.

    Raises:
        ParameterError: there is no such layer, or it has no geometry or, for ``inside``, only lines.
    """
    layer = _spatial(layers, side, clearance.layer_id, lines=side == "outside")
    title_zh, title_en = _marked(layer.title_zh, layer.title_en, made_up=layer.synthetic)
    return layer, Surrounding(side, layer.id, title_zh, title_en, clearance.metres, read_shapes(connection, layer))


def require_classes(layers: tuple[Layer, ...]) -> None:
    """See that land can be told by its class.

    Raises:
        ParameterError: a layer knows no classes.
    """
    for layer in layers:
        if not conforms(layer, LAND):
            raise ParameterError(
                "land_class",
                layer.id,
                f"图层“{layer.id}”没有用地类别（不符合 industrial_land 的表结构，没有 land_class 列），不能按类别筛选。"
                "请去掉 land_class，或用 bioplan import FILE --as industrial_land 重新导入。",
                f"The layer “{layer.id}” has no land classes (it does not conform to industrial_land and has no column "
                "land_class that could be used), so it cannot be searched by class. Leave land_class out, or import it "
                "again with bioplan import FILE --as industrial_land.",
            )


def _near(place: Place, layer: Layer) -> Near:
    """A place whose name says so where it is made up, since every sentence names it."""
    name_zh, name_en = _marked(place.name_zh, place.name_en, made_up=place.synthetic)
    return Near(replace(place, name_zh=name_zh, name_en=name_en), layer)


def _marked(zh: str, en: str, *, made_up: bool) -> tuple[str, str]:
    return (f"{zh}（合成数据）", f"{en} (synthetic)") if made_up else (zh, en)


def _spatial(layers: Sequence[Layer], parameter: str, layer_id: str, *, lines: bool = False) -> Layer:
    """The layer of that id, if it can be what the parameter asks."""
    wanted = [layer for layer in layers if layer.geometry_type and (lines or layer.geometry_type not in LINES)]
    found = next((layer for layer in wanted if layer.id == layer_id), None)
    if found is not None:
        return found
    known = [layer.id for layer in wanted]
    is_layer = any(layer.id == layer_id for layer in layers)
    what_zh = "没有面或点，不能用在这里" if is_layer else "不存在"
    what_en = "has neither areas nor points, so it cannot be used here" if is_layer else "does not exist"
    raise ParameterError(
        parameter,
        layer_id,
        f"图层“{layer_id}”{what_zh}；可用的图层：{'、'.join(known)}。",
        f"The layer “{layer_id}” {what_en}; these can be used: {', '.join(known)}.",
    )


def _point(text: str, longitude: float, latitude: float) -> Place:
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):  # noqa: PLR2004
        raise ParameterError(
            "near",
            text,
            "near 的点应为“经度,纬度”（度），经度在 ±180、纬度在 ±90 之内，如 120.02,30.28。",
            "A point for near is lon,lat in degrees, with the longitude in ±180 and the latitude in ±90: 120.02,30.28.",
        )
    where = (
        f"{longitude:g}, {latitude:g}" if text.count(".") == 0 else ", ".join(re.split(r"\s*[,，]\s*", text.strip()))
    )
    extent = Extent(Point(longitude, latitude), 0.0, positioned=True)
    return Place(where, "", f"所给的点（{where}）", f"the point given ({where})", extent)


def _no_such_place(near: str) -> ParameterError:
    return ParameterError(
        "near",
        near,
        f"没有编号为“{near}”的实验室或平台。near 可以是平台编号（见 /api/collections/labs/items，如 "
        "liangzhu-laboratory）、“图层/编号”（如 parks/tianmu-medicine-port），或“经度,纬度”（如 120.02,30.28）。",
        f"There is no laboratory or platform “{near}”. near takes an id of one (/api/collections/labs/items has them, "
        "such as liangzhu-laboratory), LAYER/ID (parks/tianmu-medicine-port), or lon,lat (120.02,30.28).",
    )
