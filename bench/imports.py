"""A million parcels into PostGIS, as a ratio: the time of ``bioplan import`` over that of ``ogr2ogr``, for one file.

``make bench`` runs it with the rest; the peak memory of the import (both of its processes together) is printed as well.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import geopandas
import numpy as np
import shapely
from sqlalchemy import make_url

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cluster import postgis_server

COUNT = 1_000_000
AT_ONCE = 100_000
SEED = 11
SPELLINGS = ("三类工业用地", "M2", "100101", "二类工业用地(M2)")


def write_parcels(file: Path, count: int) -> None:
    """Made-up parcels around Hangzhou, as a bureau would name their columns, in EPSG:4549."""
    random = np.random.default_rng(SEED)
    for first in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - first)
        x, y = random.uniform(500_000, 560_000, size), random.uniform(3_330_000, 3_370_000, size)
        wide, deep = random.uniform(50, 300, (2, size))
        frame = geopandas.GeoDataFrame(
            {
                "地块编号": [f"合成-{number}" for number in range(first, first + size)],
                "用地性质": random.choice(SPELLINGS, size),
                "面积(亩)": (wide * deep * 3 / 2000).round(2),
                "容积率": random.choice(("1.5–2.5", "≥1.2", "1.0-2.0"), size),
                "起始价(万元)": random.integers(500, 9000, size),
                "状态": random.choice(("待出让", "已出让"), size),
            },
            geometry=shapely.box(x, y, x + wide, y + deep),
            crs=4549,
        )
        frame.to_file(file, layer="parcels", mode="a" if first else "w")


def timed(command: Sequence[str], **environment: str) -> tuple[float, float]:
    """Seconds that a command takes, and the greatest memory of it and its children together, in MB."""
    started = time.perf_counter()
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        memory = [0.0]
        watcher = threading.Thread(target=_watch, args=(process, memory))
        watcher.start()
        status = process.wait()
        watcher.join()
    assert status == 0, command
    return time.perf_counter() - started, memory[0]


def _watch(process: "subprocess.Popen[bytes]", memory: list[float]) -> None:
    while process.poll() is None:
        memory[0] = max(memory[0], sum(map(_resident_mb, _family(process.pid))))
        time.sleep(0.05)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(count: int) -> None:
    """Print both times, their ratio, and the memory."""
    bioplan = [sys.executable, "-m", "bioplan_gis.cli"]
    with tempfile.TemporaryDirectory() as folder, postgis_server() as cluster:
        file = Path(folder) / "parcels.gpkg"
        write_parcels(file, count)
        url = cluster.create("bench")
        timed([*bioplan, "load"], BIOPLAN_DATABASE_URL=url)
        address = make_url(url)
        target = f"PG:host={address.host} port={address.port} dbname={address.database} user={address.username}"
        target += f" password={address.password}" if address.password else ""
        bare_s, _ = timed(
            [
                "ogr2ogr",
                "-f",
                "PostgreSQL",
                target,
                str(file),
                "-nln",
                "bare",
                "-t_srs",
                "EPSG:4490",
                "-nlt",
                "PROMOTE_TO_MULTI",
            ],
            PG_USE_COPY="YES",
        )
        print(f"{count:,} parcels, ogr2ogr: {bare_s:.1f} s")
        for layer, *options in (("plain",), ("conforming", "--as", "industrial_land")):
            ours_s, memory_mb = timed(
                [*bioplan, "import", str(file), "--layer", layer, "--synthetic", *options], BIOPLAN_DATABASE_URL=url
            )
            print(f"{layer}: {ours_s:.1f} s, {ours_s / bare_s:.2f} times ogr2ogr, {memory_mb:.0f} MB at most")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
