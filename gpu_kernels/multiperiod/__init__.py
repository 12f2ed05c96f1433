"""Weights over several periods, with costs of trading from each to the next."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import cholesky, interruption
from gpu_kernels.bounds import LARGEST_MAGNITUDE, finite_within_reach, moderate, sizeable_variances, within_reach
from gpu_kernels.checks import Floats, array, at_least, non_negative, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.multiperiod import host, native
from gpu_kernels.multiperiod.driver import Problem
from gpu_kernels.multiperiod.model import COST_MODELS, MODES, Plan

__all__ = ["COST_MODELS", "MODES", "Plan", "optimize"]

_ROUNDING = 1e-10
"""Relative to a covariance's largest entry: asymmetry and negative eigenvalues this small are rounding."""

_ENTRIES_AT_ONCE = 2**16
"""Entries of the covariances that are checked in one step."""

TWINS = Twins(host=host.optimize, native=native.optimize)


def optimize(
    means: ArrayLike,
    covariances: ArrayLike,
    *,
    gamma: float = 1.0,
    transaction_cost: float = 0.0,
    rebalance_frequency: int = 1,
    initial_weights: ArrayLike | None = None,
    cost_model: str = "proportional",
    mode: str = "plan",
    bounds: tuple[ArrayLike | None, ArrayLike | None] | None = None,
    rho: float = 0.0,
) -> Plan:
    """Choose the weights of every period.

    Args:
        means: (K, N) expected returns of each period.
        covariances: (K, N, N) covariances of each period, or (N, N) for all of them.
        gamma: Risk aversion, between 1e-50 and 1e50; 0 only under "proportional" and with both bounds on every weight.
        transaction_cost: c of the equations in model.py; without it periods do not depend on one another.
        rebalance_frequency: Weights change at the start of every such number of periods; 0 means 1.
        initial_weights: (N,) weights held before the first period, of any sum; 1/N each where None.
        cost_model: One of COST_MODELS.
        mode: One of MODES. The quadratic model's closed form is the same in both.
        bounds: (lower, upper), each a number or (N,), infinite or None where there is none; "proportional" only.
        rho: Discount rate a period, 0 <= rho < 1; "quadratic" only.

    Returns:
        The plan. Under "proportional" weights sum to 1 in each period.

    Raises:
        InvalidInput: a shape does not fit, a number is not finite, above 1e50 in magnitude or, as a variance, below
            1e-50, a covariance is not symmetric or semi-definite, no weights fit the bounds, or an option its range.
        Degenerate: no optimum exists, because a covariance is singular along a gain that costs do not outweigh.

    References:
        Boyd, Busseti, Diamond, Kahn, Koh, Nystrup and Speth (2017), Multi-period trading via convex optimization,
        section 5.2. Garleanu and Pedersen (2013), Dynamic trading with predictable returns and transaction costs,
        propositions 2 and 3.
    """
    one_of("cost_model", cost_model, COST_MODELS)
    one_of("mode", mode, MODES)
    expected = _means(means)
    lower, upper = _bounds(bounds, expected.shape[1])
    _options(cost_model, bounded=bounds is not None, gamma=gamma, free=not np.isfinite(upper - lower).all(), rho=rho)
    problem = Problem(
        means=expected,
        covariances=_covariances(covariances, *expected.shape),
        gamma=float(gamma),
        cost=_cost(transaction_cost),
        frequency=max(1, at_least("rebalance_frequency", rebalance_frequency, 0)),
        initial=_initial(initial_weights, expected.shape[1]),
        lower=lower,
        upper=upper,
        cost_model=cost_model,
        mode=mode,
        rho=float(rho),
    )
    return TWINS.run(problem)


def _cost(transaction_cost: float) -> float:
    cost = non_negative("transaction_cost", transaction_cost)
    within_reach("transaction_cost", np.asarray(cost))
    return cost


def _options(cost_model: str, *, bounded: bool, gamma: float, free: bool, rho: float) -> None:
    if non_negative("gamma", gamma):
        moderate("gamma", gamma)
    quadratic = cost_model == "quadratic"
    if gamma == 0 and (quadratic or free):
        raise InvalidInput("gamma", "must be > 0 unless every weight is bounded on both sides", value=gamma)
    if quadratic and bounded:
        raise InvalidInput("bounds", "apply to cost_model 'proportional' only")
    if not (0 <= rho < 1):
        raise InvalidInput("rho", "must be at least 0 and below 1", value=rho)
    if rho and not quadratic:
        raise InvalidInput("rho", "applies to cost_model 'quadratic' only", value=rho)


