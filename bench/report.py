"""The measurements as a table on the screen and in ``var/bench.md``, and as they are in ``var/bench.json``."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from load import Measured

FOLDER = Path(__file__).parents[1] / "var"
HEAD = (
    "| data | question | connections | ours /s | bare /s | ratio | bar | ours p50, p95 ms | bare p50, p95 ms | note |"
)


@dataclass(frozen=True)
class Line:
    """One question with so many connections.

    Attributes:
        data: engine and size.
        question: its name.
        connections: how many asked at once.
        ours_rate: our answers a second.
        bare_rate: of the best bare equivalent, or of what else it is compared with; None where nothing is.
        bar: the ratio that is asked for; None where none is.
        ours_ms: half, and 95 %, of our answers came within this.
        bare_ms: the same of the other.
        note: what differs in the answers, or why there is none.
    """

    data: str
    question: str
    connections: int
    ours_rate: float | None = None
    bare_rate: float | None = None
    bar: float | None = None
    ours_ms: tuple[float, float] | None = None
    bare_ms: tuple[float, float] | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Our rate over the other."""
        return self.ours_rate / self.bare_rate if self.ours_rate and self.bare_rate else None


def line(data: str, question: str, connections: int, both: Sequence[Measured | None], **more: object) -> Line:
    """A line of two measurements, ours first."""
    (ours, ours_ms), (bare, bare_ms) = (
        (None, None) if one is None else (one.rate, (one.percentile_ms(50), one.percentile_ms(95))) for one in both
    )
    return Line(data, question, connections, ours, bare, ours_ms=ours_ms, bare_ms=bare_ms, **more)  # type: ignore[arg-type]


def text(one: Line) -> str:
    """A line of the table."""
    rates = (f"{rate:,.1f}" if rate else "" for rate in (one.ours_rate, one.bare_rate))
    ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
    missed = "" if one.ratio is None or one.bar is None or one.ratio >= one.bar else " ✗"
    times = (f"{pair[0]:.1f}, {pair[1]:.1f}" if pair else "" for pair in (one.ours_ms, one.bare_ms))
    cells = [one.data, one.question, str(one.connections), *rates, ratio + missed, f"{one.bar or ''}", *times, one.note]
    return f"| {' | '.join(cells)} |"


def write(lines: Sequence[Line], about: str) -> None:
    """Both files."""
    FOLDER.mkdir(exist_ok=True)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    written = [asdict(one) | {"ratio": one.ratio} for one in lines]
    facts = {"at": moment, "machine": machine, "about": about, "lines": written}
    (FOLDER / "bench.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    parts = [f"# Speed of the feeds, {moment}", "", f"{about} {machine}.", "", HEAD, "| --- " * 10 + "|"]
    (FOLDER / "bench.md").write_text("\n".join([*parts, *map(text, lines), ""]), encoding="utf-8")
