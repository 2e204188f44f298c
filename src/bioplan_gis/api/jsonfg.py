"""Features as JSON-FG (OGC 21-045r1): a page of them with its links and counts, or a single one."""

from contextlib import closing

from fastapi import Request
from sqlalchemy import Connection

from bioplan_gis.api.collections import item_medias, path_of, to_collection
from bioplan_gis.api.documents import Document, Link, base_url, encode, own_links, own_url
from bioplan_gis.api.media import JSONFG
from bioplan_gis.exporting.jsonfg import PROFILE, Sheet, jsonfg_features, root_members
from bioplan_gis.storage.extracts import Excerpt, end_of, excerpt_of, extract_of, read_batches
from bioplan_gis.storage.filters import primary_moment
from bioplan_gis.storage.items import count_matched
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.questions import Question, place_text


def jsonfg_page(request: Request, connection: Connection, layer: Layer, question: Question) -> bytes:
    """A page of features, with a link to the next one.

    Args:
        request: of the page.
        connection: of a reading transaction.
        layer: as the registry describes it in that transaction.
        question: what is asked of it, with a limit.

    Raises:
        ParameterError: a place lies where the CRS is not defined.
    """
    features, returned = _features(connection, layer, question)
    end = end_of(connection, layer, question)
    matched = count_matched(connection, layer, question, returned, more=end is not None)
    links = _links(request, layer)
    if end is not None:
        href = own_url(request, offset=None, after=place_text(question.sort, end))
        links.append({"href": href, "rel": "next", "type": JSONFG.type, "title": "下一页 Next page"})
    members = {
        **_root(request, layer, question),
        **({"synthetic": True} if layer.synthetic else {}),
        **({} if matched is None else {"numberMatched": matched}),
        "numberReturned": returned,
        "attribution": layer.attribution,
        "licence": layer.licence,
        "links": links,
    }
    return b'{"type":"FeatureCollection",' + encode(members)[1:-1] + b',"features":[' + features + b"]}"


def jsonfg_feature(request: Request, connection: Connection, layer: Layer, question: Question) -> bytes:
    """The only feature that a question asks for, which there is; the rest as for a page."""
    feature, _ = _features(connection, layer, question)
    members = _root(request, layer, question) | {"attribution": layer.attribution, "links": _links(request, layer)}
    members.pop("geometryDimension", None)
    return feature[:-1] + b"," + encode(members)[1:]


def _features(connection: Connection, layer: Layer, question: Question) -> tuple[bytes, int]:
    """Features with commas between, and how many; all of a page are in memory at once."""
    moment = primary_moment(layer)
    excerpt = excerpt_of(layer, question, connection.dialect.name)
    names = [column.name for column in layer.columns if excerpt.columns is None or column.name in excerpt.columns]
    if moment is not None and excerpt.columns is not None:
        excerpt = Excerpt(excerpt.where, excerpt.order_by, excerpt.limit, {*excerpt.columns, moment.name})
    kinds = {"id": "text"} | {column.name: column.type for column in layer.columns}
    sheet = Sheet(kinds, names, extract_of(layer).geometry, question.crs, None if moment is None else moment.name)
    with closing(read_batches(connection, layer, excerpt)) as batches:
        found = [(jsonfg_features(batch, sheet), batch.num_rows) for batch in batches]
    return b",".join(text for text, _ in found), sum(count for _, count in found)


def _root(request: Request, layer: Layer, question: Question) -> Document:
    schema = f"{base_url(request)}{path_of(layer)}/schema"
    return root_members(layer.id, schema, layer.geometry_type, question.crs)


def _links(request: Request, layer: Layer) -> list[Link]:
    profile = {"href": PROFILE, "rel": "profile", "type": "text/html", "title": "JSON-FG"}
    return [*own_links(request, JSONFG, item_medias(layer)), to_collection(request, layer), profile]
