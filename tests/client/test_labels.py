"""What carries labels is read by them: an order of its own never becomes a wrong number."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.compat import v1

NAMES = ["KO", "PEP", "XOM"]


@pytest.fixture(scope="module")
def client():
    with mr.Client("local") as near:
        yield near


@pytest.fixture(scope="module")
def returns():
    draws = np.random.default_rng(3).normal(0.001, [0.01, 0.02, 0.03], (80, 3))
    return pd.DataFrame(draws, columns=NAMES)


def test_weights_in_another_order_are_the_same_weights(client, returns):
    weights = pd.Series([0.7, 0.2, 0.1], index=NAMES)
    plain = client.portfolio_stats(returns, [0.7, 0.2, 0.1]).std_return
    assert client.portfolio_stats(returns, weights).std_return == plain
    assert client.portfolio_stats(returns, weights[::-1]).std_return == plain
    assert client.portfolio_stats(returns, weights.reset_index(drop=True)).std_return == plain  # no label in common


def test_weights_of_other_assets_are_refused(client, returns):
    for labels in (["KO", "PEP", "CVX"], ["KO", "KO", "PEP"]):
        with pytest.raises(mr.InvalidInput, match="weights must be labelled like the returns: KO, PEP, XOM"):
            client.portfolio_stats(returns, pd.Series([0.7, 0.2, 0.1], index=labels))


@pytest.mark.parametrize("method", ["cara", "sharpe"])
def test_moments_in_another_order_are_the_same_moments(client, returns, method):
    ask = getattr(client, method)
    mean, covariance, turned = returns.mean(), returns.cov(), NAMES[::-1]
    plain = ask(returns, expected_returns=mean, covariance=covariance).weights
    assert plain.equals(ask(returns, expected_returns=mean[turned], covariance=covariance.loc[turned, turned]).weights)
    assert plain.equals(ask(expected_returns=mean[turned], covariance=covariance).weights)


def test_a_plan_reads_labels_too(client, returns):
    held, turned = pd.Series([0.7, 0.2, 0.1], index=NAMES), NAMES[::-1]
    covariance = returns.cov()

    def plan(order):
        return client.multiperiod(
            returns,
            n_periods=2,
            initial_weights=held[order],
            covariance=covariance.loc[order, order],
            transaction_cost=0.01,
        ).weights_sequence

    assert plan(NAMES).equals(plan(turned))


def test_what_is_missing_in_a_frame_of_nullable_columns_is_no_price(client):
    prices = pd.DataFrame({"KO": [50, 51, None, 49, 50, 52], "PEP": [1, 2, 3, 2, 1, 2]}, dtype="Int64")
    assert client.ou(prices).n_samples.tolist() == [5, 6]
    assert client.ou(prices["KO"]).n_samples == 5


@pytest.mark.parametrize(
    "wrong",
    [np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[ns]"), np.array([1j, 2]), np.array([1, 2], "m8[s]")],
)
def test_a_column_of_no_numbers_is_named(client, wrong):
    with pytest.raises(mr.InvalidInput, match=r"prices\['when'\] must be numbers, got"):
        client.ou(pd.DataFrame({"when": wrong, "KO": [1.0, 2.0]}))
    with pytest.raises(mr.InvalidInput, match="prices must be numbers, got"):
        client.ou(pd.Series(wrong))


def test_several_series_are_not_one_long_series_to_the_first_generation():
    with pytest.raises(mr.InvalidInput, match="prices must be one series"):
        v1.backtest_with_costs(np.full((50, 3), 10.0))
