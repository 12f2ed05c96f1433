"""Files of prices beside polars alone, which parses the same bytes and looks at none of what they mean.

    PYTHONPATH=. python bench/bench_intake.py --megabytes 1000

MEANREV_BENCH_BYTES sets the size of the CSV file under pytest; 1_000_000_000 is what the budget of 1.3 times polars is
about. Run by itself, it reads CSV and Parquet files of that size each, by turns with polars, in processes of their own
for the peak of memory. Prints JSON, and ends with 1 where the budget is broken.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from meanrev.intake.files import read_file

N_BYTES = int(os.environ.get("MEANREV_BENCH_BYTES", "100_000_000"))
N_COLUMNS = 20
BYTES_PER_ROW = {"csv": 191, "parquet": 57}
"""Of the files as they are written; Parquet is compressed."""

ROUNDS = 3
MOST = 1.3
READERS: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "csv": (read_file, pl.read_csv),
    "parquet": (read_file, pl.read_parquet),
}


def written(path: Path, n_rows: int) -> Path:
    """Write minutes of prices in the format that the path's suffix names."""
    steps = np.random.default_rng(1).normal(scale=0.01, size=(N_COLUMNS, n_rows)).cumsum(axis=1)
    start = np.datetime64("2000-01-01T00:00:00", "s")
    times = pl.Series((start + 60 * np.arange(n_rows)).astype("datetime64[ms]"))
    frame = pl.DataFrame({"date": times, **{f"S{i}": row for i, row in enumerate(np.round(100 + steps, 4))}})
    if path.suffix == ".csv":
        frame.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
    else:
        frame.write_parquet(path)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write the same prices as CSV and as Parquet, and delete both at the end."""
    folder = tmp_path_factory.mktemp("intake")
    n_rows = N_BYTES // BYTES_PER_ROW["csv"]
    paths = {name: written(folder / f"prices.{name}", n_rows) for name in READERS}
    yield paths
    for path in paths.values():
        path.unlink()


def test_both_read_the_same(files):
    table = read_file(files["csv"])
    np.testing.assert_array_equal(table.values, pl.read_parquet(files["parquet"]).drop("date").to_numpy())
    assert table.timestamps_ms[1] - table.timestamps_ms[0] == 60_000


@pytest.mark.benchmark(group="reading CSV")
@pytest.mark.parametrize("read", [read_file, pl.read_csv], ids=["meanrev", "peer: polars"])
def test_csv(benchmark, files, read):
    benchmark.pedantic(read, args=(files["csv"],), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.benchmark(group="reading Parquet")
@pytest.mark.parametrize("read", [read_file, pl.read_parquet], ids=["meanrev", "peer: polars"])
def test_parquet(benchmark, files, read):
    benchmark.pedantic(read, args=(files["parquet"],), rounds=ROUNDS, warmup_rounds=1)


def seconds(read: Callable[[Path], Any], path: Path) -> tuple[float, float]:
    """Return how long reading takes, and for how long it has processors; giving memory back is no part of it."""
    began = time.perf_counter(), time.process_time()
    held = read(path)
    took = time.perf_counter() - began[0], time.process_time() - began[1]
    del held
    gc.collect()
    return took


def peak_mib(name: str, who: int, path: Path) -> float:
    """Return by how much a process of its own grows while it reads."""
    told = subprocess.run(
        [sys.executable, __file__, "--peak", name, str(who), str(path)], check=True, capture_output=True, text=True
    )
    return float(told.stdout)


def grown(name: str, who: int, path: Path) -> float:
    """Read once, and return by how much memory grew at its peak, in MiB: VmHWM of Linux, reset in between."""

    def kib(figure: str) -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{figure}:")))

    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = kib("VmRSS")
    held = READERS[name][who](path)
    after = kib("VmHWM")
    del held
    return (after - before) / 1024


def measured(name: str, megabytes: float, folder: Path, rounds: int) -> dict[str, float]:
    """Read a file by turns with polars, and say what both took."""
    path = written(folder / f"prices.{name}", int(megabytes * 1e6) // BYTES_PER_ROW[name])
    ours, peers = READERS[name]
    seconds(ours, path)
    turns = np.array([(seconds(ours, path), seconds(peers, path)) for _ in range(rounds)])
    best, mean = turns.min(axis=0), turns.mean(axis=0)
    found = {
        f"{name}_mb": path.stat().st_size / 1e6,
        f"{name}_best_s": best[0, 0],
        f"{name}_polars_best_s": best[1, 0],
        f"{name}_best_ratio": best[0, 0] / best[1, 0],
        f"{name}_mean_ratio": mean[0, 0] / mean[1, 0],
        f"{name}_median_ratio": float(np.median(turns[:, 0, 0] / turns[:, 1, 0])),
        f"{name}_cpu_ratio": best[0, 1] / best[1, 1],
        f"{name}_peak_mib": peak_mib(name, 0, path),
        f"{name}_polars_peak_mib": peak_mib(name, 1, path),
    }
    path.unlink()
    return found


def main() -> int:
    """Measure, print JSON, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1_000.0, help="of each file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files are written for a while")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    parser.add_argument("--peak", nargs=3, metavar=("FORMAT", "READER", "FILE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.peak:
        name, who, path = chosen.peak
        print(grown(name, int(who), Path(path)))
        return 0
    found: dict[str, float] = {"cpus": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        for name in READERS:
            found |= measured(name, chosen.megabytes, Path(folder), chosen.rounds)
    text = json.dumps({name: round(value, 3) for name, value in found.items()}, indent=1)
    print(text)
    if chosen.out is not None:
        (chosen.out / f"intake-{datetime.now(UTC):%Y-%m-%d}.json").write_text(f"{text}\n", encoding="utf-8")
    return 0 if all(found[f"{name}_best_ratio"] <= MOST for name in READERS) else 1


if __name__ == "__main__":
    sys.exit(main())
