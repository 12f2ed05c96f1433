"""Principal components from a spectrum, which a twin computes."""

from collections.abc import Callable

import numpy as np

from gpu_kernels.bounds import units
from gpu_kernels.checks import Floats
from gpu_kernels.pca import lapack, subset
from gpu_kernels.pca.model import Pca

__all__ = ["Spectrum", "fit", "scaled"]

Spectrum = Callable[[Floats, int], tuple[Floats, Floats]]
"""From A and K to eigenvalues of A'A, all or at least the K largest, smallest first, and eigenvectors as columns."""


_CONSTANT = 1e-12
"""Share of a column's largest magnitude up to which max - min is rounding."""


_SMALL = 1e-100
"""Returns below it are taken in another unit, because their squares come near to underflow."""


def fit(returns: Floats, kept: int, scaling: str, spectrum: Spectrum) -> Pca:
    """Find the first `kept` components; see the contract.

    Args:
        returns: As in the contract.
        kept: How many.
        scaling: As in the contract.
        spectrum: Computes the expensive part.
    """
    centred = scaled(returns, scaling)
    n_periods, n_assets = centred.shape
    largest = np.abs(centred).max()
    if largest == 0:
        return Pca(np.zeros(kept), np.eye(kept, n_assets), np.zeros((n_periods, kept)), 0.0)
    unit = units(largest) if largest < _SMALL else 1.0
    if unit != 1.0:
        centred /= unit
    values, directions = (_by_rows if n_periods < n_assets else _by_columns)(centred, kept, spectrum)
    # The trace is the sum of all eigenvalues, of which a spectrum may have only the largest. einsum does not wake the
    # threads of NumPy's BLAS, see `lapack`.
    total = values.sum() if values.size == min(centred.shape) else np.einsum("ij,ij", centred, centred)
    ratios = (values / total)[:kept]
    components = _signed(directions)
    scores = lapack.product(centred, components) if subset.pays(n_assets, kept) else centred @ components.T
    return Pca(ratios, components, scores * unit if unit != 1.0 else scores, min(1.0, float(ratios.sum())))


def scaled(returns: Floats, scaling: str) -> Floats:
    """Scale and centre the columns; those that do not vary become zeros."""
    high, low = returns.max(axis=0), returns.min(axis=0)
    spread = high - low
    varies = spread > _CONSTANT * np.maximum(high, -low)
    centred: Floats = returns - returns.mean(axis=0)
    centred[:, ~varies] = 0.0
    if scaling == "none":
        return centred
    unit = units(spread)
    centred /= unit  # deviations of tiny returns would underflow
    width = spread / unit if scaling == "minmax" else centred.std(axis=0, ddof=1)
    return centred / np.where(varies, width, 1.0)


def _by_columns(centred: Floats, kept: int, spectrum: Spectrum) -> tuple[Floats, Floats]:
    """Return eigenvalues of X'X, largest first, and the first eigenvectors as rows."""
    values, vectors = spectrum(centred, kept)
    return _tidy(values[::-1], centred.shape[1]), vectors[:, ::-1][:, :kept].T


def _by_rows(centred: Floats, kept: int, spectrum: Spectrum) -> tuple[Floats, Floats]:
    """Return all T eigenvalues of X X', and the first directions X'u as rows, for T < N.

    X'u is short where the eigenvalue is small, and its direction then loses digits: the QR step keeps the strong ones
    and makes the weak ones orthogonal to them.
    """
    values, vectors = spectrum(centred.T, kept)
    ordered = _tidy(values[::-1], centred.shape[0])
    strong = min(kept, int(np.count_nonzero(ordered)))
    orthonormal = np.linalg.qr(centred.T @ vectors[:, ::-1][:, :strong])[0]
    return ordered, _completed(orthonormal, kept).T


def _completed(orthonormal: Floats, count: int) -> Floats:
    """Append columns until there are `count` orthonormal ones."""
    n_assets, strong = orthonormal.shape
    if strong == count:
        return orthonormal
    # QR of [Q, I] would cost N^3; a fixed draw of the missing directions is enough and repeats from run to run.
    rest = np.random.default_rng(0).standard_normal((n_assets, count - strong))
    for _ in range(2):
        rest -= orthonormal @ (orthonormal.T @ rest)
    return np.hstack([orthonormal, np.linalg.qr(rest)[0]])


def _tidy(values: Floats, size: int) -> Floats:
    """Set eigenvalues of a matrix of `size` rows that are zero up to rounding to zero; the input is largest first."""
    negligible = values[0] * size * np.finfo(np.float64).eps
    return np.where(values > negligible, values, 0.0)


def _signed(components: Floats) -> Floats:
    largest = np.argmax(np.abs(components), axis=1)
    signed: Floats = components * np.sign(components[np.arange(components.shape[0]), largest])[:, None]
    return signed
