"""The shape of returns' distributions: skewness and kurtosis."""

import numpy as np

from gpu_kernels.checks import Floats

__all__ = ["moments"]


def moments(returns: Floats) -> tuple[Floats, Floats]:
    """Return skewness and kurtosis of rows (P, T), population moments; 0 and 3 where a row does not vary."""
    with np.errstate(over="ignore", invalid="ignore"):  # NaN where returns left the doubles
        centred = returns - returns.mean(axis=1, keepdims=True)
    largest = np.abs(centred).max(axis=1)
    still = largest == 0.0
    centred /= np.where(still, 1.0, largest)[:, None]  # fourth powers of tiny returns would leave the doubles
    squares = centred * centred
    second = np.where(still, 1.0, squares.mean(axis=1))
    skewness = np.einsum("pt,pt->p", squares, centred) / (returns.shape[1] * second**1.5)
    kurtosis = np.einsum("pt,pt->p", squares, squares) / (returns.shape[1] * second**2)
    return skewness, np.where(still, 3.0, kurtosis)
