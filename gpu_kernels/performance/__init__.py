"""Figures of return series, as other tools' portfolio statistics have them: growth, risk, ratios and drawdowns."""

from numpy.typing import ArrayLike

from gpu_kernels.checks import array, one_of, positive
from gpu_kernels.dispatch import Twins
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance import host
from gpu_kernels.performance.model import KINDS, Performance, ReturnFigures
from gpu_kernels.time_units import PERIODS_PER_YEAR

__all__ = ["KINDS", "Performance", "ReturnFigures", "figures"]

TWINS = Twins(host=host.figures)


def figures(values: ArrayLike, *, kind: str = "simple", periods_per_year: float = PERIODS_PER_YEAR) -> Performance:
    """Describe every series of returns.

    Args:
        values: (B, T), oldest first. NaN before a series' first finite entry and after its last belong to no series; a
            NaN between them is a return of 0.
        kind: "simple" or "log" returns, or "equity": values of an account, the first of which the others grew from.
        periods_per_year: Returns in a year, above 0.

    Returns:
        Performance of (B,) arrays. A series has status "error", NaN and a reason where it has no entry (of "equity",
        fewer than two), an infinite one, a simple return of -1 or less, or a value of an account that is not positive;
        the others are as if it were not there, to the bit.

    Raises:
        InvalidInput: values are not (B, T) numbers with T >= 1, kind is unknown, or periods_per_year is not above 0.

    References:
        Those of model.py, which has the equations.
    """
    checked = array("values", values, ndim=2, shape="(B, T)")
    if checked.shape[1] == 0:
        raise InvalidInput("values", "must have at least one bar", value=checked.shape)
    return TWINS.run(checked, one_of("kind", kind, KINDS), positive("periods_per_year", periods_per_year))
