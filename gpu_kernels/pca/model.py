"""Principal components of returns: equations and result.

X is the T x N matrix of returns, scaled column by column and always centred:

- "none": x - mean.
- "zscore": (x - mean) / std, ddof 1.
- "minmax": x / (max - min), then centred.

A column that does not vary (max - min <= 1e-12 max |x|, whatever its unit) becomes zeros under each of them.

The components are the eigenvectors of X'X, largest eigenvalue first; the ratios divide by the sum of all min(T, N)
eigenvalues, kept or not. Where T < N the eigenvectors u of the smaller X X' give the components as X'u / |X'u|.
A component's sign is chosen so that its entry of largest magnitude is positive (the first such entry on a tie).

Components whose eigenvalue is zero up to rounding are not determined by the data. They have ratio 0 and complete the
others to an orthonormal set. For data that do not vary at all every ratio is 0 and the components are the first K unit
vectors.
"""

from typing import NamedTuple

from gpu_kernels.checks import Floats

__all__ = ["SCALINGS", "Pca"]

SCALINGS = ("none", "zscore", "minmax")
"""What is done to a column before it is centred."""


class Pca(NamedTuple):
    """Principal components of returns.

    Attributes:
        explained_variance_ratio: (K,) share of the variance of the scaled data, largest first.
        components: (K, N) orthonormal rows, each with its entry of largest magnitude positive.
        transformed: (T, K) the scaled and centred returns times the components' transpose.
        total_variance_explained: Sum of the K ratios, at most 1.
    """

    explained_variance_ratio: Floats
    components: Floats
    transformed: Floats
    total_variance_explained: float
