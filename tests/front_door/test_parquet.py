"""Files: Parquet and spreadsheets, as other tools write them."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from meanrev.intake.files import read_file
from tests.front_door.series import DAYS, A, B, best, refused, sharpes, swept, told


def columns(result):
    assert result.exit_code == 0, result.stderr
    return [row["column"] for row in result.document["best"]]


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(120),
        pd.RangeIndex(5, 125, name="n"),
        pd.Index(np.arange(1000, 1120)),
        pd.DatetimeIndex(DAYS).tz_localize("America/New_York"),
        pd.DatetimeIndex(DAYS, name="Date"),
        pd.PeriodIndex(pd.DatetimeIndex(DAYS), freq="D", name="day"),
    ],
    ids=["range", "named range", "integers", "zone", "days", "periods"],
)
def test_the_index_of_a_frame_is_no_price(run, client, tmp_path, index):
    """pandas keeps its index as a further column of the file; right are two series."""
    file = tmp_path / "f.parquet"
    pd.DataFrame({"A": A, "B": B}, index=index).to_parquet(file)
    result = swept(run, file)
    assert columns(result) == ["A", "B"]
    assert sharpes(result) == best(client, A, B)


@pytest.mark.parametrize("freq", ["Y", "Q", "M", "D", "h", "5min", "s", "ms", "us", "ns"])
def test_periods_are_read_as_the_times_that_they_begin_at(tmp_path, freq):
    """Periods are numbers in the file, and came as a column that is no time; right are pandas' own start times."""
    index = pd.period_range("1969-03-01", periods=6, freq=freq, name="when")
    if freq in {"us", "ns"}:  # rows within one millisecond are refused
        index = pd.PeriodIndex(pd.date_range("1969-03-01", periods=6, freq="h"), freq=freq, name="when")
    pd.DataFrame({"A": A[:6]}, index=index).to_parquet(tmp_path / "f.parquet")
    read = read_file(tmp_path / "f.parquet")
    assert read.names == ("A",)
    assert read.report.time_column == "when"
    first, last = (stamp.tz_localize(None).isoformat() for stamp in index.to_timestamp()[[0, -1]])
    assert np.datetime64(read.report.first_time) == np.datetime64(first)
    assert np.datetime64(read.report.last_time) == np.datetime64(last)


def test_periods_of_weeks_are_refused_with_a_way_out(run, tmp_path):
    """Right is a refusal by name: what day a week begins with is pandas' to say."""
    index = pd.period_range("2020-01-01", periods=120, freq="W-WED", name="week")
    pd.DataFrame({"A": A, "B": B}, index=index).to_parquet(tmp_path / "f.parquet")
    refused(swept(run, "f.parquet"), "week", "W-WED", "to_timestamp")


def test_an_index_that_descends_or_repeats_is_refused(run, client, tmp_path):
    """The times stand in the file's metadata alone, and were not looked at; right is a refusal with the way out."""
    frame = pd.DataFrame({"A": A}, index=pd.DatetimeIndex(DAYS))
    frame[::-1].to_parquet(tmp_path / "down.parquet")
    refused(swept(run, "down.parquet"), "--sort")
    assert sharpes(swept(run, "down.parquet", "--sort")) == best(client, A)
    frame.iloc[np.r_[0:60, 59:120]].to_parquet(tmp_path / "twice.parquet")
    refused(swept(run, "twice.parquet"), "--duplicates", str(DAYS[59]))


def test_decimals_are_prices(run, client, tmp_path):
    """A database exports decimal(12, 4); right are the same numbers as floats."""
    exact = pa.array([Decimal(f"{value:.4f}") for value in A], type=pa.decimal128(12, 4))
    parquet.write_table(pa.table({"date": DAYS, "A": exact, "B": B}), tmp_path / "f.parquet")
    result = swept(run, "f.parquet")
    assert columns(result) == ["A", "B"]
    assert sharpes(result) == pytest.approx(best(client, A, B), rel=1e-9)


