"""A tiny plan drawn by hand: six square districts in a row, a lab in the first, and land 10, 20 and 30 km east of it.

Its phrase is 一心双核多元: 甲 is the core, 乙 and 丙 the hubs, 丁 and 戊 the many, 己 is not named. Each square is a
tenth of a degree wide. The land lies due east of the lab by exact geodesics, so that every distance is a whole number
of kilometres to within a centimetre.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bioplan_gis.catalogue import CATALOGUE_FILE, file_sha256
from bioplan_gis.crs import GEOD
from bioplan_gis.settings import bundled

WEST, SOUTH, SIDE = 120.0, 30.0, 0.1
DISTRICTS = {"330106": "甲区", "330114": "乙区", "330109": "丙区", "330110": "丁区", "330113": "戊区", "330105": "己区"}
LAB = (120.05, 30.05)

DOCUMENTS = """
[[record]]
id = "plan"
title_zh = "甲市规划"
title_en = "Plan of Jia"
issuer_zh = "甲市"
issuer_en = "City of Jia"
date = 2024-01-01
kind = "plan"
citations = [{ document = "plan", clause = "标题" }]

[[record]]
id = "article"
title_zh = "甲市报道"
title_en = "Article on Jia"
issuer_zh = "甲报"
issuer_en = "Jia Daily"
date = 2024-02-01
kind = "article"
citations = [{ document = "article", clause = "标题" }]
"""

OUTLINES = """
[[record]]
id = "plan"
clauses = ["标题", "导语", "二(二)", "三", "三(一)", "三(二)", "三(三)", "四(二)5", "结语"]

[[record]]
id = "article"
clauses = ["标题", "导语/¶1", "小标题/¶1", "小标题/¶2", "小标题/¶3"]
"""

LAYOUTS = """
[[record]]
id = "jia-2024"
name_zh = "甲市布局"
name_en = "Layout of Jia"
phrase = "一心双核多元"
phrase_en = "one core, two hubs, many zones"
period = "2024—2026"
area_zh = "甲市"
area_en = "Jia"
area_adcode = "3301"
fields = ["cells", "genes"]
roles = [
    { role = "心", role_zh = "中心", role_en_singular = "core", role_en_plural = "cores", tier = 1 },
    { role = "核", role_zh = "核心", role_en_singular = "hub", role_en_plural = "hubs", tier = 2 },
    { role = "元", role_zh = "区域", role_en_singular = "zone", role_en_plural = "zones", tier = 3 },
]
citations = [{ document = "plan", clause = "三" }]
"""

ZONE = """
[[record]]
id = "{id}"
layout = "jia-2024"
seat = {seat}
name_zh = "{name}"
name_en = "{id}"
role = "{role}"
role_en = "{role_en}"
tier = {tier}
named = true
function_zh = "功能"
function_en = "function"
tracks = {tracks}
platforms = {platforms}
members = ["{adcode}"]
citations = [{{ document = "plan", clause = "三(一)" }}]
"""

LABS = """
[[record]]
id = "lab"
name_zh = "甲实验室"
name_en = "Jia Laboratory"
aliases = ["甲所"]
kind = "laboratory"
kind_zh = "实验室"
level = "national"
status = "existing"
relied_on_by = ["zone-a"]
place = "甲实验室"
district = "330106"
citations = [{ document = "plan", clause = "四(二)5" }]

