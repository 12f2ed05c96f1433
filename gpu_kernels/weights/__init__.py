"""Optimal portfolio weights: CARA utility and the Sharpe ratio, free, bounded, long-only or with capped leverage."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.bounds import finite_within_reach
from gpu_kernels.checks import Floats, array, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.weights import host, native
from gpu_kernels.weights.arguments import Problem, checked, has_moderate_variances
from gpu_kernels.weights.changes import turnover
from gpu_kernels.weights.model import MODES, OBJECTIVES, Outcome, Weights
from gpu_kernels.weights.region import Bounds

__all__ = ["MODES", "OBJECTIVES", "Bounds", "Outcome", "Weights", "batch", "cara", "sharpe", "turnover"]


def _covers(problem: Problem) -> bool:
    """Return whether the kernel takes a problem: one without bounds or cap whose numbers are of a moderate size."""
    return problem.region is None and has_moderate_variances(problem.covariance)


def _covers_batch(_objective: str, asked: Problem, _means: Floats, _covariances: Floats) -> bool:
    """Return whether the kernel takes a batch: one without bounds or cap."""
    return asked.region is None


CARA_TWINS = Twins(host=host.cara, native=native.cara, covers=_covers)
SHARPE_TWINS = Twins(host=host.sharpe, native=native.sharpe, covers=_covers)
BATCH_TWINS = Twins(host=host.batch, native=native.batch, covers=_covers_batch)


def cara(
    expected_returns: ArrayLike,
    covariance: ArrayLike,
    *,
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    mode: str = "budget",
    bounds: Bounds | None = None,
    leverage: float | None = None,
) -> Weights:
    """Maximise the certainty equivalent w'm - gamma/2 w'Sw of an investor with constant absolute risk aversion.

    Args:
        expected_returns: (N,) m, per period. NaN is refused.
        covariance: (N, N) S, per period; symmetric positive semi-definite. NaN is refused.
        gamma: Risk aversion, between 1e-50 and 1e50.
        risk_free_rate: Rate per period; it enters the reported Sharpe ratio alone.
        mode: One of MODES.
        bounds: (lowest, highest) weights, each one number, (N,) numbers, some of them infinite, or None for no bound.
        leverage: Largest sum of |weights|, None for no cap.

    Returns:
        Weights of status "optimized".

    Raises:
        InvalidInput: an entry is not finite or above 1e50 in magnitude, a variance is above 0 and below 1e-50, shapes
            differ, the covariance is not symmetric positive semi-definite, an option is out of its range, or no weights
            satisfy the constraints.
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.

    References:
        Merton (1972), An analytic derivation of the efficient portfolio frontier, section II.
        Boyd and Vandenberghe (2004), Convex optimization, section 4.4.1, for the quadratic programs.
    """
    return CARA_TWINS.run(checked(expected_returns, covariance, gamma, risk_free_rate, mode, bounds, leverage))


def sharpe(
    expected_returns: ArrayLike,
    covariance: ArrayLike,
    *,
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    mode: str = "budget",
    bounds: Bounds | None = None,
    leverage: float | None = None,
) -> Weights:
    """Maximise the Sharpe ratio (w'm - r 1'w)/sqrt(w'Sw).

    Args:
        expected_returns: (N,) m, per period. NaN is refused.
        covariance: (N, N) S, per period; symmetric positive semi-definite. NaN is refused.
        gamma: Risk aversion, between 1e-50 and 1e50: of the reported utility, and the scale of the weights in mode
            "unconstrained".
        risk_free_rate: r, per period.
        mode: One of MODES; bounds and leverage need one that sums to 1.
        bounds: (lowest, highest) weights, each one number, (N,) numbers, some of them infinite, or None for no bound.
        leverage: Largest sum of |weights|, None for no cap.

    Returns:
        Weights of status "constrained" in two cases. In mode "budget" without bounds or cap, when the tangency
        portfolio has no positive sum: weights with sum|w| = 1. Otherwise, when no allowed portfolio earns more than r:
        the allowed portfolio of least variance.

    Raises:
        InvalidInput: as in cara, or bounds or leverage are given in mode "unconstrained".
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.

    References:
        Tobin (1958), Liquidity preference as behavior towards risk.
        Cornuejols, Pena and Tutuncu (2018), Optimization methods in finance, section 6.2, for the change of variables.
    """
    problem = checked(expected_returns, covariance, gamma, risk_free_rate, mode, bounds, leverage)
    _check_ratio(problem)
    return SHARPE_TWINS.run(problem)


def batch(
    objective: str,
    expected_returns: ArrayLike,
    covariances: ArrayLike,
    *,
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    mode: str = "budget",
    bounds: Bounds | None = None,
    leverage: float | None = None,
) -> tuple[Outcome, ...]:
    """Solve many problems of as many assets, each with the answer that it has alone, to the last bit.

    Args:
        objective: One of OBJECTIVES: what cara or what sharpe maximises.
        expected_returns: (B, N), one row a problem. NaN is refused.
        covariances: (B, N, N).
        gamma: As in cara and sharpe, like the arguments that follow; the same for all problems.
        risk_free_rate: Rate per period.
        mode: One of MODES.
        bounds: (lowest, highest) weights.
        leverage: Largest sum of |weights|.

    Returns:
        B outcomes. A problem that cara or sharpe would refuse for its covariance has their error in place of weights.

    Raises:
        InvalidInput: shapes differ, an expected return is not finite or above 1e50 in magnitude, or an option breaks a
            rule of cara or sharpe.
    """
    one_of("objective", objective, OBJECTIVES)
    means = array("expected_returns", expected_returns, ndim=2, shape="(B, N)")
    matrices = array("covariances", covariances, ndim=3, shape="(B, N, N)")
    n_assets = means.shape[1]
    if matrices.shape != (len(means), n_assets, n_assets):
        raise InvalidInput(
            "covariances", f"must have shape ({len(means)}, {n_assets}, {n_assets})", value=matrices.shape
        )
    finite_within_reach("expected_returns", means)
    alike = np.zeros(n_assets), np.zeros((n_assets, n_assets))
    asked = checked(*alike, gamma, risk_free_rate, mode, bounds, leverage)
    if objective == "sharpe":
        _check_ratio(asked)
    return BATCH_TWINS.run(objective, asked, means, matrices)


def _check_ratio(problem: Problem) -> None:
    """Refuse constraints under which no highest Sharpe ratio is defined."""
    allowed = problem.region
    if allowed is not None and allowed.constrained and not allowed.budget:
        raise InvalidInput("mode", "must be 'budget' or 'long_only' beside bounds or leverage", value=problem.mode)
    if allowed is not None and allowed.constrained and allowed.endless:
        rule = "must give every asset a lowest weight or every asset a highest one where no leverage limits them"
        raise InvalidInput("bounds", rule)
