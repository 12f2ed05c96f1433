"""The first generation's functions, declared once for its blocking and its asyncio client."""

from typing import Any, cast

import numpy as np

from meanrev.compat.shapes import fitted, one_series, vector
from meanrev.intake.containers import table
from meanrev.methods.backtest import backtest
from meanrev.methods.cara import cara
from meanrev.methods.log_returns import log_returns
from meanrev.methods.multiperiod import multiperiod
from meanrev.methods.ou import ou
from meanrev.methods.pca import pca
from meanrev.methods.sharpe import sharpe
from meanrev.methods.thresholds import thresholds
from meanrev.question import Question
from meanrev.results import BacktestPath, BacktestResult, LogReturns

__all__ = [
    "backtest_with_costs",
    "cara_optimal_weights",
    "compute_log_returns",
    "estimate_ou_params",
    "multiperiod_optimize",
    "optimal_thresholds",
    "pca_portfolios",
    "sharpe_optimal_weights",
]

Plain = dict[str, Any]


def estimate_ou_params(prices: Any) -> Question[Plain]:
    """Fit an Ornstein-Uhlenbeck process: theta, mu, sigma, half_life.

    Args:
        prices: (T,).
    """
    return ou(prices).then(lambda fit: fitted(fit, "theta", "mu", "sigma", "half_life"))


def optimal_thresholds(theta: float, mu: float, sigma: float, transaction_cost: float = 0.001) -> Question[Plain]:
    """Find the optimal levels: optimal_entry, optimal_exit (z-scores), expected_holding_period.

    Args:
        theta: Speed of mean reversion.
        mu: Long-run mean.
        sigma: Volatility.
        transaction_cost: Per side, a fraction of notional.
    """
    return thresholds({"theta": theta, "mu": mu, "sigma": sigma}, cost_per_side=transaction_cost).then(
        lambda found: {
            "optimal_entry": found.entry_zscore,
            "optimal_exit": found.exit_zscore,
            "expected_holding_period": found.expected_holding_periods,
        }
    )


def backtest_with_costs(
    prices: Any, entry_z: float = 2.0, exit_z: float = 0.5, transaction_cost: float = 0.001
) -> Question[Plain]:
    """Trade the rolling z-score: returns, positions and pnl a bar, sharpe, max_drawdown, total_costs.

    Args:
        prices: (T,), positive.
        entry_z: A position is opened where |z| reaches it.
        exit_z: And closed where |z| falls to it.
        transaction_cost: Per side, a fraction of notional.
    """
    values = one_series(prices).values
    asked = backtest(values, entry_zscore=entry_z, exit_zscore=exit_z, cost_per_side=transaction_cost, path=True)
    return asked.then(_bars)


def compute_log_returns(prices: Any) -> Question[Any]:
    """Compute log returns, (T-1) x N, as a pandas DataFrame.

    Args:
        prices: T x N frame, positive.
    """

    def frame(found: LogReturns) -> Any:
        import pandas as pd  # noqa: PLC0415 - only this shape needs it

        return pd.DataFrame(found.log_returns)

    return log_returns(prices).then(frame)


def pca_portfolios(returns: Any, n_components: int = 10) -> Question[tuple[Any, Plain]]:
    """Find principal components: (components K x N, {"explained_variance_ratio_": K ratios}).

    Args:
        returns: T x N frame.
        n_components: At most so many.
    """
    return pca(returns, n_components=n_components).then(
        lambda found: (found.components, {"explained_variance_ratio_": found.explained_variance_ratio})
    )


def cara_optimal_weights(expected_returns: Any, covariance: Any, gamma: float = 2.0) -> Question[Plain]:
    """Find mean-variance weights: weights, expected_return, expected_variance.

    Args:
        expected_returns: (N,).
        covariance: (N, N).
        gamma: Risk aversion.
    """
    return cara(expected_returns=expected_returns, covariance=covariance, gamma=gamma).then(
        lambda found: {
            "weights": vector(found.weights),
            "expected_return": found.expected_return,
            "expected_variance": found.expected_volatility**2,
        }
    )


def sharpe_optimal_weights(expected_returns: Any, covariance: Any, risk_free_rate: float = 0.02) -> Question[Plain]:
    """Find the tangency weights: weights, sharpe_ratio, expected_return, expected_std.

    Args:
        expected_returns: (N,).
        covariance: (N, N).
        risk_free_rate: Per period.
    """
    return sharpe(expected_returns=expected_returns, covariance=covariance, risk_free_rate=risk_free_rate).then(
        lambda found: {
            "weights": vector(found.weights),
            "sharpe_ratio": found.sharpe_ratio,
            "expected_return": found.expected_return,
            "expected_std": found.expected_volatility,
        }
    )


def multiperiod_optimize(
    returns: Any, covariance: Any, gamma: float = 2.0, transaction_cost: float = 0.001, n_periods: int = 10
) -> Question[Plain]:
    """Plan weights for n_periods: weights_sequence, rebalance_times, expected_utility.

    Args:
        returns: (N,) expected returns, the same in every period, or T x N returns that are cut into n_periods.
        covariance: (N, N).
        gamma: Risk aversion.
        transaction_cost: Per unit of turnover.
        n_periods: How many.
    """
    read = table("returns", returns)
    expected = read.values.ndim == 1
    return multiperiod(
        None if expected else returns,
        n_periods=n_periods,
        expected_returns=returns if expected else None,
        covariance=covariance,
        gamma=gamma,
        transaction_cost=transaction_cost,
    ).then(
        lambda plan: {
            "weights_sequence": vector(plan.weights_sequence),
            "rebalance_times": vector(plan.rebalance_times),
            "expected_utility": plan.cumulative_utility,
        }
    )


def _bars(found: BacktestResult) -> Plain:
    path = cast("BacktestPath", found.path)  # asked for above
    equity = np.concatenate([[1.0], path.equity])
    gains = np.diff(equity)
    return {
        "returns": np.divide(gains, equity[:-1], out=np.zeros_like(gains), where=equity[:-1] > 0).tolist(),
        "positions": vector(path.position),
        "pnl": gains.tolist(),
        "sharpe": found.sharpe_ratio,
        "max_drawdown": found.max_drawdown,
        "total_costs": found.total_costs,
    }
