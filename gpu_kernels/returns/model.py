"""Returns of prices: equations and result.

Simple return: r_t = p_t / p_{t-1} - 1, computed as (p_t - p_{t-1}) / p_{t-1}, which keeps the digits of small moves.
Log return: r_t = ln(p_t / p_{t-1}), computed as log1p of the simple return where that is below a half in magnitude.
"""

from typing import NamedTuple

from gpu_kernels.checks import Floats

__all__ = ["KINDS", "Returns"]

KINDS = ("log", "simple")
"""What can be computed."""


class Returns(NamedTuple):
    """Returns and their first two moments.

    Attributes:
        returns: (T-1,) or (T-1, N) as the prices were; empty for fewer than two prices.
        mean: Mean over all returns, per period; 0 where there is none.
        std: Standard deviation over all returns, ddof 1, per period; 0 for fewer than two returns.
        n_periods: T - 1, the number of returns of a series.
    """

    returns: Floats
    mean: float
    std: float
    n_periods: int
