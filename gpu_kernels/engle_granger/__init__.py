"""The Engle-Granger test of one pair, its spread as an Ornstein-Uhlenbeck process, and the thresholds to trade it at.

It is made of the operations cointegration, ou and thresholds, each of which chooses its own twin.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import cointegration, ou, pair_trading
from gpu_kernels.checks import Floats, all_finite, array, non_negative, one_of
from gpu_kernels.engle_granger import host
from gpu_kernels.engle_granger.dynamic_least_squares import hedge_interval
from gpu_kernels.engle_granger.model import DIRECTIONS, EngleGranger
from gpu_kernels.errors import Degenerate, InvalidInput
from gpu_kernels.thresholds import OBJECTIVES

__all__ = ["DIRECTIONS", "EngleGranger", "fit"]


def fit(
    prices: ArrayLike,
    *,
    direction: str = "given",
    lags: int = 1,
    autolag: str | None = None,
    max_lags: int | None = None,
    log: bool = True,
    cost: float | None = None,
    cost_legs: int = 2,
    objective: str = "sharpe",
    bias: str = "median_unbiased",
) -> EngleGranger:
    """Test one pair for cointegration, fit its spread, and find the thresholds to trade it at.

    Args:
        prices: (T, 2), oldest first; column 0 is regressed on column 1. A NaN is refused. T >= 2 k + 4 for k lags.
        direction: "given", or "best" for the direction with the lower statistic.
        lags: Lagged steps in the test, unless AIC chooses them.
        autolag: None, or "aic" to choose the lags among 0 .. max_lags.
        max_lags: The most that AIC may choose; by default ceil(12 (T / 100)^(1/4)), at most T // 2 - 2.
        log: Regress the logarithms of the prices, which must be positive.
        cost: Per side: with log a fraction of each leg's notional, else in the spread's units; DEFAULT_COST where None.
        cost_legs: 2, or 1 for costs of y alone; without log, a cost that is given counts once.
        objective: What the thresholds maximise, one of thresholds.OBJECTIVES.
        bias: Correction of the fitted speed, one of ou.FIT_BIASES.

    Returns:
        EngleGranger. A spread that is no process, or that cannot bear the cost, has a status and a reason.

    Raises:
        InvalidInput: prices are not (T, 2), a price is NaN, infinite, above 1e50 in magnitude, or not positive with
            log, there are too few of them, or an option is out of its range.
        Degenerate: a column is constant, or the second one gives the first one exactly.

    References:
        Engle and Granger (1987), Co-integration and error correction, section 5.
        MacKinnon (1994), Approximate asymptotic distribution functions for unit-root and cointegration tests.
    """
    checked = _checked(prices)
    one_of("direction", direction, DIRECTIONS)
    one_of("objective", objective, OBJECTIVES)
    one_of("bias", bias, ou.FIT_BIASES)
    rate, n_legs = None if cost is None else non_negative("cost", cost), pair_trading.legs(cost_legs)
    tested = cointegration.scan(checked, lags=lags, autolag=autolag, max_lags=max_lags, log=log)
    _solvable(checked, tested)
    turned = direction == "best" and bool(cointegration.best_direction(tested)[0][0])
    place = (1, 0) if turned else (0, 1)
    hedge_ratio, intercept = float(tested.hedge_ratio[place]), float(tested.intercept[place])
    y, x = host.levels_of(checked, turned=turned, log=log)
    spread = host.spread(y, x, intercept, hedge_ratio)
    test = float(tested.adf_statistic[place]), float(tested.adf_p_value[place]), int(tested.lags[place])
    per_side = pair_trading.cost_per_side(rate, *host.notionals(y, x, hedge_ratio, log=log), log=log, legs=n_legs)
    process = ou.fit(spread[None], bias=bias)
    levels = pair_trading.trading_levels(process, per_side, objective)
    status = pair_trading.STATUSES[levels.status[0]]
    described = (math.nan,) * 5 if status == "no_process" else _described(process)
    decided = float(levels.entry_z[0]), float(levels.exit_z[0]), status, str(levels.reason[0])
    lines = turned, hedge_ratio, intercept, spread
    return EngleGranger._make((*lines, *test, *described, *decided, *hedge_interval(y, x)))


def _checked(prices: ArrayLike) -> Floats:
    """Return the two columns in one layout, so that sums have one order and the same bits."""
    checked = np.ascontiguousarray(array("prices", prices, ndim=2, shape="(T, 2)"))
    if checked.shape[1] != 2:
        raise InvalidInput("prices", "must be (T, 2), one column for each series of the pair", value=checked.shape)
    all_finite("prices", checked, remedy="fill it, or leave its row out")
    return checked


def _solvable(prices: Floats, tested: cointegration.PairsFit) -> None:
    cointegration.refuse_constant(prices, tested.constant)
    if tested.status[0, 1] == cointegration.COLLINEAR or tested.status[1, 0] == cointegration.COLLINEAR:
        message = (
            "prices must not give each other exactly: column 0 is column 1 but for factor and offset, so that no "
            "residual is left to test; choose another series"
        )
        raise Degenerate("prices", message)


def _described(process: ou.OuFit) -> tuple[float, ...]:
    """Return theta, its standard error, half-life, mean and volatility of the spread."""
    columns = process.theta, process.theta_std_error, process.half_life, process.mu, process.sigma
    return tuple(float(column[0]) for column in columns)
