"""The second generation's functions, declared once for its blocking and its asyncio client."""

from collections.abc import Mapping, Sequence
from typing import Any

from meanrev.compat.shapes import fitted, matrix, one_series, vector
from meanrev.errors import InvalidInput
from meanrev.intake.containers import table
from meanrev.methods.backtest import backtest
from meanrev.methods.cara import cara
from meanrev.methods.health import health
from meanrev.methods.log_returns import log_returns
from meanrev.methods.multiperiod import multiperiod
from meanrev.methods.ou import ou
from meanrev.methods.pca import pca
from meanrev.methods.portfolio_stats import portfolio_stats as stats
from meanrev.methods.sharpe import sharpe
from meanrev.methods.signals import signals
from meanrev.methods.thresholds import thresholds as levels
from meanrev.question import Live, Question
from meanrev.results import LogReturns, Weights
from meanrev.results.base import Result

__all__ = [
    "backtest_with_costs",
    "cara_optimal_weights",
    "compute_log_returns",
    "estimate_ou_params",
    "generate_signals",
    "multiperiod_optimize",
    "optimal_thresholds",
    "pca_portfolios",
    "portfolio_health_stream",
    "portfolio_stats",
    "sharpe_optimal_weights",
]

Plain = dict[str, Any]


def estimate_ou_params(prices: Any) -> Question[Plain]:
    """Fit an Ornstein-Uhlenbeck process: theta, mu, sigma, half_life, r_squared, n_samples.

    Args:
        prices: (T,).
    """
    names = ("theta", "mu", "sigma", "half_life", "r_squared", "n_samples")
    return ou(prices).then(lambda fit: fitted(fit, *names))


def optimal_thresholds(
    ou_params: Mapping[str, Any], transaction_cost: float = 0.001, optimization_objective: str = "sharpe"
) -> Question[Plain]:
    """Find the optimal levels: entry_zscore, exit_zscore, expected_holding_periods and two more.

    Args:
        ou_params: Mapping with theta, mu and sigma.
        transaction_cost: Per side, a fraction of notional.
        optimization_objective: "sharpe", "profit" or "kelly".
    """
    asked = levels(ou_params, cost_per_side=transaction_cost, objective=optimization_objective)
    names = (
        "entry_zscore",
        "exit_zscore",
        "expected_holding_periods",
        "expected_return_per_trade",
        "win_rate_estimate",
    )
    return asked.then(lambda found: _only(found, *names))


def backtest_with_costs(
    prices: Any, entry_z: float, exit_z: float, transaction_cost: float = 0.001, update_frequency: int = 10
) -> Question[Plain]:
    """Trade the rolling z-score: returns (cumulative), sharpe, max_drawdown, num_trades, win_rate at the last bar.

    Args:
        prices: (T,), positive.
        entry_z: A position is opened where |z| reaches it.
        exit_z: And closed where |z| falls to it.
        transaction_cost: Per side, a fraction of notional.
        update_frequency: Accepted, and without effect: the last bar is reported always.
    """
    del update_frequency
    one_series(prices)
    return backtest(prices, entry_zscore=entry_z, exit_zscore=exit_z, cost_per_side=transaction_cost).then(
        lambda found: {
            "returns": found.cumulative_return,
            "sharpe": found.sharpe_ratio,
            **_only(found, "max_drawdown", "num_trades", "win_rate"),
        }
    )


def compute_log_returns(prices: Any) -> Question[Any]:
    """Compute log returns as a pandas DataFrame with the columns log_returns, mean and std.

    Args:
        prices: (T,), positive.

    Raises:
        InvalidInput: prices are not one-dimensional.
    """
    shape = table("prices", prices).values.shape
    if len(shape) != 1:
        raise InvalidInput("prices", "must have shape (T,); meanrev.compat.v1 takes frames", value=shape)

    def frame(found: LogReturns) -> Any:
        import pandas as pd  # noqa: PLC0415 - only this shape needs it

        labels = found.log_returns.index if isinstance(found.log_returns, pd.Series) else None
        columns = {"log_returns": found.log_returns, "mean": found.mean_return, "std": found.std_return}
        return pd.DataFrame(columns, index=range(found.n_periods) if labels is None else labels)

    return log_returns(prices).then(frame)


def pca_portfolios(returns: Any, n_components: int = 3) -> Question[Plain]:
    """Find principal components: components K x N, variance_explained, total_variance, transformed T x K.

    Args:
        returns: (T, N).
        n_components: At most so many.
    """
    return pca(returns, n_components=n_components).then(
        lambda found: {
            "components": matrix(found.components),
            "variance_explained": vector(found.explained_variance_ratio),
            "total_variance": found.total_variance_explained,
            "transformed": matrix(found.transformed),
        }
    )


