"""Results of the methods for one or more price series. Fields are named as on the wire, where their units are stated.

A field is a scalar for one series, and an array with one entry a series where many were asked for at once.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart, of_results
from meanrev.results.base import LABEL, Pictured, Result, label_column

__all__ = [
    "BacktestMetric",
    "LogReturns",
    "OuFit",
    "Signal",
    "Thresholds",
]

Floats = NDArray[np.float64]
Number = float | Floats
Count = int | NDArray[np.int64]
Text = str | tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OuFit(Pictured):
    """An Ornstein-Uhlenbeck fit, dX = theta (mu - X) dt + sigma dW, of one series or of many.

    A series with too few prices for a figure has NaN there, status "updating" and the reason.

    Attributes:
        theta: Speed of mean reversion, per time unit.
        mu: Long-run mean, in units of the price.
        sigma: Volatility, in units of the price per square root of the time unit.
        half_life: In periods; may be infinite.
        n_samples: Finite prices used.
        r_squared: Of the regression.
        status: "updating", "converged" or "error".
        timestamp_ms: Of the last price, 0 where none were sent.
        asset_id: The series' name.
        theta_std_error: Standard error of theta.
        mu_std_error: Standard error of mu.
        sigma_std_error: Standard error of sigma.
        half_life_lower: Lower end of the 95 % interval: by standard errors, or with bias "median_unbiased" by the exact
            distribution of the estimate.
        half_life_upper: Upper end of it; may be infinite.
        theta_bias_corrected: Tang and Chen's correction, whatever the option bias is.
        adf_statistic: Augmented Dickey-Fuller statistic.
        adf_p_value: Its p-value; a small one is evidence for mean reversion.
        log_likelihood: Of the fit.
        b_median_unbiased: Median-unbiased decay b = exp(-theta dt) of a step, whatever bias was asked for; NaN where
            there are fewer than 10 pairs of prices, or nothing to regress.
        b_lower: Lower end of b's 95 % interval, likewise.
        b_upper: Upper end; 1 where a unit root is possible.
        theta_lower: Lower end of theta's 95 % interval, of the kind of half_life_upper.
        theta_upper: Upper end; may be infinite.
        mu_lower: Lower end of Fieller's 95 % interval of mu; -infinity where a unit root is possible.
        mu_upper: Upper end; +infinity likewise.
        reason: Why status is "error" or "updating".
    """

    theta: Number
    mu: Number
    sigma: Number
    half_life: Number
    n_samples: Count
    r_squared: Number
    status: Text
    timestamp_ms: Count
    asset_id: Any = field(metadata=LABEL)
    theta_std_error: Number
    mu_std_error: Number
    sigma_std_error: Number
    half_life_lower: Number
    half_life_upper: Number
    theta_bias_corrected: Number
    adf_statistic: Number
    adf_p_value: Number
    log_likelihood: Number
    b_median_unbiased: Number
    b_lower: Number
    b_upper: Number
    theta_lower: Number
    theta_upper: Number
    mu_lower: Number
    mu_upper: Number
    reason: Text

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row a series, labelled by its name."""
        return super().to_frame().set_index("asset_id")

    def chart(self, prices: Any) -> Chart:
        """Return a picture of prices with the mean and bands of one and two stationary deviations.

        Args:
            prices: (T,) that were fitted.

        Raises:
            InvalidInput: the fit is of many series.
        """
        return of_results.of_fit(self, prices)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Thresholds(Result):
    """Optimal entry and exit levels of one process or of many.

    Attributes:
        entry_zscore: In stationary standard deviations from mu.
        exit_zscore: A position with side d exits when d z >= -exit_zscore.
        expected_holding_periods: Mean time in trade, in theta's time unit, or in bars where dt was given.
        expected_return_per_trade: In units of the price, net of the cost.
        win_rate_estimate: Share of trades that win; 1 without a stop.
        note: A warning, such as a fit whose unit root is not rejected; "" for none.
    """

    entry_zscore: Number
    exit_zscore: Number
    expected_holding_periods: Number
    expected_return_per_trade: Number
    win_rate_estimate: Number
    note: Text = ""

    def to_frame(self) -> Any:
        """Return a pandas DataFrame with one row a process, labelled by the series' name where the fit had names."""
        frame = super().to_frame()
        names = self.meta.get("asset_id")
        if names is None:
            return frame
        labels = (names,) if np.ndim(self.entry_zscore) == 0 else names
        return frame.set_axis(label_column(labels), axis=0).rename_axis("asset_id")

    def _table(self) -> dict[str, Any]:
        names, columns = self.meta.get("asset_id"), super()._table()
        return {"asset_id": label_column(names), **columns} if columns and names is not None else columns


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BacktestMetric(Result):
    """A backtest's state at one bar.

    Attributes:
        bar_number: Counts from 1.
        cumulative_return: Against the initial capital.
        daily_return: Since the last bar of the previous UTC day, or of this bar where no timestamps were sent.
        open_positions: 0 or 1.
        unrealized_pnl: Of the open trade.
        realized_pnl: Of the closed trades.
        max_drawdown: Positive, a fraction of the running peak; in mode "unit" of the initial capital.
        sharpe_ratio: Annualised.
        sharpe_std_error: Of it, for independent returns; NaN where they do not vary.
        probability_sharpe_positive: That the true Sharpe ratio is above 0.
        num_trades: Closed round trips.
        win_rate: Share of them with a profit.
        avg_profit_per_trade: A fraction of the initial capital.
        status: "in_trade", "flat" or "error".
        timestamp_ms: Of the bar.
        equity: The initial capital and what was gained.
        total_costs: Sum of all fees.
        position: -1, 0 or 1.
        zscore: Score of this bar; 0 while there is none.
    """

    bar_number: int
    cumulative_return: float
    daily_return: float
    open_positions: int
    unrealized_pnl: float
    realized_pnl: float
    max_drawdown: float
    sharpe_ratio: float
    sharpe_std_error: float
    probability_sharpe_positive: float
    num_trades: int
    win_rate: float
    avg_profit_per_trade: float
    status: str
    timestamp_ms: int
    equity: float
    total_costs: float
    position: int
    zscore: float


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LogReturns(Result):
    """Returns, and their moments over all of them.

    Attributes:
        log_returns: (T-1,) or (T-1, N), in the container of the prices; simple returns where these were asked for.
        mean_return: Mean.
        std_return: Standard deviation, ddof 1.
        n_periods: Number of returns.
    """

    log_returns: Any
    mean_return: float
    std_return: float
    n_periods: int


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Signal(Result):
    """What to do at the last price.

    Attributes:
        signal: "buy", "sell" or "hold".
        confidence: Between 0 and 1.
        zscore: Of the last price, in stationary standard deviations.
        expected_profit: In units of the price, net of the cost.
        timestamp_ms: Of the last price.
        reasoning: The numbers and the rule that fired.
        note: A warning, such as a fit whose unit root is not rejected; "" for none.
    """

    signal: str
    confidence: float
    zscore: float
    expected_profit: float
    timestamp_ms: int
    reasoning: str
    note: str = ""
