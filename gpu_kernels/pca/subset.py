"""The largest eigenvalues alone, by LAPACK's subset driver, which NumPy does not offer and SciPy does.

All products around it are SciPy's too: NumPy's wheel has a BLAS of its own, and where both have threads, those of the
one that is done spin on the cores that the other needs, which doubled the time of all.
"""

from importlib.util import find_spec

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["largest", "pays", "projected"]

_FEWEST = 100
"""Assets below which the whole spectrum takes a millisecond or two."""

_SHARE = 10
"""The subset driver is faster where it finds at most about a third of the pairs; a tenth is clear on every machine."""

_ROUNDING = 1e-13
"""Per asset, of the largest eigenvalue: a residual or a lack of orthogonality beyond it is a failure of the driver."""


def pays(n_assets: int, kept: int) -> bool:
    """Tell whether some eigenpairs of n_assets cost clearly less than all, and SciPy is there to find them.

    Args:
        n_assets: Rows of the matrix.
        kept: Pairs that are wanted.
    """
    return n_assets >= _FEWEST and kept * _SHARE <= n_assets and find_spec("scipy") is not None


def largest(matrix: Floats, kept: int) -> tuple[Floats, Floats] | None:
    """Return the `kept` largest eigenvalues of A'A, smallest first, and their eigenvectors as columns.

    Args:
        matrix: (M, N) A.
        kept: How many, from 1 to N.

    Returns:
        (K,) and (N, K); None where the driver ends without them, or with pairs that are not eigenpairs to rounding.

    References:
        Dhillon, Parlett and Voemel (2006), The design and implementation of the MRRR algorithm.
    """
    from scipy.linalg import LinAlgError, blas, eigh  # noqa: PLC0415 - costs a tenth of a second, and only here

    n_assets = matrix.shape[1]
    wanted = (n_assets - kept, n_assets - 1)
    gram = blas.dsyrk(1.0, matrix.T)
    try:
        values, vectors = eigh(gram, lower=False, subset_by_index=wanted, check_finite=False)
    except LinAlgError:
        return None
    residual = float(np.abs(blas.dsymm(1.0, gram, vectors) - vectors * values).max())
    skew = float(np.abs(blas.dgemm(1.0, vectors, vectors, trans_a=True) - np.eye(kept)).max())
    rounding = _ROUNDING * n_assets
    if not (residual <= rounding * values[-1] and skew <= rounding):
        return None
    return values, vectors


def projected(matrix: Floats, directions: Floats) -> Floats:
    """Return A D' by SciPy's BLAS.

    Args:
        matrix: (M, N) A.
        directions: (K, N) D.
    """
    from scipy.linalg import blas  # noqa: PLC0415 - as above

    scores: Floats = blas.dgemm(1.0, directions.T, matrix.T, trans_a=True).T
    return scores
