"""The second step of a scan on its own: listed pairs are fitted and traded.

`scan` is these steps one after the other. A caller that runs it in parts calls them in the same order:

1. tiles.test_pairs on every tile: the significant pairs, and the p-values of all pairs.
2. trade_pairs on lists of the significant pairs.
3. What needs all pairs, from a few columns of them: multiplicity.q_values_among (p-values of all pairs),
   multiplicity.tries_of and multiplicity.deflated (Sharpe ratios per bar of all significant pairs),
   multiplicity.ranked_by and multiplicity.ranking (one key a pair).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.checks import Floats, all_finite, array
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pair_trading import options
from gpu_kernels.pair_trading.model import STATUSES, Progress, ScanRules
from gpu_kernels.pair_trading.out_of_sample import OutOfSample, notes, test_part
from gpu_kernels.pair_trading.reporting import Report, reporting, within
from gpu_kernels.pair_trading.sub_periods import sub_periods
from gpu_kernels.pair_trading.train_part import Hedged, Trained, costs, train_part
from gpu_kernels.performance.sharpe_error import probability_positive
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = ["DIVIDED", "TESTED", "TRAINED", "PairTrades", "described", "trade_pairs", "traded"]

TRAINED, TESTED, DIVIDED = 0.5, 0.7, 0.95
"""Shares of the work at which the train part, the test part and the sub-periods are done, before the table."""

Indices = NDArray[np.int64]


class PairTrades(NamedTuple):
    """What is known of pairs once they are traded, in the order given; every array is (P,) unless stated otherwise.

    Fields that PairTable has too mean the same there, and are NaN for the same statuses.

    Attributes:
        theta: As in PairTable, here and below.
        theta_std_error: Of theta.
        half_life: In bars.
        mu: Mean of the residual.
        sigma: Volatility of the residual.
        entry_zscore: Threshold at which a trade opens.
        exit_zscore: Threshold at which it closes.
        train_sharpe: Annualised.
        sharpe_per_bar: The same per bar of the train part: a try of multiplicity.tries_of and multiplicity.deflated.
        skewness: Of the train part's returns per bar.
        kurtosis: Of them, 3 for a normal.
        test_sharpe: Annualised.
        test_return: In units of the residual.
        test_trades: Round trips closed within the test part.
        test_max_drawdown: In units of the residual.
        period_half_life: (P, 3) in bars.
        period_p_value: (P, 3).
        status: P of model.STATUSES.
        reason: P texts.
        train_sharpe_std_error: Annualised.
        test_sharpe_std_error: Annualised.
        probability_sharpe_positive: That the true Sharpe ratio behind test_sharpe is above 0.
        test_note: P texts.
    """

    theta: Floats
    theta_std_error: Floats
    half_life: Floats
    mu: Floats
    sigma: Floats
    entry_zscore: Floats
    exit_zscore: Floats
    train_sharpe: Floats
    sharpe_per_bar: Floats
    skewness: Floats
    kurtosis: Floats
    test_sharpe: Floats
    test_return: Floats
    test_trades: Indices
    test_max_drawdown: Floats
    period_half_life: Floats
    period_p_value: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
    train_sharpe_std_error: Floats
    test_sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    test_note: tuple[str, ...]


def trade_pairs(
    prices: ArrayLike,
    y: ArrayLike,
    x: ArrayLike,
    hedge_ratio: ArrayLike,
    intercept: ArrayLike,
    p_value: ArrayLike,
    *,
    n_train: int,
    lags: int = 1,
    log: bool = True,
    cost: float | None = None,
    objective: str = "sharpe",
    lookback: int = 60,
    periods_per_year: float = PERIODS_PER_YEAR,
    score: str = "fixed",
    cost_legs: int = 2,
    bias: str = "median_unbiased",
    progress: Progress | None = None,
) -> PairTrades:
    """Fit listed pairs on the train part, trade them on both parts, and test them on each third of the train part.

    Args:
        prices: (T, N), oldest first. The columns of the pairs need a usable price in every row, and no other is read.
        y: (P,) column numbers of the series regressed, P >= 0.
        x: (P,) of those they are regressed on.
        hedge_ratio: (P,) of the train part, as test_pairs gives it.
        intercept: (P,) likewise.
        p_value: (P,) likewise; notes name it.
        n_train: Rows of the train part, at least 3 (2 lags + 4) and at most T - 2.
        lags: Lagged steps in the tests of the thirds.
        log: Regress the logarithms of the prices.
        cost: As in scan, here and below.
        objective: What the thresholds maximise.
        lookback: Bars in the window of the z-score, at most n_train.
        periods_per_year: For Sharpe ratios.
        score: "fixed" or "rolling".
        cost_legs: 1 or 2.
        bias: Correction of the fitted speed.
        progress: Called with the pairs done and P, several times a second; what it raises ends the work.

    Returns:
        PairTrades. A pair's figures depend on no other pair of the list, and are those of `scan` for the same pair.

    Raises:
        InvalidInput: a price is not usable, the arrays are not of one length, a column number is out of range, or an
            option is out of range.
    References: those of model.py.
    """
    checked = array("prices", prices, ndim=2, shape="(T, N)")
    asked = lags, n_train, 1.0, None, log, cost, objective, lookback, periods_per_year, score, cost_legs, bias
    rules = options.checked(ScanRules(*asked))
    options.has_bars(len(checked), rules)
    listed = _columns(checked.shape[1], y=y, x=x)
    figures = _figures(listed["y"].size, hedge_ratio=hedge_ratio, intercept=intercept, p_value=p_value)
    used, places = np.unique(np.concatenate([listed["y"], listed["x"]]), return_inverse=True)
    held = options.usable(checked, used, log=log)
    numbers = places.reshape(2, -1)
    pairs = Hedged(numbers[0], numbers[1], figures["hedge_ratio"], figures["intercept"])
    return traded(held, pairs, figures["p_value"], rules, reporting(progress, numbers.shape[1], numbers.shape[1]))


def traded(prices: Floats, pairs: Hedged, p_value: Floats, rules: ScanRules, report: Report) -> PairTrades:
    """Trade pairs of columns of prices (T, N); see the contract."""
    series = np.ascontiguousarray((np.log(prices) if rules.log else prices).T)
    cost = costs(series[:, : rules.n_train], pairs[:3], rules)
    trained = train_part(series[:, : rules.n_train], pairs, cost, rules, within(report, 0.0, TRAINED))
    tests = test_part(series, pairs, trained, cost, rules, within(report, TRAINED, TESTED))
    periods = sub_periods(prices, series, pairs, rules, within(report, TESTED, DIVIDED))
    found = described(trained, tests, periods, p_value, len(prices) - rules.n_train, rules)
    report(1.0)
    return found


def described(
    trained: Trained, tests: OutOfSample, periods: tuple[Floats, Floats], p_value: Floats, n_bars: int, rules: ScanRules
) -> PairTrades:
    """Put together what is known of pairs, all (P,).

    Args:
        trained: On the train part.
        tests: On the test part.
        periods: On the parts of the train part.
        p_value: Of the pairs' tests.
        n_bars: Of the test part.
        rules: What all pairs share.
    """
    annual = np.sqrt(rules.periods_per_year)
    return PairTrades(
        *trained[:7],
        trained.sharpe * annual,
        *trained[7:10],
        test_sharpe=tests.sharpe,
        test_return=tests.gained,
        test_trades=tests.trades,
        test_max_drawdown=tests.drawdown,
        period_half_life=periods[0],
        period_p_value=periods[1],
        status=tuple(STATUSES[code] for code in trained.status),
        reason=tuple(trained.reason),
        train_sharpe_std_error=trained.sharpe_error * annual,
        test_sharpe_std_error=tests.sharpe_error,
        probability_sharpe_positive=probability_positive(tests.sharpe, tests.sharpe_error),
        test_note=notes(trained, tests.trades, p_value, n_bars, rules),
    )


def _columns(n_columns: int, **given: ArrayLike) -> dict[str, Indices]:
    """Check column numbers, and that there are equally many."""
    found = {name: np.asarray(numbers, dtype=np.int64) for name, numbers in given.items()}
    for name, numbers in found.items():
        if numbers.shape != found["y"].shape or numbers.ndim != 1:
            raise InvalidInput(name, f"must be ({found['y'].size},) column numbers", value=numbers.shape)
        outside = numbers[(numbers < 0) | (numbers >= n_columns)]
        if outside.size:
            raise InvalidInput(name, f"must be column numbers from 0 to {n_columns - 1}", value=int(outside[0]))
    return found


def _figures(n_pairs: int, **given: ArrayLike) -> dict[str, Floats]:
    """Check figures of as many pairs."""
    found = {name: array(name, values, ndim=1, shape=f"({n_pairs},)") for name, values in given.items()}
    for name, values in found.items():
        if values.size != n_pairs:
            raise InvalidInput(name, f"must have shape ({n_pairs},)", value=values.shape)
        all_finite(name, values)
    return found
