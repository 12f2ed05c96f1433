"""Linear solves with a symmetric positive definite matrix, by its Cholesky factor.

NumPy factors but has no triangular solve, so that substitution goes block by block here. A single solve of a small
system is cheaper through numpy.linalg.solve; a factor pays where several right-hand sides come one after the other, and
where a system is large, since an interrupt ends it between two blocks.
"""

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats

__all__ = ["AT_ONCE", "factor", "factor_shifted", "first_dependent", "substitute", "triangle"]

AT_ONCE = 512
"""Unknowns up to which LAPACK factors a matrix in one call, which takes some milliseconds."""

_COLUMNS = 128
"""Columns that a larger factor grows by between two looks at the interrupt."""

_BLOCK = 64

_SHIFT = 1e-14
"""Relative to the largest diagonal entry: keeps a singular matrix factorable, and an iteration does not see it."""


def factor(matrix: Floats) -> Floats | None:
    """Return the lower Cholesky factor, or None where the matrix is not numerically positive definite.

    Args:
        matrix: (n, n), symmetric; the lower triangle is read.
    """
    lower = triangle(matrix)
    if lower is None:
        return None
    # triangle notices a non-positive pivot, but not one that is mere rounding.
    pivots = np.diagonal(lower) ** 2
    rounding = 4.0 * np.finfo(np.float64).eps * len(matrix) * np.diagonal(matrix)
    return lower if (pivots > rounding).all() else None


def triangle(matrix: Floats) -> Floats | None:
    """Return the lower Cholesky factor, or None where a pivot is not above 0.

    Args:
        matrix: (n, n), symmetric; the lower triangle is read.
    """
    try:
        return np.asarray(np.linalg.cholesky(matrix) if len(matrix) <= AT_ONCE else _grown(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None


def _grown(matrix: Floats) -> Floats:
    """Factor some columns at a time, each from those before it (Golub and Van Loan 2013, section 4.2.5)."""
    lower = np.zeros_like(matrix)
    for columns in interruption.pieces(len(matrix), _COLUMNS):
        start, stop = columns.start, columns.stop
        panel = matrix[start:, columns] - lower[start:, :start] @ lower[columns, :start].T
        lower[columns, columns] = corner = np.linalg.cholesky(panel[: stop - start])
        lower[stop:, columns] = np.linalg.solve(corner, panel[stop - start :].T).T
    return lower


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