[[record]]
id = "planned-lab"
name_zh = "乙实验室"
name_en = "Yi Laboratory"
aliases = []
kind = "laboratory"
kind_zh = "实验室"
status = "planned"
relied_on_by = []
district = "330114"
citations = [{ document = "article", clause = "小标题/¶2" }]
"""

PARKS = """
[[record]]
id = "park"
name_zh = "甲园"
name_en = "Jia Park"
kind = "park"
kind_zh = "产业园区"
status = "existing"
aliases = []
concentrates_on = ["cells"]
place = "甲园"
source = "places"
"""

LAND = """
[[record]]
id = "land-{km}"
name_zh = "{km}公里用地"
name_en = "Land at {km} km"
land_class = "M3"
class_code = "100103"
class_zh = "三类工业用地"
status = "existing"
tracks = ["cells"]
synthetic = false
place = "{km}公里用地"
citations = [{{ document = "plan", clause = "三(三)" }}]
"""

ENTERPRISES = """
[[record]]
id = "firm"
name_zh = "甲企业"
name_en = "Jia Company"
aliases = []
tracks = ["genes"]
fact_zh = "重点企业"
fact_en = "key firm"
status = "existing"
district = "330106"
citations = [{ document = "article", clause = "导语/¶1" }]
"""

LINKS = """
[[record]]
id = "link"
layout = "jia-2024"
name_zh = "甲—乙"
name_en = "Jia–Yi"
from_zh = "甲"
from_en = "Jia"
to_zh = "乙"
to_en = "Yi"
kind = "enclave"
status = "proposed"
open_list = true
from_place = "甲实验室"
place = "10公里用地"
citations = [{ document = "article", clause = "小标题/¶3" }]
"""

TRACKS = """
[[record]]
id = "cells"
name_zh = "细胞治疗"
name_en = "cell therapy"
group = "新兴"
group_en = "emerging"
aliases = ["细胞疗法"]
broader = ["cells-and-genes"]
citations = [{ document = "plan", clause = "二(二)" }]

[[record]]
id = "genes"
name_zh = "基因治疗"
name_en = "gene therapy"
aliases = []
broader = ["cells-and-genes"]
citations = [{ document = "plan", clause = "二(二)" }]

