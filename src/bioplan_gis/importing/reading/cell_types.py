"""What a column of text holds: integers, decimals, dates, times, booleans, or text; decided over all of its cells.

A column is of a type only if every cell of it is, so that turning it back into text loses nothing that counts: parcel
codes with leading zeros or more than 15 digits, thousands separators and percent signs leave a column text.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

DATE = r"([0-9]{4})[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})日?"
CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?"
ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
INTEGER = r"-?[1-9][0-9]{0,14}|0"
DECIMAL = r"-?(?:(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?|\.[0-9]+)|-?[0-9](?:\.[0-9]+)?[eE][+-][0-9]{1,3}"
# Columns whose digits are no quantity.
CODE_NAME = re.compile(r"电话|手机|传真|邮编|身份证|信用代码|phone|mobile|^tel$|fax|postcode|zip", re.IGNORECASE)
DATE_NAME = re.compile(r"日期|date", re.IGNORECASE)


@dataclass(frozen=True)
class CellType:
    """A type that a column of text may be of.

    Attributes:
        arrow: the type as Arrow has it.
        pattern: what each cell looks like.
        parse: cells that look like it → values; raises ``pa.ArrowInvalid`` where a cell is none all the same.
    """

    arrow: pa.DataType
    pattern: str
    parse: Callable[[pa.Array], pa.Array]


def _cast(arrow: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    return lambda cells: cells.cast(arrow)


def _replaced(cells: pa.Array, *steps: tuple[str, str]) -> pa.Array:
    for pattern, replacement in steps:
        cells = pc.replace_substring_regex(cells, pattern, replacement)
    return cells


def _iso_dates(cells: pa.Array) -> pa.Array:
    return _replaced(cells, (f"^{DATE}", r"\1-0\2-0\3"), (r"-0([0-9]{2})", r"-\1"))


def _iso_times(cells: pa.Array) -> pa.Array:
    return _replaced(cells, (r"^([0-9]):", r"0\1:"), (r"^([0-9]{2}:[0-9]{2})$", r"\1:00"))


def _on_a_day(cells: pa.Array) -> pa.Array:
    """Times as moments of the first day, since Arrow reads moments from text and no times."""
    return _replaced(cells, ("^", "1970-01-01T")).cast(pa.timestamp("us"))


def _iso_datetimes(cells: pa.Array) -> pa.Array:
    steps = ((r"[ T]+", "T"), (r"T([0-9]):", r"T0\1:"), (r"(T[0-9]{2}:[0-9]{2})($|Z|[+-])", r"\1:00\2"))
    return _replaced(_iso_dates(cells), *steps)


def _compact_dates(cells: pa.Array) -> pa.Array:
    return _replaced(cells, (r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3")).cast(pa.date32())


TEXT = CellType(pa.string(), ".*", lambda cells: cells)
BOOLEAN = CellType(pa.bool_(), "(?i:true|false)", lambda cells: pc.utf8_lower(cells).cast(pa.bool_()))
WHOLE = CellType(pa.int64(), INTEGER, _cast(pa.int64()))
NUMBER = CellType(pa.float64(), DECIMAL, _cast(pa.float64()))
DAY = CellType(pa.date32(), DATE, lambda cells: _iso_dates(cells).cast(pa.date32()))
COMPACT_DAY = CellType(pa.date32(), "[12][0-9]{3}[01][0-9][0-3][0-9]", _compact_dates)
CLOCK_TIME = CellType(pa.time64("us"), CLOCK, lambda cells: _on_a_day(_iso_times(cells)).cast(pa.time64("us")))
MOMENT = CellType(
    pa.timestamp("us"), f"{DATE}[ T]+{CLOCK}", lambda cells: _iso_datetimes(cells).cast(pa.timestamp("us"))
)
INSTANT = CellType(
    pa.timestamp("us", "UTC"),
    f"{DATE}[ T]+{CLOCK}{ZONE}",
    lambda cells: _iso_datetimes(cells).cast(pa.timestamp("us", "UTC")),
)


def possible_types(name: str) -> list[CellType]:
    """The types that a column of that name may be of, the narrowest first."""
    if CODE_NAME.search(name):
        return []
    compact = [COMPACT_DAY] if DATE_NAME.search(name) else []
    return [*compact, BOOLEAN, WHOLE, NUMBER, DAY, CLOCK_TIME, MOMENT, INSTANT]


@dataclass
class ColumnGuess:
    """What a column may still be, after the cells seen so far."""

    name: str
    left: list[CellType] = field(init=False)
    filled: int = 0

    def __post_init__(self) -> None:
        """Begin with all types that the name allows."""
        self.left = possible_types(self.name)

    def see(self, cells: pa.Array) -> None:
        """Strike the types that some of these cells are not of."""
        if self.left:
            cells = trimmed(cells).drop_null()
            self.filled += len(cells)
            self.left = [kind for kind in self.left if _fits(cells, kind)]

    @property
    def kind(self) -> CellType:
        """The narrowest type that is left; text where the column is empty."""
        return self.left[0] if self.left and self.filled else TEXT


def guessed(names: Iterable[str]) -> list[ColumnGuess]:
    """A guess for each column, before any cell is seen."""
    return [ColumnGuess(name) for name in names]


def typed(cells: pa.Array, kind: CellType) -> pa.Array:
    """The cells as values of their column's type, nulls kept."""
    return cells if kind is TEXT else kind.parse(trimmed(cells))


def trimmed(cells: pa.Array) -> pa.Array:
    """The cells without space around them; null where nothing is left."""
    return emptied(pc.utf8_trim_whitespace(cells))


def emptied(cells: pa.Array) -> pa.Array:
    """The cells, null where they are empty."""
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)


def _fits(cells: pa.Array, kind: CellType) -> bool:
    if not pc.all(pc.match_substring_regex(cells, f"^(?:{kind.pattern})$"), min_count=0).as_py():
        return False
    try:
        kind.parse(cells)
    except pa.ArrowInvalid:
        return False
    return True
