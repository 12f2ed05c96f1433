"""Weights and principal components of many windows of the same returns: results.

Window k is the rows [k step, k step + window) of the returns (T, N). There are W = (T - window) // step + 1 of them;
rows behind the last whole window are in none. A window's answer is that of `moments.covariance` and `weights.cara` or
`weights.sharpe`, or of `pca.fit`, for its rows alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["WindowComponents", "WindowWeights"]

Ints = NDArray[np.int64]


class WindowWeights(NamedTuple):
    """Weights of W windows, per period; what a window without weights has is NaN.

    Attributes:
        start: (W,) first row of each window.
        stop: (W,) the row behind its last one.
        weights: (W, N).
        expected_return: (W,) w'm, of the window's means.
        expected_volatility: (W,) sqrt(w'Sw), of its covariance.
        sharpe_ratio: (W,) of these two and the riskless rate; 0 for a portfolio without variance.
        sharpe_std_error: (W,) standard error of the Sharpe ratio that the weights have over the window's returns; NaN
            where it cannot be estimated.
        utility: (W,) certainty equivalent.
        shrinkage: (W,) weight of the target in the covariance.
        dropped_rows: (W,) rows with NaN; 0 where a window has no weights.
        status: W of "optimized", "constrained" (weights of another problem or of another covariance than asked) and
            "error" (no weights).
        reason: W texts: why a window is "constrained" or "error"; "" otherwise.
    """

    start: Ints
    stop: Ints
    weights: Floats
    expected_return: Floats
    expected_volatility: Floats
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    utility: Floats
    shrinkage: Floats
    dropped_rows: Ints
    status: tuple[str, ...]
    reason: tuple[str, ...]


class WindowComponents(NamedTuple):
    """Principal components of W windows; what a window without components has is NaN.

    Attributes:
        start: (W,) first row of each window.
        stop: (W,) the row behind its last one.
        components: (W, K, N) orthonormal rows, each with its entry of largest magnitude positive.
        explained_variance_ratio: (W, K) largest first.
        total_variance_explained: (W,) sum of the K ratios.
        status: W of "ok" and "error".
        reason: W texts: why a window has no components; "" where it has.
    """

    start: Ints
    stop: Ints
    components: Floats
    explained_variance_ratio: Floats
    total_variance_explained: Floats
    status: tuple[str, ...]
    reason: tuple[str, ...]
