"""Universes with planted faults: each is named with its reason, and the other names stay."""

import numpy as np
import polars as pl
import pytest

from meanrev.errors import InvalidInput
from meanrev.intake.options import FileOptions
from meanrev_batch import calendar, universe
from meanrev_batch.errors import BadOption
from meanrev_batch.options import ScanOptions
from meanrev_batch.panel import REASONS
from meanrev_batch.verdicts import judged
from tests.batch.universes import days, prices, write, write_long

LONG = FileOptions(long=("date", "ticker", "close"))
N_TRAIN = 60


def long_rows(values, stamps, names):
    return [
        (stamp, name, values[row, place])
        for row, stamp in enumerate(stamps)
        for place, name in enumerate(names)
        if not np.isnan(values[row, place])
    ]


def verdicts(path, reading=None, **options):
    panel = universe.read(str(path), reading or FileOptions())
    on_axis = calendar.axis(panel)
    found = judged(panel, on_axis, N_TRAIN, ScanOptions(**options))
    return {verdict.name: verdict for verdict in found}


@pytest.fixture
def values():
    return prices(6, 100)


def test_a_wide_and_a_long_file_give_the_same_panel(tmp_path, values):
    values[3, 2] = values[:5, 4] = np.nan
    names = list("ABCDEF")
    wide = universe.read(str(write(tmp_path / "wide.parquet", values, names=names)), FileOptions())
    rows = long_rows(values, days(100), names)
    long = universe.read(str(write_long(tmp_path / "long.parquet", rows)), LONG)
    order = [long.names.index(name) for name in names]
    assert wide.names == tuple(names)
    assert np.array_equal(wide.stamps_ms, long.stamps_ms)
    assert np.array_equal(wide.prices, long.prices[:, order], equal_nan=True)
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    again = universe.read(str(write_long(tmp_path / "shuffled.parquet", shuffled)), LONG)
    order = [again.names.index(name) for name in names]
    assert np.array_equal(wide.prices, again.prices[:, order], equal_nan=True)


def test_several_files_are_one_universe(tmp_path, values):
    stamps, names = days(100), list("ABCDEF")
    write(tmp_path / "b.parquet", values[:50], stamps[:50], names)
    write(tmp_path / "a.parquet", values[50:, :4], stamps[50:], names[:4])
    panel = universe.read(str(tmp_path / "*.parquet"), FileOptions())
    assert sorted(panel.names) == names
    columns = [panel.names.index(name) for name in names]
    expected = values.copy()
    expected[50:, 4:] = np.nan
    assert np.array_equal(panel.prices[:, columns], expected, equal_nan=True)


def test_every_fault_is_named(tmp_path, values):
    planted = np.repeat(values[:, :1], 10, axis=1) * np.arange(1, 11)
    planted[:20, 1] = np.nan  # a late listing
    planted[80:, 2] = np.nan  # a delisting in the test part
    planted[50:, 3] = np.nan  # a delisting in the train part
    planted[30:33, 4] = np.nan  # a gap of three bars
    planted[30:32, 5] = np.nan  # a gap of two
    planted[:60, 6] = 7.0
    planted[10, 7] = -1.0
    planted[20, 8] = np.inf
    planted[40:, 9] /= 2.0  # a split that is not adjusted
    path = write(tmp_path / "prices.parquet", np.concatenate([planted, values], axis=1))
    found = verdicts(path, least_bars=0.95)
    reasons = {name: verdict.reason for name, verdict in found.items() if verdict.reason}
    assert reasons == {
        "N01": "short",
        "N03": "short",
        "N04": "missing",
        "N06": "constant",
        "N07": "not_positive",
        "N08": "infinite",
    }
    assert set(reasons.values()) <= set(REASONS)
    shown = [str(day) for day in days(100).astype("datetime64[D]")]
    assert found["N01"].detail == f"its first price is at {shown[20]}"
    assert found["N03"].detail == f"its last price is at {shown[49]}"
    assert found["N04"].detail == f"no price at {shown[30]}, in a gap of more than 2 bars"
    assert found["N07"].detail.startswith(f"price -1 at {shown[10]}")
    assert (found["N02"].stop, found["N02"].detail) == (80, f"traded up to {shown[79]}, its last price")
    assert (found["N05"].n_filled, found["N05"].n_bars) == (2, 98)
    assert f"looks like a split at {shown[40]}" in found["N09"].detail
    assert found["N10"] == ("N10", "kept", "", "", 0, 99, 100, 0, 100)


def test_a_gap_in_the_test_part_ends_trading_before_it(tmp_path, values):
    values[70:75, 1] = np.nan
    found = verdicts(write(tmp_path / "prices.parquet", values))["N01"]
    assert (found.status, found.stop, found.last) == ("kept", 70, 99)
    assert found.detail.endswith(", before a gap")


