"""What of every window of returns was found. W windows, N assets, K components."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meanrev.pictures import Chart, of_windows
from meanrev.results.base import LABEL, Pictured

__all__ = ["Rolling"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Rolling(Pictured):
    """Portfolio weights, or principal components, of every window.

    A table has a row a window, with a column weight_<label> for each asset, or explained_variance_ratio_<k> for each
    component. Fields that do not belong to the kind are None. The numbers of a window with status "error" are NaN.

    Attributes:
        kind: "cara", "sharpe" or "pca".
        columns: N labels of the assets.
        start: (W,) first row of each window.
        stop: (W,) the row behind its last one.
        first: (W,) time of its first row, datetime64; None where the returns have no times.
        last: (W,) time of its last row.
        status: W of "optimized", "constrained" and "error"; of components "ok" and "error".
        reason: W texts: why a window is not "optimized" or "ok"; "" where it is.
        weights: (W, N), for "cara" and "sharpe", in the container of the returns; of pandas by the last row's label.
        expected_return: (W,) of the weights by the window's means, per period.
        expected_volatility: (W,) by its covariance, per period.
        sharpe_ratio: (W,) of these two, per period.
        sharpe_std_error: (W,) of the Sharpe ratio of the weights over the window's returns.
        probability_sharpe_positive: (W,) that their true ratio is above 0, which does not allow for their choice by the
            same returns.
        utility: (W,) certainty equivalent at gamma.
        turnover: (W,) sum of |changes| of the weights since the window before that has some; NaN for the first one.
        shrinkage: (W,) of the covariance, between 0 and 1.
        dropped_rows: (W,) rows with NaN, which are left out; 0 in a window with an error.
        components: (W, K, N), for "pca".
        explained_variance_ratio: (W, K), largest first.
        total_variance_explained: (W,) sum of the ratios.
    """

    kind: str
    columns: tuple[Any, ...] = field(metadata=LABEL)
    start: Ints
    stop: Ints
    first: Times | None
    last: Times | None
    status: tuple[str, ...]
    reason: tuple[str, ...]
    weights: Any = None
    expected_return: Floats | None = None
    expected_volatility: Floats | None = None
    sharpe_ratio: Floats | None = None
    sharpe_std_error: Floats | None = None
    probability_sharpe_positive: Floats | None = None
    utility: Floats | None = None
    turnover: Floats | None = None
    shrinkage: Floats | None = None
    dropped_rows: Ints | None = None
    components: Floats | None = None
    explained_variance_ratio: Floats | None = None
    total_variance_explained: Floats | None = None

    def to_columns(self) -> dict[str, Any]:
        """Return what to_frame shows, a column's values by its name, without pandas: a row a window."""
        return self._columns()

    def chart(self, most: int = 8) -> Chart:
        """Return a picture of the weights, or of the components' shares of the variance, over the windows.

        Args:
            most: Most assets that are shown, those with the largest weights, or most components.
        """
        return of_windows.of_rolling(self, most)

    def _columns(self) -> dict[str, Any]:
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, Any]]:
        for name, value in self.items():
            if name == "weights" and value is not None:
                held = np.asarray(value, dtype=np.float64)
                yield from ((f"weight_{label}", held[:, place]) for place, label in enumerate(self.columns))
            elif name == "explained_variance_ratio" and value is not None:
                yield from ((f"{name}_{k + 1}", shares) for k, shares in enumerate(value.T))
            elif value is not None and name not in {"kind", "columns", "components"}:
                yield name, value
