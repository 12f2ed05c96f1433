"""The client's pair: two series, or two columns of a table, in any container."""

import asyncio

import numpy as np
import pandas as pd
import polars as pl
import pytest

import meanrev as mr

DAYS = pd.date_range("2020-01-01", periods=400)


@pytest.fixture
def frame(prices):
    return pd.DataFrame(prices, index=DAYS, columns=["KO", "PEP", "name"])


def test_two_series_and_two_columns_of_a_frame_are_the_same(client, frame):
    found = client.pair(frame["KO"], frame["PEP"])
    assert client.pair("KO", "PEP", prices=frame) == found
    assert (found.y, found.x, found.status) == ("KO", "PEP", "traded")
    pd.testing.assert_index_equal(found.spread.index, DAYS)
    levels = np.log(frame)
    expected = levels["KO"] - found.intercept - found.hedge_ratio * levels["PEP"]
    pd.testing.assert_series_equal(found.spread, expected, check_names=False)
    assert found.spread.name is None


def test_the_spread_feeds_the_other_methods(client, frame):
    found = client.pair("KO", "PEP", prices=frame)
    fit = client.ou(found.spread, bias="median_unbiased")
    for name in ("theta", "mu", "sigma", "half_life"):
        assert fit[name] == pytest.approx(found[name], rel=1e-9)
    paid = 0.001 * (1 + abs(found.hedge_ratio))
    assert client.thresholds(found, round_trip_cost=paid).entry_zscore == pytest.approx(found.entry_zscore, rel=1e-6)


def test_arrays_lists_and_mappings(client, prices):
    found = client.pair(prices[:, 0], prices[:, 1])
    assert (found.y, found.x) == ("y", "x")
    assert isinstance(found.spread, np.ndarray)
    by_number = client.pair(0, 1, prices=prices)
    assert (by_number.y, by_number.x) == (0, 1)
    by_name = client.pair("A", "B", prices={"A": prices[:, 0].tolist(), "B": prices[:, 1].tolist()})
    for other in (by_number, by_name, client.pair(prices[:, 0].tolist(), prices[:, 1].tolist())):
        np.testing.assert_array_equal(other.spread, found.spread)
        assert other.hedge_ratio == found.hedge_ratio


def test_a_frame_of_polars(client, prices):
    found = client.pair("KO", "PEP", prices=pl.DataFrame({"KO": prices[:, 0], "PEP": prices[:, 1]}))
    assert isinstance(found.spread, pl.Series)
    np.testing.assert_array_equal(found.spread.to_numpy(), client.pair(prices[:, 0], prices[:, 1]).spread)


def test_every_option_reaches_the_server(client, frame):
    def ask(**options):
        return client.pair("KO", "PEP", prices=frame, **options)

    plain = ask()
    assert ask(direction="given", lags=1, log=True, cost_per_side=0.0005, cost_legs=2, objective="sharpe") == plain
    assert ask(lags=3).lags == 3
    assert ask(autolag="aic", max_lags=0).lags == 0
    assert ask(log=False).hedge_ratio != plain.hedge_ratio
    assert ask(cost_per_side=0.002).entry_zscore > plain.entry_zscore > ask(cost_legs=1).entry_zscore
    assert ask(objective="profit").exit_zscore != plain.exit_zscore


def test_the_better_direction_comes_back_with_its_labels(client, frame):
    ways = [client.pair(y, x, prices=frame) for y, x in (("KO", "PEP"), ("PEP", "KO"))]
    better = min(ways, key=lambda way: way.adf_statistic)
    for y, x in (("KO", "PEP"), ("PEP", "KO")):
        found = client.pair(y, x, prices=frame, direction="best")
        assert (found.y, found.x) == (better.y, better.x)
        assert found.hedge_ratio == pytest.approx(better.hedge_ratio, rel=1e-9)


def test_it_is_awaited_of_an_asyncio_client(where, frame):
    async def ask():
        async with mr.AsyncClient(where) as client:
            return await client.pair("KO", "PEP", prices=frame)

    with mr.Client(where) as client:
        assert asyncio.run(ask()) == client.pair("KO", "PEP", prices=frame)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda c, f: c.pair("KO", "PEP"), r"y must be prices, unless the argument prices has them.*got 'KO'"),
        (lambda c, f: c.pair(f["KO"], "PEP"), "x must be prices, unless"),
        (lambda c, f: c.pair("KO", "MSFT", prices=f), "x must be a column of prices: 'KO', 'PEP', 'name', got 'MSFT'"),
        (lambda c, f: c.pair("KO", "KO", prices=f), "x must be another column than y, got 'KO'"),
        (lambda c, f: c.pair(f["KO"], f["PEP"][:-1]), r"prices\['PEP'\] must have the index of the other Series"),
        (lambda c, f: c.pair("KO", "PEP", prices=f["KO"]), r"prices must have shape \(T, N\)"),
        (lambda c, f: c.pair("KO", "PEP", f.mask(f == f.iloc[4, 1])), r"prices\[4, 1\] .*'PEP', 2020-01-05"),
        (lambda c, f: c.pair("PEP", "KO", f.assign(KO=5.0)), r"prices\[:, 1\] must vary, got 5\.0.*'KO'"),
        (lambda c, f: c.pair("KO", "PEP", f, cost_per_side=-1), "cost_per_side must be"),
        (lambda c, f: c.pair("KO", "PEP", f, autolag="bic"), "autolag must be one of"),
    ],
)
def test_what_is_wrong_is_named(client, frame, ask, words):
    with pytest.raises(mr.InvalidInput, match=words):
        ask(client, frame)