def cara_optimal_weights(
    returns: Any, covariance: Any = None, gamma: float = 1.0, *, cov: Any = None
) -> Question[Plain]:
    """Find mean-variance weights: weights, expected_return, expected_volatility, sharpe_ratio, utility.

    Args:
        returns: (T, N).
        covariance: (N, N), replaces the sample covariance.
        gamma: Risk aversion.
        cov: Another name of covariance.
    """
    asked = cara(returns, covariance=_either("covariance", covariance, "cov", cov), gamma=gamma)
    return asked.then(lambda found: {**_weights(found), "utility": found.utility})


def sharpe_optimal_weights(
    returns: Any,
    covariance: Any = None,
    risk_free_rate: float | None = None,
    *,
    cov: Any = None,
    rf: float | None = None,
) -> Question[Plain]:
    """Find the tangency weights: weights, sharpe_ratio, expected_return, expected_volatility.

    Args:
        returns: (T, N).
        covariance: (N, N), replaces the sample covariance.
        risk_free_rate: Per period; 0 where None.
        cov: Another name of covariance.
        rf: Another name of risk_free_rate.
    """
    rate = _either("risk_free_rate", risk_free_rate, "rf", rf)
    square = _either("covariance", covariance, "cov", cov)
    return sharpe(returns, covariance=square, risk_free_rate=0.0 if rate is None else rate).then(_weights)


def multiperiod_optimize(
    returns_sequence: Sequence[Any], gamma: float = 1.0, transaction_cost: float = 0.001, rebalance_frequency: int = 5
) -> Question[Plain]:
    """Plan weights for several periods: weights_sequence, cumulative_utility, avg_turnover.

    Args:
        returns_sequence: (T, N) each, one a period.
        gamma: Risk aversion.
        transaction_cost: Per unit of turnover.
        rebalance_frequency: Weights change only every so many periods.
    """
    return multiperiod(
        returns_sequence, gamma=gamma, transaction_cost=transaction_cost, rebalance_frequency=rebalance_frequency
    ).then(
        lambda plan: {
            "weights_sequence": vector(plan.weights_sequence),
            **_only(plan, "cumulative_utility", "avg_turnover"),
        }
    )


def portfolio_stats(returns: Any, weights: Any = None) -> Question[Plain]:
    """Compute mean_return, std_return, correlation, covariance, skewness and kurtosis of a portfolio.

    Args:
        returns: (T, N).
        weights: (N,); 1/N each where None.
    """
    return stats(returns, weights).then(
        lambda found: {
            **_only(found, "mean_return", "std_return"),
            "correlation": matrix(found.correlation),
            "covariance": matrix(found.covariance),
            **_only(found, "skewness", "kurtosis"),
        }
    )


def generate_signals(
    price_history: Any, ou_params: Mapping[str, Any], thresholds: Mapping[str, Any], position_state: str = "flat"
) -> Question[Plain]:
    """Decide at the last price: signal, confidence, zscore, expected_profit, reasoning.

    Args:
        price_history: (T,).
        ou_params: Mapping with theta, mu and sigma.
        thresholds: Mapping with entry_zscore and exit_zscore.
        position_state: "flat", "long" or "short".
    """
    names = ("signal", "confidence", "zscore", "expected_profit", "reasoning")
    return signals(price_history, ou_params, thresholds, position=position_state).then(
        lambda found: _only(found, *names)
    )


def portfolio_health_stream(
    portfolio_id: str = "",
    asset_ids: Sequence[str] = (),
    update_frequency_ms: int = 1000,
    holdings: Mapping[str, float] | None = None,
) -> Live[Plain]:
    """Report a portfolio's value, risk and alerts, at once and then every update_frequency_ms.

    Args:
        portfolio_id: Name in the reports.
        asset_ids: Assets to watch.
        update_frequency_ms: Time between reports.
        holdings: Quantity of each asset.
    """
    return health(
        holdings, portfolio_id=portfolio_id, asset_ids=asset_ids, update_frequency_ms=update_frequency_ms
    ).then(lambda report: {**report.to_dict(), "alerts": list(report.alerts)})


def _only(result: Result, *names: str) -> Plain:
    return {name: result[name] for name in names}


def _weights(found: Weights) -> Plain:
    return {
        "weights": vector(found.weights),
        **_only(found, "expected_return", "expected_volatility", "sharpe_ratio"),
    }


def _either(name: str, value: Any, other_name: str, other: Any) -> Any:
    if value is not None and other is not None:
        raise InvalidInput(other_name, f"is another name of {name}, which is given too")
    return other if value is None else value