def test_lists_flags_and_bytes_are_left_out_and_named(run, client, tmp_path):
    """Nested columns and flags beside prices stopped the file; right are the prices, and the others by name."""
    table = pa.table(
        {"date": DAYS, "A": A, "depth": [[1.0, 2.0]] * 120, "quote": [{"bid": 1.0}] * 120, "raw": [b"x"] * 120}
    )
    parquet.write_table(table, tmp_path / "f.parquet")
    result = swept(run, "f.parquet")
    assert columns(result) == ["A"]
    assert sharpes(result) == best(client, A)
    assert all(name in told(result) for name in ("depth", "quote", "raw"))


def test_small_floats_integers_and_nulls_are_prices(run, client, tmp_path):
    """float32 and int64 columns, nulls among them, are prices like any others."""
    whole = np.round(B).astype(np.int64)
    holes = [None if i == 60 else float(value) for i, value in enumerate(A.astype(np.float32))]
    parquet.write_table(
        pa.table({"date": DAYS, "A": pa.array(holes, pa.float32()), "B": whole}), tmp_path / "f.parquet"
    )
    result = swept(run, "f.parquet")
    clean = A.astype(np.float32).astype(np.float64)
    clean[60] = np.nan
    assert columns(result) == ["A", "B"]
    assert sharpes(result) == best(client, clean, whole.astype(float))


def test_a_null_column_is_left_out_aloud(run, client, tmp_path):
    """A column of type null holds no price; right are the others, and its name."""
    parquet.write_table(pa.table({"date": DAYS, "A": A, "GONE": pa.nulls(120)}), tmp_path / "f.parquet")
    result = swept(run, "f.parquet")
    assert result.exit_code == 0, result.stderr
    assert sharpes(result)[0] == best(client, A)[0]
    assert "gone" in told(result)


def test_text_that_holds_numbers_is_no_silent_loss(run, tmp_path):
    """Prices stored as text: read, or left out by name, or refused by name, but not dropped without a word."""
    parquet.write_table(pa.table({"date": DAYS, "A": A, "B": [f"{b:.4f}" for b in B]}), tmp_path / "f.parquet")
    result = swept(run, "f.parquet")
    names = [] if result.document is None or "best" not in result.document else columns(result)
    assert "B" in names or "left" in told(result) or (result.exit_code == 4 and "'b'" in told(result))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_stamps_of_integers_in_parquet(run, client, tmp_path, unit):
    """A polars user stored epochs as int64; they are time, in every unit."""
    stamps = DAYS.astype(f"datetime64[{unit}]").astype(np.int64)
    parquet.write_table(pa.table({"timestamp": stamps, "A": A, "B": B}), tmp_path / "f.parquet")
    result = swept(run, "f.parquet")
    assert columns(result) == ["A", "B"]
    assert sharpes(result) == best(client, A, B)


@pytest.mark.parametrize("suffix", ["arrow", "feather", "ipc", "pq"])
def test_other_names_of_arrow_files(run, client, tmp_path, suffix):
    """Feather and .pq: read rightly, or a sentence that lists what can be read."""
    from pyarrow import feather

    table = pa.table({"date": DAYS, "A": A})
    file = tmp_path / f"f.{suffix}"
    if suffix == "pq":
        parquet.write_table(table, file)
    else:
        feather.write_feather(table, file)
    result = swept(run, file)
    if result.exit_code:
        refused(result, ".csv", ".parquet")
    else:
        assert sharpes(result) == best(client, A)


def test_dates_as_python_dates_in_text(run, client, tmp_path):
    """A column of ISO text in Parquet is time, not a column of names."""
    texts = [dt.date.isoformat(day.item()) for day in DAYS]
    parquet.write_table(pa.table({"date": texts[::-1], "A": A[::-1]}), tmp_path / "f.parquet")
    refused(swept(run, "f.parquet"), "--sort")
    assert sharpes(swept(run, "f.parquet", "--sort")) == best(client, A)
