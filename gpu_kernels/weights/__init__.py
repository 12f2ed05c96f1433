"""Optimal portfolio weights: CARA utility and the Sharpe ratio, free, bounded, long-only or with capped leverage."""

from numpy.typing import ArrayLike

from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.weights import host, native
from gpu_kernels.weights.arguments import Problem, checked, has_moderate_variances
from gpu_kernels.weights.changes import turnover
from gpu_kernels.weights.model import MODES, Weights
from gpu_kernels.weights.region import Bounds

__all__ = ["MODES", "Bounds", "Weights", "cara", "sharpe", "turnover"]


def _covers(problem: Problem) -> bool:
    """Return whether the kernel takes a problem: one without bounds or cap whose numbers are of a moderate size."""
    return problem.region is None and has_moderate_variances(problem.covariance)


CARA_TWINS = Twins(host=host.cara, native=native.cara, covers=_covers)
SHARPE_TWINS = Twins(host=host.sharpe, native=native.sharpe, covers=_covers)


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
    allowed = problem.region
    if allowed is not None and allowed.constrained and not allowed.budget:
        raise InvalidInput("mode", "must be 'budget' or 'long_only' beside bounds or leverage", value=mode)
    if allowed is not None and allowed.constrained and allowed.endless:
        rule = "must give every asset a lowest weight or every asset a highest one where no leverage limits them"
        raise InvalidInput("bounds", rule)
    return SHARPE_TWINS.run(problem)
