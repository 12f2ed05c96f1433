"""Files of prices beside polars alone, which parses the same bytes and looks at none of what they mean.

    PYTHONPATH=. python bench/bench_intake.py --megabytes 1000

MEANREV_BENCH_BYTES sets the size of the CSV file under pytest; 1_000_000_000 is what the budget of 1.3 times polars is
about. Run by itself, it reads CSV and Parquet files of that size each, by turns with polars, every time in a process of
its own, as a user's first read is. It also measures what a user of polars alone does for a matrix, which is what we
return. Prints JSON, and ends with 1 where the budget is broken.

A process takes as much memory as the read will need, and gives it back, before it reads. A virtual machine that returns
free memory to its host gets it back at about a second for each gigabyte, four times the cost of memory that it holds,
and whoever reads first after a pause would pay that.

Where a machine is quiet for two minutes only, --folder prices --write writes the files first, --measure time reads what
is there, and --measure memory can wait. Figures that were kept on the same day stay in the JSON beside new ones.
"""

import argparse
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

_TIMES_THE_TABLE = 3
"""Memory that a process takes before it reads, in times that of the table: a frame, a matrix, and what lies between."""


def csv_matrix(path: Path) -> Any:
    """Read a CSV file into a matrix with polars alone."""
    return pl.read_csv(path).drop("date").to_numpy(order="fortran")


def parquet_matrix(path: Path) -> Any:
    """Read a Parquet file into a matrix with polars alone."""
    return pl.read_parquet(path).drop("date").to_numpy(order="fortran")


READERS: dict[str, dict[str, Callable[[Path], Any]]] = {
    "csv": {"": read_file, "polars_": pl.read_csv, "polars_matrix_": csv_matrix},
    "parquet": {"": read_file, "polars_": pl.read_parquet, "polars_matrix_": parquet_matrix},
}
"""By format, and by the prefix of a reader's figures."""


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


def alone(question: str, name: str, who: str, path: Path) -> list[float]:
    """Return what a process of its own finds when it reads: "took", or "peak"."""
    told = subprocess.run(
        [sys.executable, __file__, "--alone", question, name, who, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(figure) for figure in told.stdout.split()]


def took(name: str, who: str, path: Path) -> tuple[float, float]:
    """Return how long reading takes, and for how long it has processors; giving memory back is no part of it."""
    read = READERS[name][who]
    with tempfile.TemporaryDirectory() as scratch:
        read(written(Path(scratch) / f"few.{name}", 1_000))  # imports, and threads of polars
    held = np.ones(_TIMES_THE_TABLE * (N_COLUMNS + 1) * (path.stat().st_size // BYTES_PER_ROW[name]))
    del held
    began = time.perf_counter(), time.process_time()
    held = read(path)
    found = time.perf_counter() - began[0], time.process_time() - began[1]
    del held
    return found


def peak(name: str, who: str, path: Path) -> tuple[float]:
    """Read once, and return by how much memory grew at its peak, in MiB: VmHWM of Linux, reset in between."""

    def kib(figure: str) -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"{figure}:")))

    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = kib("VmRSS")
    held = READERS[name][who](path)
    after = kib("VmHWM")
    del held
    return ((after - before) / 1024,)


def times(name: str, path: Path, rounds: int) -> dict[str, float]:
    """Read a file by turns with polars, and say how long all took."""
    readers = READERS[name]
    turns = np.array([[alone("took", name, who, path) for who in readers] for _ in range(rounds)])
    wall, cpu = turns[:, :, 0], turns[:, :, 1]
    found = {
        f"{name}_mb": path.stat().st_size / 1e6,
        f"{name}_cpus": len(os.sched_getaffinity(0)),
        f"{name}_load": os.getloadavg()[0],
    }
    return (
        found
        | {f"{name}_{who}best_s": wall[:, i].min() for i, who in enumerate(readers)}
        | {
            f"{name}_best_ratio": wall[:, 0].min() / wall[:, 1].min(),
            f"{name}_mean_ratio": wall[:, 0].mean() / wall[:, 1].mean(),
            f"{name}_median_ratio": float(np.median(wall[:, 0] / wall[:, 1])),
            f"{name}_cpu_ratio": cpu[:, 0].min() / cpu[:, 1].min(),
            f"{name}_best_ratio_to_matrix": wall[:, 0].min() / wall[:, 2].min(),
        }
    )


def memory(name: str, path: Path) -> dict[str, float]:
    """Return how far each reader's memory grows, in MiB."""
    return {f"{name}_{who}peak_mib": alone("peak", name, who, path)[0] for who in READERS[name]}


def kept(folder: Path, found: dict[str, float]) -> None:
    """Write figures into the day's JSON, beside those of the other format."""
    path = folder / f"intake-{datetime.now(UTC):%Y-%m-%d}.json"
    earlier = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(f"{json.dumps(earlier | found, indent=1)}\n", encoding="utf-8")


def main() -> int:
    """Measure, print JSON, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=1_000.0, help="of each file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--format", choices=[*READERS], action="append", help="csv or parquet; both if left out")
    parser.add_argument("--folder", type=Path, help="where the files are, or are written and stay; else for a while")
    parser.add_argument("--write", action="store_true", help="write the files, and measure nothing")
    parser.add_argument("--measure", choices=["time", "memory"], help="both if left out")
    parser.add_argument("--out", type=Path, help="folder for the JSON")
    parser.add_argument("--alone", nargs=4, metavar=("QUESTION", "FORMAT", "READER", "FILE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.alone:
        question, name, who, path = chosen.alone
        print(*{"took": took, "peak": peak}[question](name, who, Path(path)))
        return 0
    formats = chosen.format or [*READERS]
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in formats:
            path = (chosen.folder or Path(scratch)) / f"prices-{chosen.megabytes:g}.{name}"
            if not path.exists():
                written(path, int(chosen.megabytes * 1e6) // BYTES_PER_ROW[name])
            if chosen.write:
                continue
            if chosen.measure != "memory":
                found |= times(name, path, chosen.rounds)
            if chosen.measure != "time":
                found |= memory(name, path)
    found = {name: round(value, 3) for name, value in found.items()}
    print(json.dumps(found, indent=1))
    if chosen.out is not None and found:
        kept(chosen.out, found)
    return 0 if all(found.get(f"{name}_best_ratio", 0.0) <= MOST for name in formats) else 1


if __name__ == "__main__":
    sys.exit(main())
