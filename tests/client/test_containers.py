"""The same container out as in, index and names kept."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import meanrev as mr

NAMES = ["KO", "PEP", "XOM"]


@pytest.fixture
def frame(prices):
    return pd.DataFrame(prices, columns=NAMES, index=pd.date_range("2020-01-01", periods=len(prices)))


def test_lists_give_lists(client):
    found = client.log_returns([1.0, 2.0])
    assert found.log_returns == [pytest.approx(np.log(2))]
    assert type(client.cara([[0.1, 0.2], [0.3, 0.1], [0.2, 0.4]]).weights) is list


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.float64])
def test_arrays_of_any_numbers_give_arrays(client, kind):
    found = client.log_returns(np.array([1, 2, 4], dtype=kind))
    assert type(found.log_returns) is np.ndarray
    np.testing.assert_allclose(found.log_returns, np.log(2))


def test_arrays_in_any_order_of_memory_mean_the_same(client, prices, returns):
    assert client.ou(np.asfortranarray(prices)) == client.ou(prices)
    assert client.pca(np.asfortranarray(returns)) == client.pca(returns)
    assert client.ou(prices[::-1]) == client.ou(prices[::-1].copy())


def test_a_frame_keeps_its_index_and_columns(client, frame):
    found = client.log_returns(frame).log_returns
    pd.testing.assert_index_equal(found.index, frame.index[1:])
    assert list(found.columns) == NAMES
    pd.testing.assert_frame_equal(found, np.log(frame).diff().iloc[1:], check_freq=False)


def test_a_series_keeps_its_index_and_name(client, frame):
    found = client.log_returns(frame["KO"]).log_returns
    assert isinstance(found, pd.Series)
    assert (found.name, len(found)) == ("KO", 399)


def test_columns_of_several_levels_survive(client, frame):
    frame.columns = pd.MultiIndex.from_product([["close"], NAMES])
    assert client.log_returns(frame).log_returns.columns.equals(frame.columns)


def test_portfolio_results_are_labelled_by_asset(client, frame):
    returns = client.log_returns(frame).log_returns
    weights = client.sharpe(returns).weights
    assert list(weights.index) == NAMES
    stats = client.portfolio_stats(returns, weights)
    assert list(stats.covariance.index) == list(stats.covariance.columns) == NAMES
    assert list(stats.marginal_contrib.index) == NAMES
    components = client.pca(returns, n_components=2)
    assert components.components.shape == (2, 3)
    assert list(components.components.columns) == NAMES
    pd.testing.assert_index_equal(components.transformed.index, returns.index)
    assert list(client.multiperiod(returns, n_periods=2).weights_sequence.columns) == NAMES
    square = pd.DataFrame(np.cov(returns.T), index=NAMES, columns=NAMES)
    assert list(client.cara(expected_returns=returns.mean(), covariance=square).weights.index) == NAMES


def test_a_fit_is_labelled_by_column(client, frame):
    assert client.ou(frame).asset_id == tuple(NAMES)
    assert client.ou(frame["PEP"]).asset_id == "PEP"


def test_a_path_is_labelled_by_time(client, frame):
    found = client.backtest(frame[["KO"]], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0, path=True)
    pd.testing.assert_index_equal(found.path.equity.index, frame.index)
    assert found.timestamp_ms == frame.index[-1].value // 10**6
    pd.testing.assert_index_equal(found.path.to_frame().index, frame.index)


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", None])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_zone_and_unit_become_utc_milliseconds(client, zone, unit):
    index = pd.date_range("2020-01-01 09:30", periods=5, freq="h", tz=zone, unit=unit)
    process = {"theta": 0.1, "mu": 1.5, "sigma": 0.2}
    found = client.signals(pd.Series([1.0, 2.0, 1.0, 2.0, 1.5], index=index), process)
    assert found.timestamp_ms == int(index[-1].timestamp() * 1000)


def test_an_error_says_where_in_the_callers_own_labels(client, frame):
    frame.loc["2020-03-16", "PEP"] = -2.0
    message = r"prices\[75, 1\] must be finite and > 0 .* got -2.0 \(at 'PEP', 2020-03-16\)"
    with pytest.raises(mr.InvalidInput, match=message):
        client.log_returns(frame)
    frame.loc["2020-03-16", "PEP"] = np.inf
    with pytest.raises(mr.InvalidInput, match=r"\(at 'PEP', 2020-03-16\)"):
        client.pca(frame)


def test_a_frame_of_words_is_refused(client):
    with pytest.raises(mr.InvalidInput, match=r"prices\['KO'\] must be numbers"):
        client.log_returns(pd.DataFrame({"KO": ["a", "b"]}))


def test_polars_frames_keep_their_dates_and_columns(client, prices):
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in range(len(prices))]
    frame = pl.DataFrame({"day": days, **dict(zip(NAMES, prices.T, strict=True))})
    found = client.log_returns(frame).log_returns
    assert (found.columns, found["day"][0]) == (["day", *NAMES], days[1])
    np.testing.assert_allclose(found.select(NAMES).to_numpy(), np.diff(np.log(prices), axis=0), atol=1e-15)
    assert client.ou(frame) == client.ou(prices, asset_ids=NAMES)
    assert client.cara(found).weights.dtype == pl.Float64
    assert client.pca(found).components.columns == NAMES
    path = client.backtest(frame.select("day", "KO"), entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0, path=True)
    assert path.path.equity.name == "KO"


def test_polars_errors_name_the_column(client, prices):
    frame = pl.DataFrame(dict(zip(NAMES, prices.T, strict=True)))
    with pytest.raises(mr.InvalidInput, match=r"prices\['KO'\] must be numbers, got 'a' in row 0"):
        client.ou(frame.with_columns(KO=pl.lit("a")))
    with pytest.raises(mr.InvalidInput, match="not lazy"):
        client.ou(frame.lazy())
    spoilt = frame.with_columns(PEP=pl.when(pl.int_range(pl.len()) == 3).then(-1.0).otherwise(pl.col("PEP")))
    with pytest.raises(mr.InvalidInput, match=r"\(at 'PEP'\)"):
        client.log_returns(spoilt)


def test_a_null_is_a_price_that_is_not_there(client, prices):
    column = prices[:, 0].copy()
    column[5] = np.nan
    holed = pl.Series("KO", column).fill_nan(None)
    assert client.ou(holed).n_samples == client.ou(column).n_samples == 399


def test_arrow_tables_give_arrow_tables(client, prices):
    table = pa.table(dict(zip(NAMES, prices.T, strict=True)))
    found = client.log_returns(table).log_returns
    assert isinstance(found, pa.Table)
    assert found.column_names == NAMES
