"""Times of rows in containers: they strictly increase, or the first offender is named with the way out."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import meanrev as mr
from meanrev.intake.containers import table

N = 60
DAYS = pd.date_range("2024-01-01", periods=N)
DATES = [day.date() for day in DAYS]
TEXTS = [str(day) for day in DATES]
MS = DAYS.as_unit("ms").astype("int64").to_numpy()
PRICES = 50 + np.random.default_rng(5).normal(0, 0.5, (N, 2))
GRID = {"entry": [1.0], "exit": [0.0], "lookback": 10}


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as near:
        yield near


def indexed(index):
    return pd.DataFrame(PRICES, columns=["KO", "PEP"], index=index)


INDEXES = {
    "datetime": DAYS,
    "zoned": DAYS.tz_localize("America/New_York"),
    "period": pd.period_range("2024-01-01", periods=N, freq="D"),
    "date": pd.Index(DATES, dtype=object),
    "timestamp": pd.Index(list(DAYS), dtype=object),
    "text": pd.Index(TEXTS),
    "text with zone": pd.Index([f"{text}T16:00:00+01:00" for text in TEXTS]),
    "compact text": pd.Index([text.replace("-", "") for text in TEXTS]),
    "categorical": pd.CategoricalIndex(TEXTS),
    "arrow": pd.Index(DAYS, dtype=pd.ArrowDtype(pa.timestamp("us"))),
    "arrow date": pd.Index(pa.array(DATES), dtype=pd.ArrowDtype(pa.date32())),
    "level": pd.MultiIndex.from_arrays([DAYS, ["close"] * N]),
    "second level": pd.MultiIndex.from_arrays([["close"] * N, DATES]),
}


@pytest.mark.parametrize("kind", INDEXES)
class TestIndex:
    def test_an_index_in_order_gives_the_stamps(self, kind):
        stamps = table("prices", indexed(INDEXES[kind])).timestamps_ms
        hours = {"zoned": 5, "text with zone": 15}.get(kind, 0)
        np.testing.assert_array_equal(stamps, MS + hours * 3_600_000)

    def test_newest_first_is_refused_with_the_way_out(self, kind):
        with pytest.raises(
            mr.InvalidInput, match=r"prices.index\[1\] must increase .* prices.sort_index\(\)"
        ) as caught:
            table("prices", indexed(INDEXES[kind][::-1]))
        assert caught.value.index == 1

    def test_one_row_out_of_order_is_named(self, kind):
        order = [*range(40), 41, 40, *range(42, N)]
        with pytest.raises(mr.InvalidInput, match=r"prices.index\[41\].*'2024-02-10") as caught:
            table("prices", indexed(INDEXES[kind][order]))
        assert "2024-02-11" in caught.value.rule

    def test_a_time_that_comes_twice_is_named(self, kind):
        order = [*range(40), 39, *range(41, N)]
        with pytest.raises(mr.InvalidInput, match=r"prices.index\[40\] must be different in every row"):
            table("prices", indexed(INDEXES[kind][order]))


@pytest.mark.parametrize(
    "ask",
    [
        lambda c, x: c.ou(x),
        lambda c, x: c.fit_ou(x),
        lambda c, x: c.sweep(x, **GRID),
        lambda c, x: c.scan(x),
        lambda c, x: c.backtest(x.iloc[:, 0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0),
        lambda c, x: c.signals(x.iloc[:, 0]),
        lambda c, x: c.log_returns(x),
        lambda c, x: c.pca(x / 1000),
        lambda c, x: c.cara(x / 1000),
        lambda c, x: c.sharpe(x / 1000),
        lambda c, x: c.portfolio_stats(x / 1000),
        lambda c, x: c.multiperiod(x / 1000, n_periods=2),
        lambda c, x: c.multiperiod([x / 1000, x / 1000]),
        lambda c, x: list(c.cara_stream([x / 1000])),
        lambda c, x: c.submit("sweep", x, **GRID),
    ],
)
def test_every_method_looks_at_the_index(client, ask):
    with pytest.raises(mr.InvalidInput, match="must increase from row to row, oldest first"):
        ask(client, indexed(DAYS[::-1]))


def test_an_index_that_holds_no_dates_is_left_alone():
    for index in (np.arange(N)[::-1], [f"row {i}" for i in range(N)], np.linspace(1, 0, N), pd.RangeIndex(N)):
        assert table("prices", indexed(index)).timestamps_ms is None


def test_a_row_without_a_time_is_named():
    for index in ([*DAYS[:-1], pd.NaT], pd.Index([*DATES[:-1], None], dtype=object)):
        with pytest.raises(mr.InvalidInput, match=r"prices.index\[59\] must hold a time in every row"):
            table("prices", indexed(index))


def test_a_row_that_is_no_date_among_dates_is_named():
    with pytest.raises(mr.InvalidInput, match=r"prices.index\[59\] must be an ISO 8601 date or time, got 'Total'"):
        table("prices", indexed([*TEXTS[:-1], "Total"]))


def test_a_date_that_is_no_year_of_prices_is_named():
    with pytest.raises(mr.InvalidInput, match="between the years 1900 and 2200"):
        table("prices", indexed(pd.date_range("3000-01-01", periods=N, unit="s")))


def test_a_long_frame_is_refused_with_its_own_way_out():
    long = pd.DataFrame({"close": PRICES.ravel()}, index=pd.MultiIndex.from_product([DAYS, ["KO", "PEP"]]))
    with pytest.raises(mr.InvalidInput, match=r"prices.unstack\(\)"):
        table("prices", long)
    assert table("prices", long["close"].unstack()).names == ("KO", "PEP")  # noqa: PD010 - what the message says


def test_times_finer_than_a_millisecond_are_reported():
    index = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N) * 100, unit="us")
    read = table("prices", indexed(index))
    assert read.timestamps_ms is None
    assert "finer than a millisecond" in read.report.sentences()[-1]


FRAMES = {
    "polars date": lambda days: pl.DataFrame({"day": days, "KO": PRICES[:, 0]}),
    "polars last": lambda days: pl.DataFrame({"KO": PRICES[:, 0], "day": days}),
    "polars text": lambda days: pl.DataFrame({"day": list(map(str, days)), "KO": PRICES[:, 0]}),
    "polars ns": lambda days: pl.DataFrame({"day": days, "KO": PRICES[:, 0]}).with_columns(
        pl.col("day").cast(pl.Datetime("ns"))
    ),
    "arrow date": lambda days: pa.table({"day": pa.array(days), "KO": PRICES[:, 0]}),
    "arrow seconds": lambda days: pa.table({"day": pa.array(days).cast(pa.timestamp("s")), "KO": PRICES[:, 0]}),
    "arrow date64": lambda days: pa.table({"day": pa.array(days).cast(pa.date64()), "KO": PRICES[:, 0]}),
    "arrow text": lambda days: pa.table({"day": list(map(str, days)), "KO": PRICES[:, 0]}),
    "mapping": lambda days: {"day": days, "KO": PRICES[:, 0]},
    "mapping of text": lambda days: {"day": list(map(str, days)), "KO": PRICES[:, 0].tolist()},
}


@pytest.mark.parametrize("kind", FRAMES)
class TestColumnOfTimes:
    def test_it_is_the_index(self, kind):
        read = table("prices", FRAMES[kind](DATES))
        assert read.names == ("KO",)
        np.testing.assert_array_equal(read.timestamps_ms, MS)
        assert (read.report.first_time, read.report.last_time) == ("2024-01-01", "2024-02-29")

    def test_newest_first_is_refused(self, kind):
        with pytest.raises(mr.InvalidInput, match=r"prices\['day'\]\[1\] must increase from row to row"):
            table("prices", FRAMES[kind](DATES[::-1]))

    def test_a_day_that_comes_twice_is_named(self, kind):
        with pytest.raises(mr.InvalidInput, match=r"prices\['day'\]\[3\] must be different in every row"):
            table("prices", FRAMES[kind]([*DATES[:3], DATES[2], *DATES[4:]]))


def test_a_frame_has_one_time():
    with pytest.raises(mr.InvalidInput, match="one column of times at most, and has 'a', 'b'"):
        table("prices", pl.DataFrame({"a": DATES, "b": DATES, "KO": PRICES[:, 0]}))


def test_a_null_among_dates_is_named():
    with pytest.raises(mr.InvalidInput, match=r"prices\['day'\]\[0\] must hold a time in every row"):
        table("prices", pl.DataFrame({"day": [None, *DATES[1:]], "KO": PRICES[:, 0]}))


class TestStamps:
    """The argument timestamps_ms."""

    def ask(self, client, stamps, prices=PRICES[:, 0]):
        return client.ou(prices, timestamps_ms=stamps, time_unit_ms=86_400_000).theta

    def test_every_form_of_the_same_times_gives_the_same_fit(self, client):
        right = self.ask(client, MS)
        forms = [
            MS.tolist(),
            MS.astype(float),
            DAYS,
            pd.Series(DAYS),
            DAYS.to_numpy(),
            DATES,
            list(DAYS.tz_localize("UTC")),
            pl.Series(DATES),
            pa.array(MS),
        ]
        assert {self.ask(client, form) for form in forms} == {right}

    @pytest.mark.parametrize(
        ("factor", "words"),
        [(1_000, "microseconds: divide by 1,000"), (1_000_000, "nanoseconds: divide by 1,000,000")],
    )
    def test_a_finer_unit_is_named(self, client, factor, words):
        with pytest.raises(mr.InvalidInput, match=f"timestamps_ms.*{words}"):
            self.ask(client, MS * factor)

    def test_seconds_and_days_as_numbers_are_named(self, client):
        with pytest.raises(mr.InvalidInput, match="these look like seconds: multiply by 1,000"):
            self.ask(client, MS // 1000)
        with pytest.raises(mr.InvalidInput, match="days written as yyyymmdd"):
            self.ask(client, [int(text.replace("-", "")) for text in TEXTS])

    def test_small_artificial_stamps_are_legal(self, client):
        assert self.ask(client, np.arange(N) * 1000) > 0
        assert self.ask(client, np.arange(1, N + 1) * 86_400_000) == self.ask(client, MS)

    def test_they_strictly_increase(self, client):
        with pytest.raises(mr.InvalidInput, match=r"timestamps_ms\[1\] must increase .* together"):
            self.ask(client, MS[::-1])
        with pytest.raises(mr.InvalidInput, match=r"timestamps_ms\[7\] must be different in every row"):
            self.ask(client, [*MS[:7], *MS[6:-1]])

    @pytest.mark.parametrize("method", ["ou", "signals", "backtest"])
    def test_there_is_one_a_price(self, client, method):
        more = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.0} if method == "backtest" else {}
        with pytest.raises(
            mr.InvalidInput, match="timestamps_ms must hold one stamp for each of the 60 prices, got 59"
        ):
            getattr(client, method)(PRICES[:, 0], timestamps_ms=MS[:-1], **more)

    def test_a_series_of_other_rows_is_refused(self, client):
        prices = pd.Series(PRICES[:, 0], index=DAYS)
        with pytest.raises(mr.InvalidInput, match="must have the index of the prices"):
            self.ask(client, pd.Series(MS, index=DAYS[::-1]), prices)
        assert self.ask(client, pd.Series(MS, index=DAYS), prices) == self.ask(client, pd.Series(MS), prices)

    def test_every_stamp_of_a_message_has_its_unit_checked(self, client):
        with pytest.raises(mr.InvalidInput, match=r"timestamp_ms.*microseconds"):
            list(client.ou_stream([("KO", 50.0, int(MS[0]) * 1000)]))
        with pytest.raises(mr.InvalidInput, match=r"timestamp_ms.*nanoseconds"):
            client.publish({"KO": 50.0}, timestamp_ms=int(MS[0]) * 1_000_000)
        with pytest.raises(mr.InvalidInput, match=r"timestamps_ms.*microseconds"):
            list(client.ou_stream([{"prices": [50.0], "timestamps_ms": [int(MS[0]) * 1000]}]))


def test_a_mapping_of_series_has_one_index():
    shifted = {"KO": pd.Series(PRICES[:, 0], index=DAYS), "PEP": pd.Series(PRICES[:, 1], index=DAYS + dt.timedelta(1))}
    with pytest.raises(mr.InvalidInput, match=r"prices\['PEP'\] must have the index of the other Series"):
        table("prices", shifted)


def test_an_array_with_coordinates_is_read_through_pandas():
    class DataArray:  # stands in for xarray's, which the project does not install
        def __init__(self, frame):
            self.frame = frame

        def to_pandas(self):
            return self.frame

    DataArray.__module__ = "xarray.core.dataarray"
    np.testing.assert_array_equal(table("prices", DataArray(indexed(DAYS))).timestamps_ms, MS)
    with pytest.raises(mr.InvalidInput, match="must increase from row to row"):
        table("prices", DataArray(indexed(DAYS[::-1])))


def test_a_date_among_labels_is_an_index_of_dates_with_faults():
    with pytest.raises(mr.InvalidInput, match=r"prices.index\[59\] must be dates or times in every row.*got 'Total'"):
        table("prices", indexed(pd.Index([*DATES[:-1], "Total"], dtype=object)))
