"""The picture of a book of residuals."""

from typing import TYPE_CHECKING, Any

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.pictures.chart import Chart, Level, Line, Panel

if TYPE_CHECKING:
    from meanrev.results import ResidualBook

__all__ = ["of_book"]


def of_book(found: "ResidualBook") -> Chart:
    """Return the growth of the chosen cell after costs, its drawdown, and how fast residuals seem to revert.

    Args:
        found: A result with a chosen cell.

    Raises:
        InvalidInput: no cell has figures.
    """
    best = found.best
    if best.cell < 0:
        raise InvalidInput("best", "must be a cell with figures, and no cell of this grid has any")
    returns = np.asarray(found.returns, dtype=np.float64)
    known = ~np.isnan(returns)
    across = _times(found.returns)[known]
    growth = np.asarray(np.cumprod(1.0 + returns[known]), dtype=np.float64)
    fall = np.asarray(growth / np.maximum(np.maximum.accumulate(growth), 1.0) - 1.0, dtype=np.float64)
    medians = np.asarray(found.median_reversion, dtype=np.float64)[known]
    title = (
        f"{best.factors} factors, entry {best.entry:g}: Sharpe ratio {best.value:.2f} ± {best.sharpe_std_error:.2f} "
        f"after costs, {best.sharpe_gross:.2f} before"
    )
    panels = (
        Panel("growth of 1", (Line("after costs", across, growth),)),
        Panel("drawdown", (Line("drawdown", across, fall),), share=0.5),
        Panel(
            "bars to revert",
            (
                Line("median of the names", across, medians),
                Level("median of white noise", found.counts.noise_reversion),
            ),
            share=0.6,
        ),
    )
    return Chart(title, panels)


def _times(values: Any) -> Any:
    """Return the times of a labelled series, else the numbers of its rows."""
    index = getattr(values, "index", None)
    if index is not None and np.asarray(index).dtype.kind == "M":
        return np.asarray(index)
    return np.arange(len(values))