def test_too_few_prices_of_its_own(tmp_path, values):
    values[10:50:2, 1] = np.nan
    found = verdicts(write(tmp_path / "prices.parquet", values))["N01"]
    assert (found.reason, found.detail) == ("missing", "prices of its own at 66.7% of the train part's bars")
    assert verdicts(tmp_path / "prices.parquet", least_bars=0.6)["N01"].status == "kept"


def test_duplicate_bars(tmp_path, values):
    """A row that repeats a price is merged and counted; two prices of one bar drop the name."""
    names = list("ABCDEF")
    rows = long_rows(values, days(100), names)
    rows += [rows[12], rows[12], (rows[19][0], rows[19][1], 1.5)]
    found = verdicts(write_long(tmp_path / "long.parquet", rows), LONG)
    assert found["A"].status == "kept"
    assert found["A"].detail == "2 rows repeat the price of their bar"
    assert found["B"].reason == "duplicate_bar"
    assert "has the prices 1.5 and" in found["B"].detail
    stamps = np.append(days(100), days(100)[7])
    twice = np.concatenate([values, values[7:8]])
    twice[-1, 2] += 1.0
    twice[-1, 3] = np.nan
    found = verdicts(write(tmp_path / "wide.parquet", twice, stamps))
    assert {name for name, verdict in found.items() if verdict.reason} == {"N02"}
    assert found["N02"].reason == "duplicate_bar"
    assert found["N03"].detail == ""
    assert found["N04"].detail == "1 rows repeat the price of their bar"


def test_names_of_another_calendar_are_named(tmp_path, values):
    """One trades at weekends too, one at other hours only."""
    stamps = days(100)
    noon = stamps + np.timedelta64(12, "h")
    rows = long_rows(values, stamps, list("ABCDEF"))
    rows += [(stamp, "NOON", 5.0 + place) for place, stamp in enumerate(noon)]
    saturdays = [
        stamp + np.timedelta64(1, "D") for stamp in stamps if stamp.astype("datetime64[D]").astype(int) % 7 == 1
    ]
    rows += [(stamp, "DAILY", 5.0 + place) for place, stamp in enumerate(sorted([*stamps, *saturdays]))]
    found = verdicts(write_long(tmp_path / "long.parquet", rows), LONG)
    assert found["NOON"].reason == "missing"
    assert "100 of its 100 bars are not on the axis, which has 100" in found["NOON"].detail
    assert found["DAILY"].status == "kept"
    assert f"{len(saturdays)} of its {100 + len(saturdays)} bars are not on the axis" in found["DAILY"].detail


def test_columns_that_are_no_prices(tmp_path, values):
    path = tmp_path / "prices.csv"
    frame = pl.DataFrame(
        {"date": days(100).astype("datetime64[D]"), **{name: values[:, place] for place, name in enumerate("ABC")}}
    )
    frame = frame.with_columns(pl.col("B").cast(pl.String), pl.lit("x").alias("note"))
    frame = frame.with_columns(pl.when(pl.int_range(100) == 4).then(pl.lit("12x")).otherwise(pl.col("B")).alias("B"))
    frame.write_csv(path)
    found = verdicts(path)
    assert {name: verdict.reason for name, verdict in found.items()} == {
        "A": "",
        "B": "not_numeric",
        "C": "",
        "note": "not_numeric",
    }
    assert "line 6" in found["B"].detail
    assert "12x" in found["B"].detail


@pytest.mark.parametrize(
    ("columns", "wrong"),
    [
        ({"A": [1.0, 2.0], "B": [3.0, 4.0]}, "has no column of times"),
        ({"date": ["2020-01-01", None], "A": [3.0, 4.0]}, "the row has no time"),
        ({"date": ["2020-01-01"] * 4, "ticker": list("ABAB"), "close": [1.0, 2.0, 3.0, 4.0]}, "is a long table"),
    ],
)
def test_what_is_wrong_with_the_whole_file_is_refused(tmp_path, columns, wrong):
    pl.DataFrame(columns).write_parquet(tmp_path / "prices.parquet")
    with pytest.raises(InvalidInput, match=wrong):
        universe.read(str(tmp_path / "prices.parquet"), FileOptions())


def test_the_split_is_a_day_or_a_number_of_bars():
    stamps = days(100).astype(np.int64)
    last = str(days(100)[59].astype("datetime64[D]"))
    assert calendar.split_bar(last, stamps) == 60
    assert calendar.split_bar("60", stamps) == 60
    assert calendar.split_bar("", stamps) == 70
    assert calendar.split_bar(f"{last}T00:00", stamps) == 60
    with pytest.raises(BadOption, match=r"^split must be the last day of the train part"):
        calendar.split_bar("soon", stamps)
