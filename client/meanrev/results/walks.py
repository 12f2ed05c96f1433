"""The result of a walk-forward as a whole; fields are named as on the wire."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.results.base import LABEL, Result

__all__ = ["PooledWalks"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class PooledWalks(Result):
    """The test parts of all walk-forward steps of each column together; (N,) each.

    Attributes:
        column: Label of the column.
        n_steps: Steps with figures.
        n_bars: Their test bars.
        n_trades: Round trips closed in them.
        sharpe_ratio: Mean of the steps' ratios, weighted by their bars, annualised.
        sharpe_std_error: Of it.
        probability_sharpe_positive: That the true ratio is above 0.
        sharpe_lower: Lower end of the interval of 95 %.
        sharpe_upper: Upper end of it.
        note: What to beware of, such as few bars or trades; "" for nothing.
    """

    column: tuple[Any, ...] = field(metadata=LABEL)
    n_steps: Ints
    n_bars: Ints
    n_trades: Ints
    sharpe_ratio: Floats
    sharpe_std_error: Floats
    probability_sharpe_positive: Floats
    sharpe_lower: Floats
    sharpe_upper: Floats
    note: tuple[str, ...]
