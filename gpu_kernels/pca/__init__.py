"""Principal components of a set of return series."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.bounds import finite_within_reach
from gpu_kernels.checks import Floats, array, at_least, one_of
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.pca import device, host
from gpu_kernels.pca.model import SCALINGS, Pca

__all__ = ["SCALINGS", "Pca", "fit"]


def _steps(returns: Floats, _kept: int, _scaling: str) -> int:
    return returns.size * int(min(returns.shape))


TWINS = Twins(host=host.fit, device=device.fit, steps=_steps)


def fit(returns: ArrayLike, *, n_components: int = 0, scaling: str = "none") -> Pca:
    """Find the directions along which returns vary most.

    Args:
        returns: (T, N) with T >= 2, oldest first, in any unit. NaN is refused.
        n_components: How many components to keep, K; 0 means all, and more than min(T, N) mean min(T, N).
        scaling: One of SCALINGS. Columns are centred under each of them.

    Returns:
        Pca with K components. Eigenvalues that nearly tie leave their components free to turn among themselves:
        compare subspaces there, not entries.

    Raises:
        InvalidInput: an entry is NaN, infinite or above 1e50 in magnitude, there are fewer than two rows or no column,
            n_components is negative, or scaling is unknown.

    References:
        Jolliffe (2002), Principal Component Analysis, sections 1.1 and 3.5.
        Avellaneda and Lee (2010), Statistical arbitrage in the US equities market, section 2.1.
    """
    one_of("scaling", scaling, SCALINGS)
    at_least("n_components", n_components, 0)
    checked = array("returns", returns, ndim=2, shape="(T, N)")
    if checked.shape[0] < 2 or checked.shape[1] < 1:
        raise InvalidInput("returns", "must be (T, N) with T >= 2 and N >= 1", value=checked.shape)
    empty = np.isnan(checked).all(axis=0) if np.isnan(checked.max()) else np.zeros(1, dtype=np.bool_)
    if empty.any():
        asset = int(np.argmax(empty))
        raise InvalidInput(
            "returns", f"must be finite: asset {asset} has no return at all; leave it out", index=(0, asset)
        )
    finite_within_reach("returns", checked)
    rank = min(checked.shape)
    kept = min(n_components, rank) if n_components else rank
    return TWINS.run(checked, kept, scaling)
