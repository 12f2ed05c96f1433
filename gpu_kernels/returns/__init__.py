"""Log and simple returns of one price series or of several side by side."""

import numpy as np
from numpy.typing import ArrayLike

from gpu_kernels.checks import array, one_of
from gpu_kernels.errors import InvalidInput
from gpu_kernels.returns import host
from gpu_kernels.returns.model import KINDS, Returns

__all__ = ["KINDS", "Returns", "compute"]


def compute(prices: ArrayLike, *, kind: str = "log") -> Returns:
    """Compute returns from prices.

    Args:
        prices: (T,) or (T, N), positive, oldest first.
        kind: "log" for ln(p_t / p_{t-1}), "simple" for p_t / p_{t-1} - 1.

    Returns:
        Returns of the same number of dimensions, with mean and standard deviation (ddof 1) over all of them. Fewer
        than two prices give empty returns and zeros.

    Raises:
        InvalidInput: a price is NaN, infinite, zero or negative, prices have neither one nor two dimensions, a price
            changes by a factor so large that returns overflow, or kind is unknown.

    References:
        Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, section 1.4.
    """
    one_of("kind", kind, KINDS)
    two_dimensional = np.ndim(prices) == 2
    checked = array("prices", prices, ndim=2 if two_dimensional else 1, shape="(T,) or (T, N)")
    if checked.size and not (checked.min() > 0 and checked.max() < np.inf):  # the smallest of NaN and others is NaN
        bad = ~((checked > 0) & np.isfinite(checked))
        place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
        index = place if two_dimensional else place[0]
        raise InvalidInput(
            "prices", f"must be finite and > 0 for {kind} returns", value=checked[place].item(), index=index
        )
    # Not by Twins: to copy prices to another process takes as long as their returns.
    computed = host.compute(checked, kind)
    if not (np.isfinite(computed.std) and np.isfinite(computed.mean)):
        raise InvalidInput("prices", "must not change by a factor so large that their returns overflow")
    return computed
