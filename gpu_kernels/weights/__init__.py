"""Optimal portfolio weights: CARA utility and the Sharpe ratio, free, bounded, long-only or with capped leverage."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.bounds import LARGEST_MAGNITUDE, SMALLEST_MAGNITUDE, finite_within_reach, moderate, sizeable
from gpu_kernels.checks import Floats, array, one_of, positive
from gpu_kernels.dispatch import current, on_lanes, run
from gpu_kernels.errors import Degenerate, InvalidInput, KernelError
from gpu_kernels.weights import device, host, native
from gpu_kernels.weights.model import MODES, OBJECTIVES, Weights
from gpu_kernels.weights.region import Bounds, Region, region

__all__ = ["MODES", "OBJECTIVES", "Bounds", "Weights", "batch", "cara", "sharpe"]

_ASYMMETRY = 1e-10
"""Largest |S_ij - S_ji| as a share of the largest entry: beyond what rounding leaves."""

_INDEFINITE = 1e-10
"""Most negative eigenvalue as a share of the largest: beyond what rounding leaves."""


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
        expected_returns: (N,) m, per period.
        covariance: (N, N) S, per period; symmetric positive semi-definite.
        gamma: Risk aversion, between 1e-50 and 1e50.
        risk_free_rate: Rate per period; only the reported Sharpe ratio sees it.
        mode: One of MODES.
        bounds: (lowest, highest) weights, each one number, (N,) numbers, some of them infinite, or None for no bound.
        leverage: Largest sum of |weights|, None for no cap.

    Raises:
        InvalidInput: an entry is not finite or above 1e50 in magnitude, a variance is above 0 and below 1e-50, shapes
            differ, the covariance is not symmetric positive semi-definite, an option is out of its range, or no weights
            satisfy the constraints.
        Degenerate: the covariance is singular and the optimum is not unique or does not exist.

    References:
        Merton (1972), An analytic derivation of the efficient portfolio frontier, section II.
        Boyd and Vandenberghe (2004), Convex optimization, section 4.4.1, for the quadratic programs.
    """
    moderate("gamma", gamma)
    means, given, rate = _problem(expected_returns, covariance, risk_free_rate)
    one_of("mode", mode, MODES)
    if bounds is None and leverage is None and on_lanes() and _moderate_variances(given):
        found = run(native.cara, means, given, gamma, rate, mode)
        if found is not None:
            return found
    matrix = _covariance(given)
    allowed = _region(means.size, mode, bounds, leverage)
    return host.cara(means, matrix, gamma, rate, allowed)


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
        expected_returns: (N,) m, per period.
        covariance: (N, N) S, per period; symmetric positive semi-definite.
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
    moderate("gamma", gamma)
    means, given, rate = _problem(expected_returns, covariance, risk_free_rate)
    one_of("mode", mode, MODES)
    if bounds is None and leverage is None and on_lanes() and _moderate_variances(given):
        found = run(native.sharpe, means, given, gamma, rate, mode)
        if found is not None:
            return found
    matrix = _covariance(given)
    allowed = _region(means.size, mode, bounds, leverage)
    if not allowed.budget and allowed.constrained:
        raise InvalidInput("mode", "must be 'budget' or 'long_only' beside bounds or leverage", value=mode)
    if allowed.constrained and allowed.endless:
        rule = "must give every asset a lowest weight or every asset a highest one where no leverage limits them"
        raise InvalidInput("bounds", rule)
    return host.sharpe(means, matrix, gamma, rate, allowed)


def batch(
    expected_returns: ArrayLike,
    covariances: ArrayLike,
    *,
    objective: str = "sharpe",
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    mode: str = "budget",
) -> list[Weights | KernelError]:
    """Solve B problems of N assets without bounds or cap at once, on a GPU where one is selected.

    Args:
        expected_returns: (B, N), one problem a row.
        covariances: (B, N, N).
        objective: One of OBJECTIVES.
        gamma: As in cara and sharpe, for all problems.
        risk_free_rate: As in cara and sharpe, for all problems.
        mode: One of MODES.

    Returns:
        For each problem what cara or sharpe return for it alone, or the error that they raise.

    Raises:
        InvalidInput: shapes do not fit, or an option is out of its range.
    """
    moderate("gamma", gamma)
    one_of("objective", objective, OBJECTIVES)
    one_of("mode", mode, MODES)
    means = array("expected_returns", expected_returns, ndim=2, shape="(B, N)")
    matrices = array("covariances", covariances, ndim=3, shape="(B, N, N)")
    if means.size == 0:
        raise InvalidInput("expected_returns", "must hold at least one problem and one asset", value=means.shape)
    if matrices.shape != (*means.shape, means.shape[1]):
        raise InvalidInput("covariances", f"must have shape {(*means.shape, means.shape[1])}", value=matrices.shape)
    finite_within_reach("risk_free_rate", np.asarray(risk_free_rate, dtype=np.float64))
    rate, backend = float(risk_free_rate), current().backend
    found: list[Weights | None] = [None] * len(means)
    # What is not of a moderate size goes alone, to be refused by name.
    variances = matrices.diagonal(axis1=1, axis2=2)
    fit = (variances.min(axis=1) >= SMALLEST_MAGNITUDE) & (variances.max(axis=1) <= LARGEST_MAGNITUDE)
    places = np.flatnonzero(fit & (np.abs(means).max(axis=1) <= LARGEST_MAGNITUDE))
    if backend != "numpy" and places.size:
        twin = device.batch if backend == "cuda" else native.batch
        solved = run(twin, means[places], matrices[places], objective, gamma, rate, mode)
        for k, weights in zip(places, solved, strict=True):
            found[k] = weights
    method = cara if objective == "cara" else sharpe
    problems = zip(found, means, matrices, strict=True)
    return [
        _alone(method, mean, matrix, gamma, rate, mode) if weights is None else weights
        for weights, mean, matrix in problems
    ]


