"""The pages of the API: any document that it answers with, as HTML for people.

A page is a function of the JSON document, the language and the address, so that it can say nothing else than the
JSON. Every value is escaped by the templates (``web/pages``), and no page carries a script or style of its own:
``POLICY`` lets in what this host serves and nothing more.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from jinja2.utils import missing

from bioplan_gis.api import page_views
from bioplan_gis.api.page_addresses import Addresses
from bioplan_gis.api.page_links import Standing
from bioplan_gis.api.page_tables import Document, titled
from bioplan_gis.api.page_values import half, shown
from bioplan_gis.maps import asset_address
from bioplan_gis.settings import bundled

# What a browser may load for a page: the header Content-Security-Policy that goes out with it.
POLICY = (
    "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

View = Callable[[Document, Standing], dict[str, Any]]
# What each page shows besides its document; a page that is not here shows any document as it is.
VIEWS: Mapping[str, View] = {
    "landing": page_views.landing,
    "conformance": page_views.conformance,
    "collections": page_views.collections,
    "collection": page_views.collection,
    "items": page_views.items,
    "item": page_views.item,
    "queryables": page_views.properties,
    "sortables": page_views.properties,
    "schema": page_views.properties,
    "functions": page_views.functions,
    "tilesets": page_views.tilesets,
    "tileset": page_views.tileset,
    "tileMatrixSets": page_views.tile_matrix_sets,
    "tileMatrixSet": page_views.tile_matrix_set,
    "api": page_views.definition,
    "layouts": page_views.layouts,
    "layout": page_views.layout,
    "sites": page_views.sites,
    "problem": page_views.problem,
}


class Absent(ChainableUndefined):
    """A member that a document lacks, which is shown as nothing; a name that nobody gave a template is an error."""

    def __str__(self) -> str:
        """Nothing, for a member."""
        if self._undefined_obj is missing:
            self._fail_with_undefined_error()
        return ""


def render(  # noqa: PLR0913
    page: str, document: Document, *, english: bool, url: str, base: str, collection: Document | None = None
) -> bytes:
    """A document as an HTML page, UTF-8; the same arguments give the same bytes.

    Args:
        page: which page; an unknown one shows the document's members one by one.
        document: what the JSON of the same resource holds.
        english: whether the page speaks English; Chinese otherwise.
        url: of the resource, absolute, as it was asked for, with its query.
        base: absolute address of the service, without a last slash.
        collection: the JSON document of the collection that the features belong to, which names their columns.

    Raises:
        SettingsError: the templates are missing from the installation.
    """
    here = Standing(Addresses(url, base.rstrip("/")), english, collection or {})
    view = VIEWS.get(page, page_views.anything)(document, here)
    name = page if page in VIEWS else "anything"
    template = _templates(bundled("web")).get_template(f"{name}.html")
    return template.render(
        page=name,
        doc=document,
        owner=here.owner,
        at=here.at,
        english=english,
        t=lambda zh, en: en if english else zh,
        half=partial(half, english=english),
        title_of=partial(titled, english=english),
        shown=partial(shown, english=english),
        **view,
    ).encode("utf-8", "replace")


@lru_cache(maxsize=4)
def _templates(folder: Path) -> Environment:
    """The templates of an installation."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=Absent,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = lru_cache(maxsize=64)(lambda name: asset_address(folder / name))
    return made
