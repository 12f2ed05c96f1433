"""Portfolio weights and principal components of many windows of the same returns.

It is made of the operations moments, weights and pca, and computes the windows together: what windows share of their
sums is summed once, and their weights are solved in one launch.
"""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels import pca
from gpu_kernels import weights as optimal
from gpu_kernels.checks import Floats, array, at_least, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.moments import METHODS
from gpu_kernels.rolling import windows
from gpu_kernels.rolling.host import turnover
from gpu_kernels.rolling.model import WindowComponents, WindowWeights

__all__ = ["WindowComponents", "WindowWeights", "components", "turnover", "weights", "windows_at_once"]

_AT_ONCE = 1 << 22
"""Numbers of the covariances, or of the components, of the windows of one call."""

_MOST_WINDOWS = 256

WEIGHTS_TWINS = Twins(host=windows.weights)
COMPONENTS_TWINS = Twins(host=windows.components)


def windows_at_once(n_assets: int, window: int, step: int) -> int:
    """Return how many windows to compute in one call, so that they share their sums and memory stays bounded.

    Args:
        n_assets: N.
        window: Rows of a window.
        step: Rows from one start to the next.
    """
    most = max(1, min(_MOST_WINDOWS, _AT_ONCE // n_assets**2))
    overlapping = max(1, window // step)
    return most // overlapping * overlapping if overlapping <= most else most


def weights(
    returns: ArrayLike,
    objective: str,
    *,
    window: int,
    step: int = 1,
    first_row: int = 0,
    gamma: float = 1.0,
    risk_free_rate: float = 0.0,
    covariance: str = "sample",
    halflife: float | None = None,
    mode: str = "budget",
    bounds: optimal.Bounds | None = None,
    leverage: float | None = None,
) -> WindowWeights:
    """Find the best weights of each window of returns: rows [0, window), [step, step + window), ...

    Args:
        returns: (T, N), oldest first. Rows with NaN are dropped and counted, in each window that has them.
        objective: "cara" or "sharpe", one of weights.OBJECTIVES.
        window: Rows of a window, at least 2 and at most T.
        step: Rows from the start of a window to that of the next, at least 1.
        first_row: Row of a longer matrix at which the returns begin; start, stop and reasons count from that matrix.
        gamma: Risk aversion, as in weights.cara; like the arguments that follow, the same for all windows.
        risk_free_rate: Rate per period.
        covariance: Estimator, one of moments.METHODS.
        halflife: Periods after which an observation counts half, for "ewma" alone.
        mode: One of weights.MODES.
        bounds: (lowest, highest) weights, as in weights.cara.
        leverage: Largest sum of |weights|.

    Returns:
        WindowWeights. Each window's weights are those of moments.covariance and of weights.cara or weights.sharpe for
        its rows alone, up to 1e-10 of the largest weight, or of 1. A window that these refuse has status "error".

    Raises:
        InvalidInput: window, step or an option breaks its rule, or no weights satisfy the constraints.

    References:
        As weights and moments.
    """
    checked = _windows(returns, window, step, first_row)
    one_of("objective", objective, optimal.OBJECTIVES)
    one_of("covariance", covariance, METHODS)
    estimator = {"method": covariance, "halflife": halflife}
    options = {"gamma": gamma, "risk_free_rate": risk_free_rate, "mode": mode, "bounds": bounds, "leverage": leverage}
    return WEIGHTS_TWINS.run(checked, objective, window, step, first_row, estimator, options)


def components(
    returns: ArrayLike,
    *,
    window: int,
    step: int = 1,
    first_row: int = 0,
    n_components: int = 0,
    scaling: str = "none",
) -> WindowComponents:
    """Find the principal components of each window of returns: rows [0, window), [step, step + window), ...

    Args:
        returns: (T, N), oldest first. A window with a NaN has no components.
        window: Rows of a window, at least 2 and at most T.
        step: Rows from the start of a window to that of the next, at least 1.
        first_row: As in weights.
        n_components: How many components of each window, K; 0 means all, and more than min(window, N) mean that many.
        scaling: One of pca.SCALINGS; the columns of each window are centred under each of them.

    Returns:
        WindowComponents: of each window those of pca.fit for its rows alone, to the last bit. A window that pca.fit
        refuses has status "error".

    Raises:
        InvalidInput: window, step, n_components or scaling breaks its rule.

    References:
        As pca.
    """
    checked = _windows(returns, window, step, first_row)
    one_of("scaling", scaling, pca.SCALINGS)
    at_least("n_components", n_components, 0)
    rank = min(window, checked.shape[1])
    kept = min(n_components, rank) if n_components else rank
    return COMPONENTS_TWINS.run(checked, window, step, first_row, kept, scaling)


def _windows(returns: ArrayLike, window: int, step: int, first_row: int) -> Floats:
    """Return returns that have at least one window, in one layout, so that sums have one order and the same bits.

    Raises:
        InvalidInput: there is no column, or an argument is out of its range.
    """
    checked = np.ascontiguousarray(array("returns", returns, ndim=2, shape="(T, N)"))
    if checked.shape[1] == 0:
        raise InvalidInput("returns", "must have at least one column", value=checked.shape)
    at_least("window", window, 2)
    at_least("step", step, 1)
    at_least("first_row", first_row, 0)
    if window > len(checked):
        raise InvalidInput("window", f"must be at most the {len(checked)} rows of returns", value=window)
    return checked