def _alone(
    method: Callable[..., Weights], means: Floats, matrix: Floats, gamma: float, rate: float, mode: str
) -> Weights | KernelError:
    try:
        return method(means, matrix, gamma=gamma, risk_free_rate=rate, mode=mode)
    except (InvalidInput, Degenerate) as error:
        return error


def _problem(expected_returns: ArrayLike, covariance: ArrayLike, risk_free_rate: float) -> tuple[Floats, Floats, float]:
    means = array("expected_returns", expected_returns, ndim=1, shape="(N,)")
    if means.size == 0:
        raise InvalidInput("expected_returns", "must hold at least one asset", value=means.shape)
    finite_within_reach("expected_returns", means)
    matrix = array("covariance", covariance, ndim=2, shape="(N, N)")
    if matrix.shape != (means.size, means.size):
        raise InvalidInput("covariance", f"must have shape ({means.size}, {means.size})", value=matrix.shape)
    if not abs(risk_free_rate) <= LARGEST_MAGNITUDE:
        finite_within_reach("risk_free_rate", np.asarray(risk_free_rate, dtype=np.float64))
    return means, matrix, float(risk_free_rate)


def _moderate_variances(matrix: Floats) -> bool:
    """Tell whether all variances are of a moderate size: then so is every positive definite matrix that has them."""
    variances = matrix.diagonal()
    return bool(variances.min() >= SMALLEST_MAGNITUDE and variances.max() <= LARGEST_MAGNITUDE)


def _covariance(matrix: Floats) -> Floats:
    """Return what the NumPy twin takes: finite, symmetric, positive semi-definite; the kernel checks by itself."""
    finite_within_reach("covariance", matrix)
    sizeable("covariance", np.diag(np.diagonal(matrix)))
    largest = float(np.max(np.abs(matrix)))
    apart = np.abs(matrix - matrix.T)
    if float(apart.max()) > _ASYMMETRY * largest:
        row, column = (int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
        rule = f"must be symmetric: entry [{column}, {row}] is {matrix[column, row]:.6g}"
        raise InvalidInput("covariance", rule, value=matrix[row, column].item(), index=(row, column))
    matrix = 0.5 * (matrix + matrix.T)
    _semi_definite(matrix)
    return matrix


def _semi_definite(matrix: Floats) -> None:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        values = np.linalg.eigvalsh(matrix)
        if values[0] < -_INDEFINITE * abs(values[-1]):
            rule = "must be positive semi-definite: its least eigenvalue is too low"
            raise InvalidInput("covariance", rule, value=float(values[0])) from None


def _region(n_assets: int, mode: str, bounds: Bounds | None, leverage: float | None) -> Region:
    low, high = _bounds(n_assets, bounds)
    if mode == "long_only":
        low = np.maximum(low, 0.0)
    cap = np.inf if leverage is None else positive("leverage", leverage)
    if leverage is not None:
        finite_within_reach("leverage", np.asarray(cap))
    return region(low, high, budget=mode != "unconstrained", leverage=cap)


def _bounds(n_assets: int, bounds: Bounds | None) -> tuple[Floats, Floats]:
    if bounds is None:
        bounds = (None, None)
    if not isinstance(bounds, tuple | list) or len(bounds) != 2:
        raise InvalidInput("bounds", "must be a pair (lowest, highest)", value=bounds)
    low, high = (_bound(n_assets, side, sign) for side, sign in zip(bounds, (-1.0, 1.0), strict=True))
    crossed = low > high
    if crossed.any():
        place = int(np.argmax(crossed))
        rule = f"must not have a lowest weight above the highest, {high[place]:.6g}"
        raise InvalidInput("bounds", rule, value=low[place].item(), index=place)
    return low, high


def _bound(n_assets: int, side: ArrayLike | None, sign: float) -> Floats:
    if side is None:
        return np.full(n_assets, sign * np.inf)
    values = array("bounds", side, ndim=min(1, np.ndim(side)), shape=f"() or ({n_assets},)")
    if values.ndim == 1 and values.size != n_assets:
        raise InvalidInput("bounds", f"must be one number or one for each of the {n_assets} assets", value=values.size)
    finite_within_reach("bounds", np.where(values == sign * np.inf, 0.0, values) if values.ndim else values)
    return np.broadcast_to(values, (n_assets,))
