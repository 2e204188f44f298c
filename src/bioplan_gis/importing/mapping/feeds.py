"""Which column of a file feeds what of a core layer, and what comes of a batch."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from bioplan_gis.importing.mapping.columns import Floats
from bioplan_gis.importing.mapping.quantities import Unit
from bioplan_gis.importing.rows import Note


@dataclass(frozen=True)
class Feed:
    """One column of the file that feeds the core layer.

    Attributes:
        column: its name in the file.
        field: what it means: a core column, ``id``, a range such as ``height``, or an indicator.
        unit: of numbers that have none themselves; None where nothing says.
        bound: ``min`` or ``max`` where such numbers are one end of a range.
        cut: whether its name was cut.
        as_ratio: whether numbers of a percentage are ratios (0.4 for 40 %); None until a batch has shown it.
    """

    column: str
    field: str
    unit: Unit | None
    bound: str | None
    cut: bool = False
    as_ratio: bool | None = None


@dataclass(frozen=True)
class Plan:
    """How the columns of a file become those of a core layer.

    Attributes:
        layer_id: the core layer.
        feeds: which column feeds what.
        indicators: columns that hold indicators of a 标准地 notice.
        left: columns that are left as they are.
        notes: the same in words, and on what names left open.
        districts: name of a district → adcode.
        types: type by core column.
        spares: further columns that mean what a feed means; they fill its empty cells.
    """

    layer_id: str
    feeds: tuple[Feed, ...]
    indicators: tuple[Feed, ...]
    left: tuple[str, ...]
    notes: tuple[Note, ...]
    districts: Mapping[str, str]
    types: Mapping[str, str]
    spares: tuple[Feed, ...] = ()

    @property
    def id_column(self) -> str | None:
        """The column that identifies features; None if there is none."""
        return next((feed.column for feed in self.feeds if feed.field == "id"), None)

    @property
    def listing_columns(self) -> tuple[str, ...]:
        """The columns that tell rows of one parcel apart in a table of indicators: by industry, by indicator."""
        if not self.indicators:
            return ()
        industries = [feed.column for feed in self.feeds if feed.field in ("industry", "industry_code")]
        return (*industries[:1], *(feed.column for feed in self.indicators if feed.field == "indicator_name"))


@dataclass(frozen=True)
class Conformed:
    """A batch in the core's terms.

    Attributes:
        plan: the plan, with what this batch has settled (ratio or percent, the unit of an area); for the next batch.
        columns: the core columns that the file feeds; lists and objects as JSON text.
        ids: of the features, as text; None where no column identifies them.
        notes: by core column, row number, value and reason of what could not be read and was left empty, or chosen.
        stated_area_m2: areas that the table states, NaN where none; None where no column does.
    """

    plan: Plan
    columns: pa.Table
    ids: pa.Array | None
    notes: Mapping[str, list[tuple[int, str, Note]]]
    stated_area_m2: Floats | None
