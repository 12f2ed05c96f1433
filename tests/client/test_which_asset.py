"""Where there is no answer because of one asset, the error names it as the caller does."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr

NAMES = ["KO", "PEP", "GONE"]


def drawn(seed):
    return pd.DataFrame(np.random.default_rng(seed).normal(0, 0.01, (200, 3)), columns=NAMES)


@pytest.fixture
def returns():
    return drawn(5)


METHODS = {
    "cara": lambda client, returns: client.cara(returns),
    "sharpe": lambda client, returns: client.sharpe(returns),
    "portfolio_stats": lambda client, returns: client.portfolio_stats(returns),
    "one matrix": lambda client, returns: client.multiperiod(returns, n_periods=2),
    "two matrices": lambda client, returns: client.multiperiod([drawn(6), returns]),
    "pca": lambda client, returns: client.pca(returns),
}


@pytest.mark.parametrize("ask", METHODS.values(), ids=METHODS)
def test_an_asset_without_a_return_is_named(client, returns, ask):
    returns["GONE"] = np.nan
    with pytest.raises(mr.InvalidInput, match=r"asset 2 .*\(at 'GONE'\)") as caught:
        ask(client, returns)
    assert caught.value.index == (0, 2)


@pytest.mark.parametrize("ask", [METHODS["cara"], METHODS["sharpe"], METHODS["one matrix"]])
def test_an_asset_without_variance_is_named(client, returns, ask):
    returns["PEP"] = 0.001
    with pytest.raises(mr.InvalidInput, match=r"asset 1 has no variance; leave it out \(at 'PEP'\)"):
        ask(client, returns)


def test_an_asset_that_makes_a_covariance_singular_is_named(client, returns):
    covariance = returns.cov()
    covariance["GONE"] = covariance.loc["GONE"] = 2.0 * covariance["KO"]
    covariance.loc["GONE", "GONE"] = 4.0 * covariance.loc["KO", "KO"]
    for ask in (
        lambda: client.cara(expected_returns=returns.mean(), covariance=covariance),
        lambda: client.multiperiod(
            n_periods=2, cost_model="quadratic", expected_returns=returns.mean(), covariance=covariance
        ),
    ):
        with pytest.raises(mr.InvalidInput, match=r"asset 2 has no variance of its own .*\(at 'GONE'\)"):
            ask()


def test_an_expected_return_that_is_no_number_is_named(client, returns):
    expected = returns.mean()
    expected["PEP"] = np.nan
    for ask in (
        lambda: client.sharpe(expected_returns=expected, covariance=returns.cov()),
        lambda: client.multiperiod(n_periods=2, expected_returns=expected, covariance=returns.cov()),
    ):
        with pytest.raises(mr.InvalidInput, match=r"must be finite.*\(at 'PEP'\)"):
            ask()
