"""The cross products from which every pair is computed, of arrays in host memory or on a device."""

from typing import Any, NamedTuple

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["Grams", "demeaned", "gather", "lagged"]


class Grams(NamedTuple):
    """Cross products of N demeaned series and of their steps, with the levels at both ends.

    Attributes:
        n_samples: T.
        mean: (N,) of the levels.
        levels: (N, N) X'X.
        steps: (K+1, N, N) symmetric parts of sum_t D_t' D_{t-h} for h = 0 .. K.
        head: (K+1, N) the first demeaned levels, X_0 .. X_K.
        tail: (K+1, N) the last ones, the very last first: X_{T-1} .. X_{T-1-K}.
    """

    n_samples: int
    mean: Floats
    levels: Floats
    steps: Floats
    head: Floats
    tail: Floats


def demeaned(levels: Floats) -> tuple[Floats, Floats]:
    """Return levels less their means, and the means; a far offset costs no digits.

    Args:
        levels: (T, N).
    """
    centred = levels - levels[0]
    shift = centred.mean(axis=0)
    centred -= shift
    # The mean of large numbers is off by rounding; that of what is left is not.
    rest = centred.mean(axis=0)
    centred -= rest
    return centred, levels[0] + (shift + rest)


def gather(levels: Floats, most: int, arrays: Any = np) -> Grams:
    """Compute the cross products.

    Args:
        levels: (T, N), T > 2 most + 2.
        most: Largest number of lags, K.
        arrays: The library that the levels are an array of: NumPy, or CuPy.
    """
    n_samples, n_series = levels.shape
    centred, mean = demeaned(levels)
    differences = centred[1:] - centred[:-1]
    steps = arrays.empty((most + 1, n_series, n_series))
    arrays.matmul(differences.T, differences, out=steps[0])
    for lag in range(1, most + 1):
        interruption.check()
        lagged(differences, differences, lag, steps, arrays)
    return Grams(
        n_samples,
        mean,
        centred.T @ centred,
        steps,
        centred[: most + 1].copy(),
        arrays.ascontiguousarray(centred[: n_samples - most - 2 : -1]),
    )


def lagged(left: Floats, right: Floats, lag: int, steps: Floats, arrays: Any) -> None:
    """Fill steps[lag] with the symmetric part of sum_t L_t' R_{t-lag}.

    It comes from (L_t + L_{t-lag})' (R_t + R_{t-lag}): one product instead of two, and half of one where R is L.

    Args:
        left: (n, N) differences L.
        right: (n, M) differences R, which may be the same array.
        lag: h, below n.
        steps: (K+1, N, M), of which that of lag 0 is filled.
        arrays: As in gather.
    """
    both = left[lag:] + left[:-lag]
    other = both if right is left else right[lag:] + right[:-lag]
    out = steps[lag]
    arrays.matmul(both.T, other, out=out)
    ends = arrays.concatenate([left[:lag], left[-lag:]])
    out += ends.T @ (ends if right is left else arrays.concatenate([right[:lag], right[-lag:]]))
    out *= 0.5
    out -= steps[0]
