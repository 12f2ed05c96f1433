"""Linear solves with a symmetric positive definite matrix, by its Cholesky factor.

NumPy factors but has no triangular solve, so that substitution goes block by block here. A single solve is cheaper
through numpy.linalg.solve; a factor pays where several right-hand sides come one after the other.
"""

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["factor", "factor_shifted", "first_dependent", "substitute"]

_BLOCK = 64

_SHIFT = 1e-14
"""Relative to the largest diagonal entry: keeps a singular matrix factorable, and an iteration does not see it."""


def factor(matrix: Floats) -> Floats | None:
    """Return the lower Cholesky factor, or None where the matrix is not numerically positive definite.

    Args:
        matrix: (n, n), symmetric; the lower triangle is read.
    """
    try:
        lower = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return None
    # LAPACK reports a non-positive pivot, but not one that is mere rounding.
    pivots = np.diagonal(lower) ** 2
    if not (pivots > 4.0 * np.finfo(np.float64).eps * len(matrix) * np.diagonal(matrix)).all():
        return None
    return np.asarray(lower, dtype=np.float64)


def factor_shifted(matrix: Floats) -> Floats:
    """Return the lower Cholesky factor, after adding to the diagonal what it takes; NaN where nothing finite does.

    Args:
        matrix: (n, n), symmetric; its diagonal is changed in place.
    """
    diagonal = matrix.reshape(-1)[:: len(matrix) + 1]
    shift = _SHIFT * float(np.max(diagonal, initial=1e-300))
    lower = factor(matrix)
    while lower is None and shift < _SHIFT * np.finfo(np.float64).max:
        interruption.check()
        diagonal += shift
        shift *= 10.0
        lower = factor(matrix)
    return np.full_like(matrix, np.nan) if lower is None else lower


def first_dependent(matrix: Floats) -> int | None:
    """Return the first row that depends on those before it, None where the matrix is positive definite.

    Args:
        matrix: (n, n), symmetric positive semi-definite.
    """
    if factor(matrix) is not None:
        return None
    fine, singular = 0, len(matrix)  # sizes of a leading part that is positive definite, and of one that is not
    while singular - fine > 1:
        interruption.check()
        size = (fine + singular) // 2
        fine, singular = (fine, size) if factor(matrix[:size, :size]) is None else (size, singular)
    return singular - 1


def substitute(lower: Floats, right: Floats) -> Floats:
    """Solve (L L') X = R.

    Args:
        lower: (n, n) lower Cholesky factor L.
        right: (n,) or (n, k) right-hand sides R.

    Returns:
        X, of the shape of R.
    """
    size = lower.shape[0]
    out = right.copy()
    starts = range(0, size, _BLOCK)
    for start in starts:
        interruption.check()
        stop = min(size, start + _BLOCK)
        out[start:stop] -= lower[start:stop, :start] @ out[:start]
        out[start:stop] = np.linalg.solve(lower[start:stop, start:stop], out[start:stop])
    for start in reversed(starts):
        interruption.check()
        stop = min(size, start + _BLOCK)
        out[start:stop] -= lower[stop:, start:stop].T @ out[stop:]
        out[start:stop] = np.linalg.solve(lower[start:stop, start:stop].T, out[start:stop])
    return out
