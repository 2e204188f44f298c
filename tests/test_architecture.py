"""The house rules that no linter knows: who may import whom, who owns which library, how big a thing may grow."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from statistics import median

import pytest

PACKAGE = Path(__file__).parents[1] / "src/bioplan_gis"

# Each module imports from its own line and from those below it; modules of one line never in a circle.
ORDER = (
    ("cli",),
    ("commands.geodata", "commands.service", "commands.sites", "commands.layers", "commands.exports"),
    ("commands.terminal", "commands.reports", "commands.wire"),
    ("app",),
    ("api.openapi", "api.openapi_paths", "api.operations"),
    ("api.features", "api.tiles", "api.schemas", "api.layouts", "api.sites", "api.maps", "api.health"),
    ("api.downloads", "api.jsonfg", "api.tile_styles"),
    ("api.tile_documents",),
    ("api.collections",),
    ("api.bounds", "api.heads"),
    ("api.documents", "api.questions", "api.transfers", "api.connections"),
    ("api.pages", "api.page_*", "api.openapi_*"),
    (
        "api.params",
        "api.parameters",
        "api.media",
        "api.memory",
        "api.compression",
        "api.assets",
        "api.routes",
        "api.spools",
    ),
    (
        "samples",
        "imports",
        "exports",
        "loading",
        "contents",
        "positions",
        "checking",
        "checking.*",
        "answers",
        "outputs",
        "selection",
        "judging",
        "grounds",
        "subjects",
        "maps",
        "atlas",
        "plans",
    ),
    ("storage.items", "storage.measures", "storage.frames", "storage.imports", "storage.extracts", "storage.tiles"),
    ("storage.overviews", "storage.filters", "storage.gdal_filters"),
    ("storage.questions", "storage.cells", "storage.kept"),
    ("storage.layers",),
    ("storage.*",),
    ("contents",),
    ("positions",),
    ("records",),
    ("catalogue", "siting.*", "importing.*", "exporting.*"),
    ("layouts",),
    ("landuse", "extents"),
    ("crs", "datums", "tiling", "settings", "errors"),
)
OWNERS = {
    "sqlalchemy": ("storage.*",),
    "geoalchemy2": ("storage.*",),
    "alembic": ("storage.*",),
    "sqlite3": ("storage.*",),
    "folium": ("maps",),
    "branca": ("maps",),
    "fastapi": ("app", "api.*"),
    "starlette": ("app", "api.*"),
    "uvicorn": ("cli", "commands.*"),
    "typer": ("cli", "commands.*"),
    "rich": ("cli", "commands.*"),
    "pyogrio": ("importing.*", "exporting.*"),
    "openpyxl": ("importing.*", "exporting.*"),
    "pyarrow": (
        "importing.*",
        "exporting.*",
        "storage.bulk",
        "storage.extracts",
        "storage.imports",
        "imports",
        "exports",
    ),
    "cql2": ("storage.filters",),
    "jinja2": ("api.pages",),
    "markupsafe": ("api.page_*",),
    "brotli": ("api.compression",),
    "anyio": ("app", "api.*"),
    "httptools": ("commands.wire",),
}
# The edge opens a transaction and hands it on: it may name these types, and write no SQL.
NAMED_BY_ANYONE = {"sqlalchemy": {"Connection", "Engine"}}
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 40
MOST_LINES_OF_A_USUAL_FUNCTION = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


TREES = {_module_name(path): ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
LENGTHS = {_module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
# An __init__.py that holds nothing but its docstring is no module of its own.
MODULES = [name for name, tree in TREES.items() if any(not isinstance(node, ast.Expr) for node in tree.body)]


def _imports(tree: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """Each module that is imported, with the names taken from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, set()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", {alias.name for alias in node.names}


def _own_imports(module: str) -> set[str]:
    """The modules of the package that ``module`` imports, without the package's name."""
    found = set()
    for imported, names in _imports(TREES[module]):
        if imported.split(".")[0] == PACKAGE.name:
            inner = imported.partition(".")[2]
            submodules = {f"{inner}.{name}".lstrip(".") for name in names} & TREES.keys()
            found |= submodules or {inner}
    return found - {""}


def _line(module: str) -> int:
    return next(number for number, names in enumerate(ORDER) if any(fnmatch(module, name) for name in names))


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_to_its_right(module: str):
    assert {name for name in _own_imports(module) if _line(name) < _line(module)} == set()


def test_every_module_has_its_place():
    places = [name for names in ORDER for name in names]
    assert [name for name in MODULES if not any(fnmatch(name, place) for place in places)] == []


def test_no_module_imports_itself_in_a_circle():
    graph = {module: _own_imports(module) for module in TREES}
    while leaves := {module for module, imported in graph.items() if not imported & graph.keys()}:
        graph = {module: imported for module, imported in graph.items() if module not in leaves}
    assert graph == {}


@pytest.mark.parametrize("library", OWNERS)
def test_library_has_one_owner(library: str):
    trespassers = {
        module
        for module, tree in TREES.items()
        for imported, names in _imports(tree)
        if imported.split(".")[0] == library
        and not any(fnmatch(module, owner) for owner in OWNERS[library])
        and not (names and names <= NAMED_BY_ANYONE.get(library, set()))
    }
    assert trespassers == set()


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def test_no_import_hides_in_a_function():
    hidden = [
        f"{module}:{node.lineno} {function.name}"
        for module, tree in TREES.items()
        for function in _functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def _length(function: Function) -> int:
    """Lines without the docstring."""
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    lines = function.end_lineno - function.lineno + 1
    return lines if docstring is None else lines - (docstring.end_lineno - docstring.lineno + 1)


def test_functions_are_small():
    lengths = {f"{m}:{f.lineno} {f.name}": _length(f) for m, tree in TREES.items() for f in _functions(tree)}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}
    assert median(lengths.values()) <= MOST_LINES_OF_A_USUAL_FUNCTION


def test_files_are_small():
    assert {module: lines for module, lines in LENGTHS.items() if lines > MOST_LINES_OF_A_FILE} == {}
