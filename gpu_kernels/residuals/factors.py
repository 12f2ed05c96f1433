"""The factors of one day: eigenportfolios of the correlations of returns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.pca import subset

__all__ = ["Spectrum", "count", "portfolios", "spectrum", "tied", "varies"]

_STILL = 1e-12
"""Share of a name's largest return up to which max - min is rounding, as in pca."""

_TIE = 1e-10
"""Gap of two eigenvalues, over their sum, that leaves their order to rounding."""

_SLACK = 1e-12
"""Of the share of the variance that factors shall explain."""


class Spectrum(NamedTuple):
    """The largest eigenvalues of the correlations of n names, and their vectors.

    Attributes:
        values: (K,), largest first.
        vectors: (n, K), orthonormal.
        deviation: (n,) of the returns.
    """

    values: Floats
    vectors: Floats
    deviation: Floats


def varies(returns: Floats) -> NDArray[np.bool_]:
    """Return which columns of (K, n) returns vary beyond rounding."""
    high, low = returns.max(axis=0), returns.min(axis=0)
    return np.asarray(high - low > _STILL * np.maximum(high, -low))


def spectrum(returns: Floats, kept: int) -> Spectrum:
    """Return the eigenvalues and eigenvectors of the correlations of returns, equation (8).

    Where there are fewer rows than names, the eigenvectors u of the smaller Y Y' give those of Y'Y as Y'u.

    Args:
        returns: (M, n), each of which varies.
        kept: K, at most min(M, n); the whole spectrum takes longer.
    """
    n_rows, n_names = returns.shape
    centred = returns - returns.mean(axis=0)
    deviation = np.sqrt(np.einsum("ti,ti->i", centred, centred) / (n_rows - 1))
    centred /= deviation
    wide = n_rows < n_names
    values, vectors = _largest(centred.T if wide else centred, kept)
    if wide:
        vectors = centred.T @ vectors
        vectors /= np.sqrt(np.einsum("ij,ij->j", vectors, vectors))
    return Spectrum(values / (n_rows - 1), vectors, deviation)


def _largest(matrix: Floats, kept: int) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues of A'A, largest first, and their vectors as columns."""
    found = subset.largest(matrix, kept) if subset.pays(matrix.shape[1], kept) else None
    values, vectors = np.linalg.eigh(matrix.T @ matrix) if found is None else found
    return values[::-1][:kept], vectors[:, ::-1][:, :kept]


def count(values: Floats, factors: int, share: float, n_names: int) -> int:
    """Return m: the asked number, or the least whose eigenvalues sum to a share of the trace, which is n_names."""
    if factors:
        return factors
    return int(np.searchsorted(np.cumsum(values), (share - _SLACK) * n_names)) + 1


def tied(values: Floats, factors: int, n_names: int) -> bool:
    """Return whether the eigenvalues at the cut tie; values has one more than the factors, where there is one."""
    return values.size > factors and bool(values[factors - 1] - values[factors] < _TIE * n_names)


def portfolios(found: Spectrum, factors: int) -> Floats:
    """Return Q, (n, m): dollars of each name in each eigenportfolio, equation (9)."""
    return found.vectors[:, :factors] / found.deviation[:, None]
