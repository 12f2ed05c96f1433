"""Figures of return series: equations, units and results.

r_1 ... r_n are the simple returns from a series' first finite entry to its last, a missing one inside counting 0; Y is
the number of periods in a year, W_t = (1 + r_1) ... (1 + r_t) the wealth, W_0 = 1, and M_t = max(W_0, ..., W_t) its
running peak. The mean m, the standard deviation s (ddof 1) and all sums are over t = 1 ... n.

- total_return = W_n - 1; cagr = W_n^(Y / n) - 1, and -1 where nothing is left.
- annual_return = m Y; volatility = s sqrt(Y); sharpe_ratio = m / s sqrt(Y).
- sortino_ratio = m sqrt(Y) / sqrt(sum min(r_t, 0)^2 / n): the target is 0, and every return counts in the divisor.
- omega_ratio = sum max(r_t, 0) / sum max(-r_t, 0), at a threshold of 0.
- max_drawdown = max (1 - W_t / M_t); longest_drawdown = the most bars from a peak to the wealth's return to it, or to
  the end; calmar_ratio = cagr / max_drawdown.
- skewness and kurtosis: population moments of the standardised returns; a normal distribution has 0 and 3.

A ratio by 0 is NaN: Sharpe's where returns do not vary, Sortino's where none is negative, Calmar's where there is no
drawdown.
Gains over losses (omega_ratio) are infinite where there are gains and no losses, and NaN where there are neither.
Volatility of a single return is NaN, and so are skewness and kurtosis of returns that do not vary.

References:
    Sharpe (1994), The Sharpe ratio.
    Sortino and Price (1994), Performance measurement in a downside risk framework.
    Young (1991), Calmar ratio: a smoother tool.
    Keating and Shadwick (2002), A universal performance measure, equation 1.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["KINDS", "Performance", "ReturnFigures"]

KINDS = ("simple", "log", "equity")
"""What the entries are: simple returns, logarithmic returns, or values of an account."""


class ReturnFigures(NamedTuple):
    """Figures of B series of returns, (B,) arrays; NaN where one is not defined.

    Attributes:
        total_return: Over all bars.
        cagr: Compound growth a year.
        annual_return: Arithmetic mean of the returns times the periods of a year, which no account that reinvests
            earns; cagr is what it earns.
        volatility: Standard deviation, a year.
        sharpe_ratio: Annualised.
        sortino_ratio: Annualised, at a target of 0.
        calmar_ratio: cagr over max_drawdown.
        omega_ratio: Gains over losses.
        max_drawdown: Positive, a fraction of the running peak.
        longest_drawdown: In bars, from a peak to its recovery or to the end.
        skewness: Population moment.
        kurtosis: Population moment; 3 for a normal distribution.
        best_return: Of one bar.
        worst_return: Of one bar.
        sharpe_std_error: Of sharpe_ratio, annualised like it; see sharpe_error.py.
        probability_sharpe_positive: That the true Sharpe ratio is above 0.
    """

    total_return: Floats
    cagr: Floats
    annual_return: Floats
    volatility: Floats
    sharpe_ratio: Floats
    sortino_ratio: Floats
    calmar_ratio: Floats
    omega_ratio: Floats
    max_drawdown: Floats
    longest_drawdown: NDArray[np.int64]
    skewness: Floats
    kurtosis: Floats
    best_return: Floats
    worst_return: Floats
    sharpe_std_error: Floats
    probability_sharpe_positive: Floats


class Performance(NamedTuple):
    """Figures of B series, and which have some.

    Attributes:
        status: (B,) "ok", or "error" where a series has no figures: NaN, and 0 as longest_drawdown.
        reason: (B,) why, "" where status is "ok".
        n_bars: (B,) returns from the first finite one to the last; 0 where status is "error".
        figures: Of all of them.
    """

    status: tuple[str, ...]
    reason: tuple[str, ...]
    n_bars: NDArray[np.int64]
    figures: ReturnFigures