def _means(means: ArrayLike) -> Floats:
    expected = array("means", means, ndim=2, shape="(K, N)")
    if expected.size == 0:
        raise InvalidInput("means", "must have at least one period and one asset", value=expected.shape)
    finite_within_reach("means", expected)
    return expected


def _covariances(covariances: ArrayLike, n_periods: int, n_assets: int) -> Floats:
    rule = f"(K, N, N) or (N, N) with K = {n_periods} and N = {n_assets}"
    given = array("covariances", covariances, ndim=3 if np.ndim(covariances) == 3 else 2, shape=rule)
    if given.shape not in {(n_assets, n_assets), (n_periods, n_assets, n_assets)}:
        raise InvalidInput("covariances", f"must have shape {rule}", value=given.shape)
    finite_within_reach("covariances", given)
    sizeable_variances("covariances", given)
    stacked = given.reshape(-1, n_assets, n_assets)
    turned = stacked.transpose(0, 2, 1)
    largest = np.abs(stacked).max(axis=(1, 2))
    skewed = np.abs(stacked - turned).max(axis=(1, 2)) > _ROUNDING * largest
    if skewed.any():
        index = int(np.argmax(skewed)) if given.ndim == 3 else None
        raise InvalidInput("covariances", "must be symmetric", index=index)
    symmetric: Floats = 0.5 * (stacked + turned)
    _semi_definite(symmetric, largest, many=given.ndim == 3)
    return np.broadcast_to(symmetric, (n_periods, n_assets, n_assets))


def _semi_definite(matrices: Floats, largest: Floats, *, many: bool) -> None:
    n_assets = matrices.shape[1]
    least = -_ROUNDING * n_assets * largest
    if n_assets > cholesky.AT_ONCE:  # whose eigenvalues would keep an interrupt waiting for long
        for k, matrix in enumerate(matrices):
            if cholesky.triangle(matrix) is None and cholesky.triangle(matrix - least[k] * np.eye(n_assets)) is None:
                rule = f"must have no negative eigenvalue, and has one below {least[k]:.3g}"
                raise InvalidInput("covariances", rule, index=k if many else None)
        return
    for some in interruption.pieces(len(matrices), max(1, _ENTRIES_AT_ONCE // matrices[0].size)):
        try:
            np.linalg.cholesky(matrices[some])
        except np.linalg.LinAlgError:
            lowest = np.linalg.eigvalsh(matrices[some])[:, 0]
            wrong = lowest < least[some]
            if wrong.any():
                k = int(np.argmax(wrong))
                rule, index = "must have no negative eigenvalue", some.start + k if many else None
                raise InvalidInput("covariances", rule, value=float(lowest[k]), index=index) from None


def _initial(weights: ArrayLike | None, n_assets: int) -> Floats:
    if weights is None:
        return np.full(n_assets, 1.0 / n_assets)
    checked = array("initial_weights", weights, ndim=1, shape="(N,)")
    if checked.size != n_assets:
        raise InvalidInput(
            "initial_weights", f"must hold one weight for each of the {n_assets} assets", value=checked.size
        )
    finite_within_reach("initial_weights", checked)
    return checked


def _bounds(bounds: tuple[ArrayLike | None, ArrayLike | None] | None, n_assets: int) -> tuple[Floats, Floats]:
    sides = (-np.inf, np.inf) if bounds is None else bounds
    if len(sides) != 2:
        raise InvalidInput("bounds", "must be (lower, upper)", value=len(sides))
    pair = []
    for given, nothing in zip(sides, (-np.inf, np.inf), strict=True):
        side = nothing if given is None else given
        checked = array("bounds", side, ndim=min(1, np.ndim(side)), shape="() or (N,)")
        if checked.ndim and checked.size != n_assets:
            raise InvalidInput(
                "bounds", f"must be numbers or hold one for each of the {n_assets} assets", value=checked.size
            )
        if not np.abs(checked).max() <= LARGEST_MAGNITUDE:  # as infinite ones are
            within_reach("bounds", np.where(np.isfinite(checked), checked, 0.0))
        pair.append(checked if checked.ndim else np.full(n_assets, checked))
    lower, upper = pair
    rounding = n_assets * float(np.finfo(np.float64).eps)
    wrong = ~(lower <= upper)
    if wrong.any():
        place = int(np.argmax(wrong))
        raise InvalidInput(
            "bounds", "must have lower <= upper", value=(float(lower[place]), float(upper[place])), index=place
        )
    if not lower.sum() - rounding <= 1.0 <= upper.sum() + rounding:
        sums = float(lower.sum()), float(upper.sum())
        raise InvalidInput("bounds", "must allow weights that sum to 1, with sum(lower) <= 1 <= sum(upper)", value=sums)
    return lower, upper
