"""An answer whose land is written by the database says the same as one that is made of values, on both engines."""

import json

import pytest
from starlette.testclient import TestClient

from bioplan_gis.answers import answer_document
from bioplan_gis.api.documents import encode
from bioplan_gis.landuse import CLASSES
from bioplan_gis.selection import select_sites
from bioplan_gis.siting.conditions import Clearance
from bioplan_gis.storage.database import reading
from bioplan_gis.subjects import Question
from imported import PARCELS, PLOTS, RED_LINE, SPOTS, STATIONS

NEAR = "120.018,30.30"


@pytest.mark.parametrize(
    "question",
    [
        Question("liangzhu-laboratory"),
        Question("liangzhu-laboratory", land_class=CLASSES[2], max_distance_m=100_000, min_area_ha=2),
        Question("tsinghua-university", land_class=CLASSES[2]),
        Question(NEAR, subject=PARCELS, max_distance_m=5000, min_area_ha=4, outside=(Clearance(RED_LINE),)),
        Question(NEAR, synthetic=True, max_distance_m=20_000),
        Question(NEAR, subject=PLOTS, min_area_ha=1),
        Question(NEAR, subject=STATIONS),
        Question(NEAR, subject=SPOTS, max_distance_m=1000),
    ],
    ids=lambda question: f"{question.near} {question.subject}",
)
def test_what_is_written_says_what_its_values_do(bureau: TestClient, question: Question):
    with reading(bureau.app.state.engine) as connection:
        found = select_sites(connection, question)
    assert found.accepted or found.rejected
    plain = json.loads(encode(answer_document(found)))
    written = json.loads(encode(answer_document(found, written=True)), object_pairs_hook=_without_doubles)
    assert written == plain


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """JSON lets a key come twice, and every reader takes another one."""
    assert len({name for name, _ in pairs}) == len(pairs), pairs
    return dict(pairs)
