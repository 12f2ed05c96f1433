"""Two columns as one spread."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.intake.table import Table
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.price_options import day_of

__all__ = ["Spread", "spread"]


class Spread(NamedTuple):
    """The residual of log y on log x.

    Attributes:
        name: "Y ~ X".
        hedge_ratio: Of log x.
        intercept: Of the regression.
        n_fitted: Rows that it was fitted on, the first ones.
        values: (T,) residuals, NaN where a price is missing.
    """

    name: str
    hedge_ratio: float
    intercept: float
    n_fitted: int
    values: NDArray[np.float64]


def spread(pair: Table, n_fitted: int | None) -> Spread:
    """Regress the logarithm of the first column on that of the second, by least squares with an intercept.

    Args:
        pair: Two columns.
        n_fitted: Rows to fit on, the first ones; all where None.

    Raises:
        Failure: a price is not positive, or the rows determine no slope.
    """
    if (pair.values <= 0).any():
        row, column = (int(i) for i in np.argwhere(pair.values <= 0)[0])
        when = f", {day_of(pair, row)}," if pair.timestamps_ms is not None else ""
        rule = f"--pair needs positive prices: row {row + 1}{when} of column {pair.names[column]!r} is not"
        raise Failure(ExitCode.BAD_DATA, f"{rule}, got {pair.values[row, column]}")
    y, x = np.log(pair.values).T
    fitted = np.isfinite(x) & np.isfinite(y) & (np.arange(len(x)) < (n_fitted or len(x)))
    deviation = x[fitted] - x[fitted].mean() if fitted.any() else np.empty(0)
    if not (deviation @ deviation) > 0:
        raise Failure(ExitCode.BAD_DATA, f"--pair cannot regress on {pair.names[1]!r}: it does not move in those rows")
    slope = float(deviation @ y[fitted] / (deviation @ deviation))
    intercept = float(y[fitted].mean() - slope * x[fitted].mean())
    return Spread(" ~ ".join(map(str, pair.names)), slope, intercept, int(fitted.sum()), y - intercept - slope * x)
