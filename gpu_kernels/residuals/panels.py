"""The panel of residuals of one structure, for models of one's own."""

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.residuals import host, prices
from gpu_kernels.residuals.books import Progress
from gpu_kernels.residuals.model import Days, Filters, Panel, Structure
from gpu_kernels.residuals.streaming import day_blocks

__all__ = ["panel"]

_OF_ALL_ROWS = ("score", "theta", "reversion_p", "alpha", "r_squared")


def panel(
    held: Floats,
    members: NDArray[np.bool_] | None,
    structure: Structure,
    filters: Filters,
    rows: NDArray[np.int64],
    progress: Progress | None,
) -> Panel:
    """Return the panel; see the contract.

    Args:
        held: (T, N) prices.
        members: (T, N), or None for all.
        structure: What scores are made with.
        filters: Which of them are valid.
        rows: Those whose residuals, portfolios and loadings are kept, ascending.
        progress: Called after each block.
    """
    n_rows, n_names = held.shape
    n_factors = host.most_factors(structure, filters, n_names)
    numbers = {name: np.full((n_rows, n_names), np.nan) for name in _OF_ALL_ROWS}
    hedged = np.full((n_rows, n_names), np.nan)
    counts = np.zeros(n_rows, dtype=np.int64)
    windows = np.full((rows.size, n_names, structure.regression), np.nan)
    portfolios, loadings = (np.zeros((rows.size, n_names, n_factors)) for _ in range(2))
    earned = prices.account_returns(held)
    first = structure.window
    for start, stop, (days,) in day_blocks(held, members, (structure,), filters, first, with_windows=bool(rows.size)):
        for name, values in numbers.items():
            values[start:stop] = getattr(days, name)
        counts[start:stop] = days.n_factors
        until = min(stop + 1, n_rows)
        hedged[start + 1 : until] = _hedged(days, earned[start + 1 : until])
        asked = np.flatnonzero((rows >= start) & (rows < stop))
        places = rows[asked] - start
        known = ~np.isnan(days.alpha[places])
        if asked.size:
            windows[asked] = np.where(known[:, :, None], days.e[places], np.nan)
            portfolios[asked], loadings[asked] = days.Q[places], days.B[places]
        if progress is not None:
            progress(stop - first, n_rows - first)
    return Panel(**numbers, hedged=hedged, n_factors=counts, rows=rows, windows=windows, Q=portfolios, B=loadings)


def _hedged(days: Days, following: Floats) -> Floats:
    """Return R - B Q'R of the rows that follow the days, (D, N)."""
    n_rows = len(following)
    factors = np.einsum("dnm,dn->dm", days.Q[:n_rows], following)
    found = following - np.einsum("dnm,dm->dn", days.B[:n_rows], factors)
    return np.where(np.isnan(days.alpha[:n_rows]), np.nan, found)
