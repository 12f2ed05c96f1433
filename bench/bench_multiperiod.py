"""Plans over several periods with costs of trading, beside Clarabel on the same program in sparse form.

Where cvxportfolio is installed, also a plan of three periods beside the time of its policy per day of a backtest.
"""

import importlib.util
import warnings

import numpy as np
import pytest

from gpu_kernels import dispatch, multiperiod
from tests.naive import multiperiod as clarabel_form

GAMMA, COST = 5.0, 1e-3
SHAPES = {"12x20": (12, 20), "12x100": (12, 100), "60x50": (60, 50)}


def draw(shape):
    source = np.random.default_rng(1)
    n_periods, n_assets = shape
    returns = 0.01 * source.standard_normal((n_periods, 3 * n_assets, n_assets))
    covariances = np.einsum("kti,ktj->kij", returns, returns) / (3 * n_assets)
    return 1e-3 * source.standard_normal(shape), covariances


DATA = {name: draw(shape) for name, shape in SHAPES.items()}


def ours(name):
    means, covariances = DATA[name]
    return multiperiod.optimize(means, covariances, gamma=GAMMA, transaction_cost=COST, bounds=(0, 1)).weights


def by_kernel(name):
    with dispatch.using("native"):
        return ours(name)


def by_clarabel(name):
    means, covariances = DATA[name]
    size = means.shape[1]
    initial = np.full(size, 1 / size)
    return clarabel_form.plan(means, covariances, GAMMA, COST, initial, np.zeros(size), np.ones(size))


@pytest.mark.parametrize("name", SHAPES)
def test_both_agree(name):
    means, covariances = DATA[name]
    initial = np.full(means.shape[1], 1 / means.shape[1])
    first, second = (
        clarabel_form.objective(weights, means, covariances, GAMMA, COST, initial)
        for weights in (ours(name), by_clarabel(name))
    )
    assert first == pytest.approx(second, rel=1e-9)


@pytest.mark.benchmark(group="multiperiod")
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("solver", [by_kernel, ours, by_clarabel], ids=["meanrev", "meanrev, NumPy", "peer: clarabel"])
def test_multiperiod(benchmark, name, solver):
    benchmark.group = f"multiperiod {name}, long only, costs"
    benchmark.pedantic(solver, args=(name,), rounds=3, warmup_rounds=1)


AHEAD, N_DAYS, WORTH = 3, 40, 1e6


def small():
    """Means and a covariance of ten assets, the same for each of the periods ahead."""
    source = np.random.default_rng(8)
    returns = 0.01 * source.standard_normal((300, 10)) + 0.006 * source.standard_normal((300, 1))
    return 1e-3 * source.standard_normal(10), np.cov(returns.T)


MEAN, COVARIANCE = small()


def ours_small():
    means = np.tile(MEAN, (AHEAD, 1))
    return multiperiod.optimize(means, COVARIANCE, gamma=GAMMA, transaction_cost=COST, bounds=(0, 1)).weights


def cvxportfolio_policy():
    import cvxportfolio as cvx
    import pandas as pd

    names = [*map(str, range(MEAN.size))]
    gain = cvx.ReturnsForecast(r_hat=pd.Series(MEAN, names))
    risk = cvx.FullCovariance(pd.DataFrame(COVARIANCE, names, names))
    objective = gain - GAMMA / 2 * risk - cvx.TransactionCost(a=COST, b=None)
    rules = [cvx.LongOnly(), cvx.NoCash()]
    # Its default solver, OSQP, stops with four digits fewer.
    return cvx.MultiPeriodOptimization(
        objective, rules, planning_horizon=AHEAD, include_cash_return=False, solver="CLARABEL"
    )


def cvxportfolio_backtest():
    """Return the seconds that the policy took on each day of a backtest, its program being made once."""
    import cvxportfolio as cvx
    import pandas as pd

    names = [*map(str, range(MEAN.size)), "cash"]
    days = pd.bdate_range("2024-01-01", periods=N_DAYS, tz="UTC")
    earned = 0.01 * np.random.default_rng(9).standard_normal((N_DAYS, len(names)))
    earned[:, -1] = 0.0
    now = pd.Timedelta(0)
    prices = cvx.UserProvidedMarketData(
        returns=pd.DataFrame(earned, days, names), cash_key="cash", min_history=now, grace_period=now
    )
    market = cvx.MarketSimulator(market_data=prices, costs=[], cash_key="cash")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = market.backtest(
            cvxportfolio_policy(), start_time=days[0], end_time=days[-1], h=cvxportfolio_holdings()
        )
    return result.policy_times.to_numpy()


def cvxportfolio_holdings():
    import pandas as pd

    held = np.append(np.full(MEAN.size, WORTH / MEAN.size), 0.0)
    return pd.Series(held, [*map(str, range(MEAN.size)), "cash"])


def test_cvxportfolio_trades_the_same():
    pytest.importorskip("cvxportfolio", reason="needs the peers set")
    import pandas as pd

    held = cvxportfolio_holdings()
    trades, *_ = cvxportfolio_policy().execute(held, None, pd.Timestamp("2024-01-01", tz="UTC"))
    np.testing.assert_allclose((held + trades)[:-1] / WORTH, ours_small()[0], atol=1e-5)


@pytest.mark.benchmark(
    group="multiperiod 3x10, long only, costs; of the peer a backtest of 40 days, its market included"
)
@pytest.mark.parametrize("name", ["meanrev", "peer: cvxportfolio"])
def test_a_plan_a_day(benchmark, name):
    if name == "meanrev":
        benchmark(ours_small)
    elif importlib.util.find_spec("cvxportfolio"):
        benchmark.pedantic(cvxportfolio_backtest, rounds=1, warmup_rounds=1)
    else:
        pytest.skip("needs the peers set")
