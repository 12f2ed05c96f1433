"""Columns that are no prices: an index is left out and reported, times as numbers are refused with the way out."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import meanrev as mr
from meanrev.intake.containers import table

N = 60
KO = 60 + np.random.default_rng(5).normal(0, 0.5, N)
COUNT = np.arange(N)
SECONDS = 1_704_067_200 + 86_400 * COUNT
DAYS = pd.date_range("2024-01-01", periods=N)
WRITTEN = DAYS.strftime("%Y%m%d").astype("int64").to_numpy()

MAKERS = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "mapping": dict,
}


@pytest.mark.parametrize("library", MAKERS)
class TestEveryLibrary:
    @pytest.mark.parametrize("name", ["Unnamed: 0", "index", "__index_level_0__", "", "row_nr", "level_0"])
    @pytest.mark.parametrize("first", [0, 1, 17])
    def test_an_index_that_was_saved_as_a_column_is_left_out_and_reported(self, library, name, first):
        read = table("prices", MAKERS[library]({name: COUNT + first, "KO": KO}))
        assert read.names == ("KO",)
        assert [(out.what, out.labels) for out in read.report.left_out] == [("column", (name,))]
        assert "left out" in read.report.sentences()[1]

    @pytest.mark.parametrize("name", ["ts", "Open time", "x", "closeTime", "date"])
    @pytest.mark.parametrize(
        ("per", "unit"), [(1, "seconds"), (10**3, "milliseconds"), (10**6, "microseconds"), (10**9, "nanoseconds")]
    )
    def test_times_since_the_epoch_are_refused(self, library, name, per, unit):
        with pytest.raises(mr.InvalidInput, match=rf"prices\['{name}'\] must hold prices, and looks like {unit}"):
            table("prices", MAKERS[library]({name: SECONDS * per, "KO": KO}))

    def test_dates_written_as_numbers_are_refused(self, library):
        with pytest.raises(mr.InvalidInput, match=r"prices\['d'\].*yyyymmdd"):
            table("prices", MAKERS[library]({"d": WRITTEN, "KO": KO}))

    def test_day_numbers_of_a_spreadsheet_are_refused(self, library):
        with pytest.raises(mr.InvalidInput, match=r"prices\['Date'\].*day numbers of a spreadsheet"):
            table("prices", MAKERS[library]({"Date": 45_292 + COUNT, "KO": KO}))

    def test_a_column_of_times_is_refused_in_any_order_and_place(self, library):
        with pytest.raises(mr.InvalidInput, match=r"prices\['time'\].*milliseconds"):
            table("prices", MAKERS[library]({"KO": KO, "time": np.random.default_rng(1).permutation(SECONDS * 1000)}))
        with pytest.raises(mr.InvalidInput, match=r"prices\['x'\].*milliseconds"):
            table("prices", MAKERS[library]({"KO": KO, "x": SECONDS[::-1] * 1000}))

    def test_a_counter_with_a_name_of_its_own_is_refused(self, library):
        with pytest.raises(mr.InvalidInput, match=r"prices\['bar'\].*numbers of rows"):
            table("prices", MAKERS[library]({"bar": COUNT, "KO": KO}))

    def test_a_saved_index_of_other_numbers_is_refused(self, library):
        with pytest.raises(mr.InvalidInput, match="the index of a frame that was saved with it"):
            table("prices", MAKERS[library]({"Unnamed: 0": KO[::-1], "KO": KO}))

    @pytest.mark.parametrize("name", ["index", "", "DAY", "time", "id", "^GSPC", "Epoch", "date"])
    def test_prices_of_any_name_are_prices(self, library, name):
        assert table("prices", MAKERS[library]({name: KO[::-1], "KO": KO})).names == (name, "KO")

    def test_large_prices_are_prices(self, library):
        rising = np.cumsum(np.random.default_rng(2).uniform(1e8, 2e8, N)) + 4e8
        assert table("prices", MAKERS[library]({"BTC": rising, "KO": KO})).names == ("BTC", "KO")


@pytest.mark.parametrize("shape", [(N,), (N, 1)])
def test_times_in_a_bare_array_are_refused(shape):
    with pytest.raises(mr.InvalidInput, match="looks like milliseconds since the epoch"):
        table("prices", (SECONDS * 1000).reshape(shape))
    with pytest.raises(mr.InvalidInput, match=r"prices\[:, 1\].*looks like seconds"):
        table("prices", np.column_stack([KO, SECONDS]))


@pytest.mark.parametrize(
    "column",
    [DAYS, DAYS.date, DAYS.strftime("%Y-%m-%d"), pd.period_range("2024-01-01", periods=N), DAYS.tz_localize("UTC")],
    ids=["datetime", "date", "text", "period", "zoned"],
)
@pytest.mark.parametrize("name", ["Date", "when"])
def test_a_forgotten_date_column_of_pandas_is_named_with_the_way_out(column, name):
    frame = pd.DataFrame({name: column, "KO": KO})
    with pytest.raises(mr.InvalidInput, match=rf"prices\['{name}'\] must be numbers, got dates.*set_index\('{name}'\)"):
        table("prices", frame)


def test_the_way_out_of_a_message_is_one(client):
    frame = pd.DataFrame({"ts": SECONDS, "KO": KO})
    with pytest.raises(mr.InvalidInput) as caught:
        client.ou(frame)
    code = caught.value.rule.split("make it the index, ")[1].split("), or")[0] + ")"
    prices = frame.copy()
    indexed = eval(code, {"prices": prices, "pandas": pd})
    assert table("prices", indexed).timestamps_ms[0] == SECONDS[0] * 1000


def test_the_index_of_pandas_survives_arrow():
    for index, stamped in ((DAYS, True), (pd.RangeIndex(N), False), (np.arange(5, 5 + N), False)):
        through = pa.Table.from_pandas(pd.DataFrame({"KO": KO}, index=index), preserve_index=True)
        read = table("prices", through)
        assert read.names == ("KO",)
        assert (read.timestamps_ms is not None) == stamped


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as near:
        yield near


class TestReport:
    """What a result tells of its data."""

    def test_every_method_tells(self, client):
        frame = pd.DataFrame({"KO": KO, "PEP": KO[::-1]}, index=DAYS)
        returns = frame / 1000
        results = [
            client.ou(frame),
            client.ou(frame, time_unit_ms=1000),
            client.fit_ou(frame),
            client.sweep(frame, entry=[1.0], exit=[0.0], lookback=10),
            client.scan(frame, lookback=10),
            client.backtest(frame["KO"], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0),
            client.signals(frame["KO"]),
            client.log_returns(frame),
            client.pca(returns),
            client.cara(returns),
            client.sharpe(returns),
            client.portfolio_stats(returns),
            client.multiperiod(returns, n_periods=2),
            client.submit("fit_ou", frame).result(),
        ]
        for result in results:
            report = result.meta["intake"]
            assert (report.n_rows, report.first_time, report.last_time) == (N, "2024-01-01", "2024-02-29")
        assert "intake" not in client.ou(KO).meta

    def test_it_counts_what_is_missing_and_the_gaps(self, client):
        frame = pd.DataFrame({"KO": KO, 10: KO[::-1]}, index=DAYS).drop(DAYS[20:30])
        frame.iloc[3:5, 1] = np.nan
        report = client.ou(frame).meta["intake"]
        assert (report.n_rows, report.n_gaps, report.missing) == (50, 1, {10: 2})
        assert report.columns == ("KO", 10)
        assert report.sentences() == [
            "pandas DataFrame: 50 rows of 2 columns, 2024-01-01 to 2024-02-29 (index, datetime).",
            "1 step between rows took more than three times the median step.",
            "2 cells without a value in 10; most in 10: 2.",
        ]
