"""The answers of a sweep and of fits: the rows of all chunks in the order of the series, and what needs all of them.

The deflated Sharpe ratio of a run takes the tries of all series and cells together. Each series has brought the number
of its ratios, their mean and the sum of their squared deviations; they are pooled in the order of the series, so that
no bit depends on how the series were cut into chunks.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gpu_kernels.pair_trading.multiplicity import Tries
from gpu_kernels.threshold_grid import deflated
from meanrev_batch.model import Floats, Ints
from meanrev_batch.series_plan import SeriesPlan

__all__ = ["pooled", "rows", "run_deflated", "steps"]

_DATES = {
    "train_first": ("train_start", 0),
    "train_last": ("train_stop", -1),
    "test_first": ("test_start", 0),
    "test_last": ("test_stop", -1),
}


def pooled(number: Ints, mean: Floats, squares: Floats) -> Tries:
    """Return the number and the variance (ddof 1) of the ratios of all series.

    Args:
        number: (P,) ratios of each series.
        mean: (P,) of them.
        squares: (P,) sums of their squared deviations from it.

    References:
        Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, equation 2.1, over all parts.
    """
    total = int(number.sum())
    if total < 2:
        return Tries(total, 0.0)
    whole = float((number * mean).sum()) / total
    apart = mean - whole
    return Tries(total, float((squares + number * apart * apart).sum()) / (total - 1))


def run_deflated(swept: Any, tries: Tries, periods_per_year: float) -> Floats:
    """Return how far the best ratio of each series is above what all tries of the run find by chance, (P,).

    Args:
        swept: The chunks of a sweep below each other, an Arrow table.
        tries: Of all of them.
        periods_per_year: Of the sweep.
    """
    if not tries.number:
        return np.full(swept.num_rows, np.nan)
    chance = deflated.expected_maximum(*tries)
    ratios = swept["sharpe_ratio"].to_numpy() / math.sqrt(periods_per_year)
    lengths = np.maximum(swept["n_bars"].to_numpy(), 1)
    shapes = swept["skewness"].to_numpy(), swept["kurtosis"].to_numpy()
    each = zip(ratios.tolist(), lengths.tolist(), *(shape.tolist() for shape in shapes), strict=True)
    return np.array([deflated.probability(ratio, chance, *others) for ratio, *others in each], dtype=np.float64)


def rows(plan: SeriesPlan, found: Any, further: dict[str, Floats]) -> dict[str, Any]:
    """Return the columns of best.parquet, or of fits.parquet.

    Args:
        plan: Of the run.
        found: The chunks below each other, an Arrow table.
        further: Columns that only all chunks together have.
    """
    columns = {name: found[name] for name in found.column_names if name not in {"y", "x"}}
    return {**columns, **further, **_named(plan, np.arange(plan.series.y.size))}


def steps(plan: SeriesPlan, parts: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the columns of walk.parquet, a chunk at a time.

    Args:
        plan: Of the run.
        parts: The steps of each chunk, an Arrow table each; a series is its row in the chunk.
    """
    start = 0
    for chunk, part in zip(plan.chunks(), parts, strict=True):
        columns = {name: part[name] for name in part.column_names if name != "series"}
        dates = {name: plan.stamps_ms[part[column].to_numpy() + offset] for name, (column, offset) in _DATES.items()}
        yield {**columns, **dates, **_named(plan, start + part["series"].to_numpy())}
        start += chunk.n_pairs


def _named(plan: SeriesPlan, series: Ints) -> dict[str, Any]:
    names = np.array(plan.names, dtype=object)
    every = plan.series
    if not plan.of_pairs:
        return {"name": names[every.y[series]]}
    numbers = {"hedge_ratio": every.hedge_ratio[series], "intercept": every.intercept[series]}
    return {"y": names[every.y[series]], "x": names[every.x[series]], **numbers}
