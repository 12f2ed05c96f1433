"""The NumPy twin of principal components, by LAPACK."""

import numpy as np

from gpu_kernels.checks import Floats
from gpu_kernels.pca import driver, subset
from gpu_kernels.pca.model import Pca

__all__ = ["fit", "spectrum"]


def fit(returns: Floats, kept: int, scaling: str) -> Pca:
    """Find the first `kept` components; see the contract."""
    return driver.fit(returns, kept, scaling, spectrum)


def spectrum(matrix: Floats, kept: int) -> tuple[Floats, Floats]:
    """Return the eigenvalues of A'A, smallest first, and its eigenvectors as columns: the largest where that is faster.

    Args:
        matrix: (M, N) A.
        kept: How many pairs are wanted.
    """
    found = subset.largest(matrix, kept) if subset.pays(matrix.shape[1], kept) else None
    values, vectors = np.linalg.eigh(matrix.T @ matrix) if found is None else found
    return values, vectors