[[record]]
id = "cells-and-genes"
name_zh = "细胞和基因治疗"
name_en = "cell and gene therapy"
aliases = []
broader = []
citations = [{ document = "plan", clause = "三(二)" }]
"""

POLICIES = """
[[record]]
id = "award"
name_zh = "奖励"
name_en = "Award"
kind = "award"
applies_to_zh = "企业"
applies_to_en = "firms"
rate_percent = 20
amount_yuan = 1_000_000
fields = ["cells"]
jurisdiction = "330106"
jurisdiction_zh = "甲区"
in_force = 2024-01-01
validity = "unconfirmed"
stacking_zh = "从高、从优、不重复"
stacking_en = "the highest applies; never added up"
requires_local_production = true
citations = [{ document = "plan", clause = "结语" }]
"""

TARGETS = """
[[record]]
id = "output"
name_zh = "总产值"
name_en = "Output value"
kind = "goal"
measure = "output_value"
measure_zh = "总产值"
measure_en = "output value"
value = 40_000_000_000
comparator = "="
unit = "yuan"
unit_zh = "元"
year = 2026
period_zh = "到2026年"
scope_zh = "甲市"
scope_en = "Jia"
scope_adcode = "330100"
citations = [{ document = "plan", clause = "导语" }]
"""

DIVISIONS = """adcode,name_zh,name_en
330100,杭州市,Hangzhou
330106,甲区,Jia District
330114,乙区,Yi District
330109,丙区,Bing District
330110,丁区,Ding District
330113,戊区,Wu District
330105,己区,Ji District
330500,湖州市,Huzhou
330502,邻区,Lin District
320500,苏州市,Suzhou
320581,友区,You District
"""

PLACES_HEADER = "name_zh,category,lon_wgs84,lat_wgs84,accuracy_m,position_basis,district_adcode,method,attribution"


def write_world(folder: Path) -> Path:
    """Write the tiny plan and its catalogue into an empty folder, and return the folder."""
    texts = {**_record_files(), "places.csv": _places(), "divisions.csv": DIVISIONS, **_spatial_files()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_catalogue(folder)
    return folder


def write_catalogue(folder: Path) -> None:
    """Catalogue the folder's files as they are, with the columns that the product's own catalogue declares."""
    entries = tomllib.loads((bundled("geodata") / CATALOGUE_FILE).read_text(encoding="utf-8"))["source"]
    present = [entry for entry in entries if (folder / entry["file"]).exists()]
    hashed = [{**entry, "sha256": file_sha256(folder / entry["file"])} for entry in present]
    (folder / CATALOGUE_FILE).write_text("\n".join(_toml(entry) for entry in hashed), encoding="utf-8")


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that stands in a file of the world, and catalogue the file as it is then."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    write_catalogue(folder)


def _toml(entry: Mapping[str, Any]) -> str:
    """A catalogue entry as TOML; its values are texts and lists of tables of texts."""
    lines = [f"{name} = {_toml_value(value)}" for name, value in entry.items()]
    return "\n".join(["[[source]]", *lines, ""])


def _toml_value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml_value(item)}" for name, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float | bool) else str(value)


def _record_files() -> dict[str, str]:
    parts = [("心", "core", 1), ("核", "hub", 2), ("核", "hub", 2), ("元", "zone", 3), ("元", "zone", 3)]
    zones = [
        ZONE.format(
            id=f"zone-{letter}",
            seat=seat,
            name=name,
            role=role,
            role_en=role_en,
            tier=tier,
            tracks='["cells", "genes"]' if seat == 1 else '["cells-and-genes"]',
            platforms='["lab"]' if seat == 1 else "[]",
            adcode=adcode,
        )
        for seat, (letter, (adcode, name), (role, role_en, tier)) in enumerate(
            zip("abcde", DISTRICTS.items(), parts, strict=False), start=1
        )
    ]
    return {
        "documents.toml": DOCUMENTS,
        "outlines.toml": OUTLINES,
        "layouts.toml": LAYOUTS,
        "zones.toml": "".join(zones),
        "labs.toml": LABS,
        "parks.toml": PARKS,
        "industrial_land.toml": "".join(LAND.format(km=km) for km in (10, 20, 30)),
        "enterprises.toml": ENTERPRISES,
        "links.toml": LINKS,
        "tracks.toml": TRACKS,
        "policies.toml": POLICIES,
        "targets.toml": TARGETS,
    }


def _places() -> str:
    rows: list[Sequence[object]] = [
        ["甲实验室", "实验室", *LAB, 500, "sourced", "330106", "hand", "hand"],
        ["甲园", "产业园区", "", "", "", "district", "330106", "hand", ""],
    ]
    for km, adcode in ((10, "330114"), (20, "330109"), (30, "330110")):
        longitude, latitude, _ = GEOD.fwd(*LAB, 90, km * 1000)
        rows.append(
            [f"{km}公里用地", "M3", round(longitude, 7), round(latitude, 7), 1000, "sourced", adcode, "hand", ""]
        )
    rows.append(["空地", "产业园区", "", "", "", "district", "330109", "hand", ""])
    return "\n".join([PLACES_HEADER, *(",".join(str(cell) for cell in row) for row in rows), ""])


def _spatial_files() -> dict[str, str]:
    squares = [
        _feature(
            {"adcode": adcode, "name": name, "area_km2_geodesic": 107, "label_lon": west + 0.05, "label_lat": 30.05},
            {"type": "MultiPolygon", "coordinates": [[_ring(west)]]},
        )
        for west, (adcode, name) in ((WEST + SIDE * seat, item) for seat, item in enumerate(DISTRICTS.items()))
    ]
    neighbour = _feature(
        {"adcode": "330502", "name": "邻区"}, {"type": "MultiPolygon", "coordinates": [[_ring(120.6)]]}
    )
    partner = _feature({"adcode": "320581", "name": "友区"}, {"type": "MultiPolygon", "coordinates": [[_ring(120.9)]]})
    park = _feature(
        {
            "name": "甲化工园",
            "area_ha": 100,
            "status": "hand",
            "source": "hand",
            "adcode": "330114",
            "accuracy_m": 1000,
        },
        {"type": "Point", "coordinates": [120.15, 30.05]},
    )
    town = _feature(
        {"geonameid": 1, "name": "Town", "names_zh": "甲镇", "adcode": "330106"},
        {"type": "Point", "coordinates": [120.01, 30.01]},
    )
    river = _feature(
        {"kind": "river", "level": 2, "poly": 1, "km2": -1.0},
        {"type": "LineString", "coordinates": [[120.0, 30.02], [120.6, 30.02]]},
    )
    return {
        "districts_hangzhou.geojson": _collection(squares),
        "districts_neighbours.geojson": _collection([neighbour]),
        "districts_suzhou_partners.geojson": _collection([partner]),
        "m3_parks_official.geojson": _collection([park]),
        "towns_geonames.geojson": _collection([town]),
        "water_gshhg.geojson": _collection([river]),
    }


def _ring(west: float) -> list[list[float]]:
    """A square's ring, counter-clockwise."""
    left, right, top = round(west, 7), round(west + SIDE, 7), round(SOUTH + SIDE, 7)
    return [[left, SOUTH], [right, SOUTH], [right, top], [left, top], [left, SOUTH]]


def _feature(properties: dict[str, Any], geometry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _collection(features: list[dict[str, Any]]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
