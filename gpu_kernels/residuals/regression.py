"""Residuals of names on factors by one least-squares problem for all."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = ["Residuals", "residuals"]

_DEPENDENT = 1e-10
"""Share of the largest diagonal of R below which a factor depends on those before it."""

_NOISE = 1e-24
"""Share of a name's squared returns below which its squared residuals are rounding."""


class Residuals(NamedTuple):
    """Residuals of n names over L rows.

    Attributes:
        e: (L, n).
        alpha: (n,) per bar.
        B: (n, m) loadings, 0 for a factor that was dropped.
        r_squared: (n,).
        noise: (n,) whether the residuals are more than rounding.
        dropped: Factors that depend on others.
    """

    e: Floats
    alpha: Floats
    B: Floats
    r_squared: Floats
    noise: NDArray[np.bool_]
    dropped: int


def residuals(returns: Floats, factors: Floats) -> Residuals:
    """Regress every column of returns on an intercept and the factors.

    Args:
        returns: (L, n), finite.
        factors: (L, m), finite.
    """
    n_rows, n_factors = factors.shape
    length = np.sqrt(np.einsum("km,km->m", factors, factors))
    usable = length > 0
    design = np.ones((n_rows, 1 + n_factors))
    design[:, 1:] = factors / np.where(usable, length, 1.0)
    orthonormal, triangle = np.linalg.qr(design)
    diagonal = np.abs(np.diagonal(triangle))
    kept = diagonal > _DEPENDENT * diagonal.max()
    if not kept.all():
        orthonormal, triangle = np.linalg.qr(design[:, kept])
    projected = orthonormal.T @ returns
    e = returns - orthonormal @ projected
    coefficients = np.zeros((1 + n_factors, returns.shape[1]))
    coefficients[kept] = np.linalg.solve(triangle, projected)
    centred = returns - returns.mean(axis=0)
    total, left = np.einsum("kn,kn->n", centred, centred), np.einsum("kn,kn->n", e, e)
    with np.errstate(all="ignore"):
        r_squared = 1.0 - left / total
    loadings = (coefficients[1:] / np.where(usable, length, 1.0)[:, None]).T
    squares = np.einsum("kn,kn->n", returns, returns)
    return Residuals(e, coefficients[0], loadings, r_squared, left > _NOISE * squares, int(np.count_nonzero(~kept)))
