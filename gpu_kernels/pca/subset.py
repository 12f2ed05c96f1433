"""The largest eigenvalues alone, by LAPACK's subset driver, which NumPy does not offer and SciPy's wheel holds."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.pca import lapack

__all__ = ["largest", "pays"]

_FEWEST = 100
"""Assets below which the whole spectrum takes a millisecond or two."""

_SHARE = 10
"""The subset driver is faster where it finds at most about a third of the pairs; a tenth is clear on every machine."""

_ROUNDING = 1e-13
"""Per asset, of the largest eigenvalue: a residual or a lack of orthogonality beyond it is a failure of the driver."""


def pays(n_assets: int, kept: int) -> bool:
    """Return whether some eigenpairs of n_assets cost clearly less than all, and SciPy is there to find them.

    Args:
        n_assets: Rows of the matrix.
        kept: Pairs that are wanted.
    """
    return n_assets >= _FEWEST and kept * _SHARE <= n_assets and lapack.available()


def largest(matrix: Floats, kept: int) -> tuple[Floats, Floats] | None:
    """Return the `kept` largest eigenvalues of A'A, smallest first, and their eigenvectors as columns.

    Args:
        matrix: (M, N) A.
        kept: How many, from 1 to N.

    Returns:
        (K,) and (N, K); None where the driver ends without them, or with pairs that are not eigenpairs to rounding.

    References:
        Anderson et al. (1999), LAPACK Users' Guide, section 2.3.4, the driver dsyevr.
    """
    gram = lapack.gram(matrix)
    found = lapack.largest_pairs(gram, kept)
    if found is None:
        return None
    values, vectors = found
    residual = float(np.abs(lapack.symmetric_product(vectors, gram) - vectors * values[:, None]).max())
    skew = float(np.abs(lapack.product(vectors, vectors) - np.eye(kept)).max())
    rounding = _ROUNDING * len(gram)
    if not (residual <= rounding * values[-1] and skew <= rounding):
        return None
    return values, vectors.T
