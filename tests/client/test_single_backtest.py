"""A backtest of one series is one call, tells what the stream tells, and takes missing prices as a column does."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.results import BacktestMetric, BacktestPath

LEVELS = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 1e-3, "lookback": 5}
ERRORS = {"sharpe_std_error", "probability_sharpe_positive"}
"""Those of a whole backtest allow for autocorrelation, and those of a stream do not."""
METRICS = [name for name in BacktestMetric.__dataclass_fields__ if name not in {"meta", *ERRORS}]
PATHS = [name for name in BacktestPath.__dataclass_fields__ if name != "meta"]
OPTIONS = (
    {},
    {"mode": "unit", "initial_capital": 3.0},
    {"execution_delay": 3, "periods_per_year": 52.0},
    {"execution_delay": 0},
)


@pytest.fixture
def gappy(prices):
    """One series with missing prices at both ends and between."""
    out = prices[:, 0].copy()
    out[[*range(4), 20, 21, 22, 90, 200, *range(391, 400)]] = np.nan
    return out


def counted(client, monkeypatch):
    asked, stream = [], client._transport.stream

    def followed(path, messages, timeout):
        asked.append(path)
        return stream(path, messages, timeout)

    monkeypatch.setattr(client._transport, "stream", followed)
    return asked


@pytest.mark.parametrize("path", [False, True])
def test_it_is_one_call(client, prices, monkeypatch, path):
    asked = counted(client, monkeypatch)
    client.backtest(prices[:, 0], path=path, **LEVELS)
    assert asked == ["/meanrev.MeanRevResearch/Backtest"]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("n_bars", [1, 2, 30, 127, 128, 400])
def test_its_bars_are_those_of_the_stream_to_the_bit(client, prices, n_bars, options):
    series = pd.Series(prices[:n_bars, 0], index=pd.date_range("2024-01-01", periods=n_bars, freq="6h"))
    stamps = pd.DatetimeIndex(series.index).as_unit("ms").asi8.tolist()
    bars = list(client.backtest_stream(zip(series.tolist(), stamps, strict=True), **LEVELS, **options))
    found = client.backtest(series, path=True, **LEVELS, **options)
    assert {name: found[name] for name in METRICS} == {name: bars[-1][name] for name in METRICS}
    for name in PATHS:
        np.testing.assert_array_equal(found.path[name], [bar[name] for bar in bars], err_msg=name)
    last = client.backtest(series, **LEVELS, **options)
    assert {name: last[name] for name in METRICS} == {name: found[name] for name in METRICS}


@pytest.mark.parametrize("options", OPTIONS)
def test_missing_prices_are_taken_as_in_a_column_of_a_matrix(client, prices, gappy, options):
    one = client.backtest(gappy, path=True, **LEVELS, **options)
    many = client.backtest(np.column_stack([gappy, prices[:, 1]]), path=True, **LEVELS, **options)
    for name in ("n_bars", "cumulative_return", "equity", "num_trades", "win_rate", "total_costs", "max_drawdown"):
        assert one[name] == pytest.approx(many[name][0], rel=1e-12), name
    assert one.sharpe_ratio == pytest.approx(many.sharpe_ratio[0], rel=1e-9)
    for name in ("equity", "position"):
        np.testing.assert_array_equal(one.path[name], many.path[name][:, 0], err_msg=name)
    assert one.path.num_trades.shape == gappy.shape
    assert one.bar_number == one.n_bars == 387


@pytest.mark.parametrize("options", OPTIONS)
def test_profits_add_up_across_missing_prices(client, gappy, options):
    found = client.backtest(gappy, path=True, **LEVELS, **options)
    capital = options.get("initial_capital", 1.0)
    assert found.realized_pnl + found.unrealized_pnl == pytest.approx(found.equity - capital, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(
        (found.path.realized_pnl + found.path.unrealized_pnl)[4:391], found.path.equity[4:391] - capital, atol=1e-9
    )


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ([50.0, -2.0, 51.0], r"^prices\[1\] must be > 0 in mode 'compounding' .*, got -2.0"),
        ([50.0, 51.0, np.inf], r"^prices\[2\] must be finite, or NaN where a bar has no price, got inf"),
        ([np.nan, np.nan], r"^prices must hold at least one price that is not NaN"),
    ],
)
def test_a_series_that_cannot_be_traded_is_refused_by_row(client, series, said):
    with pytest.raises(mr.InvalidInput, match=said):
        client.backtest(series, **LEVELS)


def test_a_spread_may_be_negative(client):
    assert client.backtest([1.0, -2.0, 3.0], mode="unit", **LEVELS).bar_number == 3


def test_metrics_of_several_columns_are_refused_by_the_server(client, prices):
    from meanrev.methods.accounts import accounts_request

    levels = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.0}
    request = accounts_request(prices, **levels, rule={"metrics": "last"})
    with pytest.raises(mr.InvalidInput, match="metrics must be left out for more than one column"):
        client.bind(request.question)(progress=False, timeout=None)


def test_a_server_without_the_method_gives_the_bars_alone(client, prices, monkeypatch):
    expected, stream = client.backtest(prices[:, 0], path=True, **LEVELS), client._transport.stream

    def earlier(path, messages, timeout):
        if "MeanRevResearch" in path:
            raise mr.ServerError("unknown", "UNIMPLEMENTED")
        return stream(path, messages, timeout)

    monkeypatch.setattr(client._transport, "stream", earlier)
    found = client.backtest(prices[:, 0], path=True, **LEVELS)
    assert {name: found[name] for name in METRICS} == {name: expected[name] for name in METRICS}
    assert found.path == expected.path
    assert (found.cagr, found.trades) == (None, None)


async def test_an_asyncio_client_does_the_same(where, prices):
    with mr.Client(where) as client:
        expected = client.backtest(prices[:, 0], **LEVELS)
    async with mr.AsyncClient(where) as client:
        assert await client.backtest(prices[:, 0], **LEVELS) == expected


def test_a_job_of_one_series_gives_accounts_as_before(client, prices):
    found = client.submit("backtest", prices[:, 0], path=True, **LEVELS).result()
    assert isinstance(found, mr.results.Backtests)
    assert isinstance(found.equity, float)
    assert found.path.equity.shape == (400,)
