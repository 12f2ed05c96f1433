"""Thresholds for trading an Ornstein-Uhlenbeck process: the optimal ones, and what given ones earn."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import at_least, non_negative, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.thresholds import host
from gpu_kernels.thresholds.contract import Arguments
from gpu_kernels.thresholds.model import (
    BAR_SHIFT,
    LARGEST_COST,
    LARGEST_ENTRY,
    LARGEST_RATE,
    MODELS,
    NOT_SHIFTED,
    OBJECTIVES,
    SMALLEST_COST,
    SMALLEST_RATE,
    STOP_CHANGES,
    UNITS,
    Thresholds,
)

__all__ = [
    "BAR_SHIFT",
    "LARGEST_COST",
    "LARGEST_ENTRY",
    "LARGEST_RATE",
    "MODELS",
    "NOT_SHIFTED",
    "OBJECTIVES",
    "SMALLEST_COST",
    "SMALLEST_RATE",
    "STOP_CHANGES",
    "UNITS",
    "Thresholds",
    "evaluate",
    "optimal",
    "round_trip_cost",
]

OPTIMAL_TWINS = Twins(host=host.optimal)
EVALUATE_TWINS = Twins(host=host.describe)


def optimal(
    theta: ArrayLike,
    mu: ArrayLike,
    sigma: ArrayLike,
    cost: ArrayLike,
    *,
    objective: str = "sharpe",
    model: str = "reversal",
    rate: ArrayLike | None = None,
    stop: ArrayLike | None = None,
    f_max: ArrayLike | None = None,
    dt: ArrayLike | None = None,
    delay: ArrayLike | None = None,
    cost_variance: bool = True,
    stop_changes: str = "all",
) -> Thresholds:
    """Compute the thresholds that maximise an objective. Numbers and arrays broadcast; NaN is refused everywhere.

    Args:
        theta: Speed of mean reversion, per time, > 0.
        mu: Mean, in units of X; >= 0 for model "leung_li", which is about a price.
        sigma: Volatility, in units of X per square root of time, > 0.
        cost: Total cost of a round trip in units of X, between SMALLEST_COST and LARGEST_COST stationary standard
            deviations; for model "leung_li" it may be 0.
        objective: One of OBJECTIVES.
        model: One of MODELS; those after the first go with objective "profit".
        rate: Discount rate per time, between SMALLEST_RATE and LARGEST_RATE times theta, for model "leung_li" and
            required there.
        stop: z of a stop-loss, above the entry. The optimum is the one given it, but for model "leung_li".
        f_max: Largest number of units of X held per unit of wealth, > 0, for objective "kelly".
        dt: Length of the bars at which the thresholds will be watched, in theta's time unit.
        delay: Time from a decision to its fill, in theta's time unit, >= 0; not for model "leung_li".
        cost_variance: Whether the variance of the equity includes that of the costs, which the literature leaves out.
        stop_changes: One of STOP_CHANGES: all figures and the optimum, or the win rate alone.

    Returns:
        Thresholds of the broadcast shape.

    Raises:
        InvalidInput: an argument is NaN, infinite or out of its range, an option goes with another objective or model,
            the stop does not lie above the entry or leaves no trade a profit, or a result leaves the doubles.
        Degenerate: model "leung_li" has no entry below the mean within LARGEST_ENTRY standard deviations.

    References:
        "profit": Bertram (2010), Analytic solutions for optimal statistical arbitrage trading, Physica A 389, section
        4; Zeng and Lee (2014), Pairs trading: optimal thresholds and profitability, Quantitative Finance 14, section 3.
        "leung_li": Leung and Li (2015), Optimal mean reversion trading with transaction costs and stop-loss exit,
        IJTAF 18, theorems 2.6 and 2.10.
        `dt`: Broadie, Glasserman and Kou (1997), A continuity correction for discrete barrier options, theorem 1.1.
    """
    _fits(objective, model, f_max=f_max, rate=rate, delay=delay)
    given = Arguments(theta=theta, mu=mu, sigma=sigma, cost=cost, rate=rate, stop=stop, f_max=f_max, dt=dt, delay=delay)
    case = given.case(cost_variance=cost_variance, stop_changes=stop_changes)
    standard = given.standardised_cost(case, free=model == "leung_li")
    discount = given.rate(case) if model == "leung_li" else None
    largest = given.largest(case) if objective == "kelly" else None
    return given.shaped(case, OPTIMAL_TWINS.run(case, standard, objective, model, discount, largest))


def _fits(
    objective: str,
    model: str,
    *,
    f_max: ArrayLike | None,
    rate: ArrayLike | None,
    delay: ArrayLike | None,
) -> None:
    """Refuse options that do not go with an objective or a model."""
    one_of("objective", objective, OBJECTIVES)
    one_of("model", model, MODELS)
    if model != "reversal" and objective != "profit":
        raise InvalidInput("model", f"must be 'reversal' for objective {objective!r}", value=model)
    if f_max is not None and objective != "kelly":
        raise InvalidInput("f_max", "applies to objective 'kelly' only")
    if (rate is not None) != (model == "leung_li"):
        raise InvalidInput("rate", "goes with model 'leung_li', which needs it, and with no other")
    if delay is not None and model == "leung_li":
        raise InvalidInput("delay", "does not go with model 'leung_li', which trades at once")


def evaluate(
    theta: ArrayLike,
    mu: ArrayLike,
    sigma: ArrayLike,
    cost: ArrayLike,
    entry_z: ArrayLike,
    exit_z: ArrayLike,
    *,
    stop: ArrayLike | None = None,
    dt: ArrayLike | None = None,
    delay: ArrayLike | None = None,
    cost_variance: bool = True,
    stop_changes: str = "all",
) -> Thresholds:
    """Compute what given thresholds earn. Numbers and arrays broadcast; NaN is refused everywhere.

    Args:
        theta: Speed of mean reversion, per time, > 0.
        mu: Mean, in units of X.
        sigma: Volatility, in units of X per square root of time, > 0.
        cost: Total cost of a round trip in units of X, >= 0.
        entry_z: Entry, 0 < entry_z, at most LARGEST_ENTRY with the bar shift.
        exit_z: Exit, -entry_z <= exit_z < entry_z.
        stop: z of a stop-loss, above the entry.
        dt: Length of the bars at which the thresholds are watched, in theta's time unit. The path overshoots them then,
            so the formulas take each threshold BAR_SHIFT standard deviations of a bar farther out.
        delay: As in optimal.
        cost_variance: As in optimal.
        stop_changes: As in optimal.

    Returns:
        Thresholds of the broadcast shape, entry_z and exit_z as given.

    Raises:
        InvalidInput: an argument is NaN, infinite or out of its range, or a result leaves the doubles.

    References:
        The module gpu_kernels.thresholds.model; Broadie, Glasserman and Kou (1997), theorem 1.1, for `dt`.
    """
    given = Arguments(
        theta=theta,
        mu=mu,
        sigma=sigma,
        cost=cost,
        entry_z=entry_z,
        exit_z=exit_z,
        stop=stop,
        dt=dt,
        delay=delay,
    )
    case = given.case(cost_variance=cost_variance, stop_changes=stop_changes)
    result = given.shaped(case, EVALUATE_TWINS.run(case, given.levels(case), None))
    # Moved out by the shift and back, they may have lost their last digit.
    entry, leave = np.broadcast_arrays(entry_z, exit_z, result.entry_z)[:2]
    return result._replace(entry_z=entry.astype(np.float64), exit_z=leave.astype(np.float64))


def round_trip_cost(
    transaction_cost: float,
    *,
    unit: str = "absolute",
    mu: float = 0.0,
    legs: int = 1,
    log_prices: bool = False,
) -> float:
    """Turn a quoted transaction cost into the total cost of a round trip in units of X.

    Args:
        transaction_cost: >= 0; for "absolute" the round trip's cost itself, for "per_side_fraction" a fraction of the
            traded notional, paid on each leg at entry and again at exit.
        unit: One of UNITS.
        mu: Mean of X, whose size is the notional; used for "per_side_fraction" on prices alone.
        legs: Assets that a position holds, >= 1; used for "per_side_fraction" alone.
        log_prices: Whether X is a log price: a fraction of the notional is then itself in units of X.

    Returns:
        The cost, at least 0.

    Raises:
        InvalidInput: a number is NaN, infinite or out of its range, the unit is unknown, or a fraction is asked of a
            mean of zero.
    """
    non_negative("transaction_cost", transaction_cost)
    one_of("unit", unit, UNITS)
    if unit == "absolute":
        return float(transaction_cost)
    at_least("legs", legs, 1)
    if log_prices:
        return 2.0 * float(transaction_cost) * legs
    if not 0.0 < abs(mu) < np.inf:
        raise InvalidInput(
            "mu", "must be finite and not 0 for a cost that is a fraction of the notional |mu|", value=mu
        )
    return 2.0 * float(transaction_cost) * abs(float(mu)) * legs
