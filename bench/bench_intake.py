"""Files of prices beside polars alone, which parses the same bytes and looks at none of what they mean.

MEANREV_BENCH_BYTES sets the size of the CSV file; 1_000_000_000 is what the budget of 1.3 times polars is about.
"""

import os

import numpy as np
import polars as pl
import pytest

from meanrev.intake.files import read_file

N_BYTES = int(os.environ.get("MEANREV_BENCH_BYTES", "100_000_000"))
N_COLUMNS = 20
BYTES_PER_ROW = 20 + 9 * N_COLUMNS
ROUNDS = 3


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write minutes of prices as CSV and as Parquet, and delete both at the end."""
    folder = tmp_path_factory.mktemp("intake")
    n_rows = N_BYTES // BYTES_PER_ROW
    steps = np.random.default_rng(1).normal(scale=0.01, size=(N_COLUMNS, n_rows)).cumsum(axis=1)
    start = np.datetime64("2000-01-01T00:00:00", "s")
    times = pl.Series((start + 60 * np.arange(n_rows)).astype("datetime64[ms]"))
    frame = pl.DataFrame({"date": times, **{f"S{i}": row for i, row in enumerate(np.round(100 + steps, 4))}})
    paths = {"csv": folder / "prices.csv", "parquet": folder / "prices.parquet"}
    frame.write_csv(paths["csv"], datetime_format="%Y-%m-%d %H:%M:%S")
    frame.write_parquet(paths["parquet"])
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
