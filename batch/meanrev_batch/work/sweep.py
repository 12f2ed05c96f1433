"""Backtests of series in all cells of a grid: the best cells, and the steps of a walk-forward.

What is computed of a series depends on no other one. Of all its cells, the number of their Sharpe ratios per bar, their
mean and the sum of their squared deviations stay, from which the gathering has the variance over all series.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.sweep import Rules
from gpu_kernels.sweep.arguments import checked_rules, stops_above
from gpu_kernels.sweep.rolling_loss import lookback_notes
from gpu_kernels.threshold_grid import chosen
from meanrev_batch.model import Floats, SeriesList
from meanrev_batch.options import SweepOptions
from meanrev_batch.work.series import values

__all__ = ["Grid", "Swept", "grid_of", "sweep"]

_AXES = {"entry_zscore": "entry_z", "exit_zscore": "exit_z", "cost": "cost", "lookback": "lookback"}
_OF_BEST = ("cumulative_return", "max_drawdown", "num_trades")


class Grid(NamedTuple):
    """The cells of a sweep, the lengths of its axes, and what all its backtests share."""

    cells: threshold_grid.Cells
    shape: tuple[int, int, int, int]
    rules: Rules


class Swept(NamedTuple):
    """What a sweep gives.

    Attributes:
        best: Columns of one row a series, by name.
        steps: Columns of one row a step of the walk-forward, in the order of series and time; empty without one.
    """

    best: dict[str, Any]
    steps: dict[str, Any]


def grid_of(options: SweepOptions, *, of_pairs: bool) -> Grid:
    """Return the grid of a sweep.

    Args:
        options: Of the sweep.
        of_pairs: Whether its series are spreads.

    Raises:
        InvalidInput: an axis or a rule is out of its range.
    """
    entry, leave = (_levels(name, getattr(options, name)) for name in ("entry", "exit"))
    cost = np.array(options.cost, dtype=np.float64)
    lookbacks = np.array(options.lookback, dtype=np.int64)
    rules = Rules(
        execution_delay=options.execution_delay,
        mode=options.mode or ("unit" if of_pairs else "compounding"),
        periods_per_year=options.periods_per_year,
        stop=math.inf if options.stop is None else options.stop,
        borrow=options.borrow,
    )
    cells = threshold_grid.expand(entry, leave, cost, lookbacks)
    stops_above(cells.entry_z[cells.valid], checked_rules(rules))
    return Grid(cells, (entry.size, leave.size, cost.size, lookbacks.size), rules)


def _levels(name: str, axis: str | tuple[float, ...]) -> Floats:
    try:
        return threshold_grid.grid(axis) if isinstance(axis, str) else np.array(axis, dtype=np.float64)
    except InvalidInput as error:
        raise InvalidInput(name, error.rule, value=error.value) from None


def sweep(prices: Floats, series: SeriesList, options: SweepOptions) -> Swept:
    """Sweep series.

    Args:
        prices: (N, T).
        series: Which, at least one.
        options: Of the sweep.
    """
    grid = grid_of(options, of_pairs=bool(series.x[0] >= 0))
    traded = values(prices, series, log=options.log)
    metrics = threshold_grid.sweep(traded, grid.cells, grid.rules)
    choice = threshold_grid.choose(metrics, grid.cells, grid.shape, traded.shape[1], grid.rules, prices=traded)
    moments = chosen.shapes(traded, choice.best, grid.cells, grid.rules)
    tries, mean, squares = _tried(metrics.sharpe_ratio / math.sqrt(options.periods_per_year))
    windows = np.where(choice.best >= 0, grid.cells.lookback[choice.best], 0)
    best = {
        "y": series.y,
        "x": series.x,
        **_at(grid.cells, choice.best),
        "sharpe_ratio": choice.best_value,
        **{name: _figure(getattr(metrics, name), choice.best) for name in _OF_BEST},
        "deflated_sharpe": choice.deflated_sharpe,
        "plateau_value": choice.plateau_value,
        **{f"plateau_{name}": column for name, column in _at(grid.cells, choice.plateau).items()},
        "n_bars": choice.n_bars,
        "sharpe_std_error": choice.sharpe_std_error,
        "probability_sharpe_positive": choice.probability_sharpe_positive,
        "status": choice.status.tolist(),
        "reason": choice.reason.tolist(),
        "note": lookback_notes(traded, windows),
        "skewness": moments[:, 0],
        "kurtosis": moments[:, 1],
        "tries": tries,
        "tries_mean": mean,
        "tries_squares": squares,
    }
    return Swept(best, _walked(traded, grid, options.walk_forward))


def _walked(traded: Floats, grid: Grid, spans: tuple[int, ...]) -> dict[str, Any]:
    if not spans:
        return {}
    train, test, purge = (*spans, 0)[:3]
    steps = threshold_grid.walk_forward(traded, grid.cells, grid.rules, train=train, test=test, purge=purge)
    columns: dict[str, Any] = {
        name: [getattr(step, name) for step in steps] for name in threshold_grid.WalkStep._fields if name != "cell"
    }
    return columns | _at(grid.cells, np.array([step.cell for step in steps], dtype=np.int64))


def _at(cells: threshold_grid.Cells, places: NDArray[np.int64]) -> dict[str, Any]:
    """Return cells with their axes: NaN, or 0 for a lookback, where there is none."""
    axes = {name: getattr(cells, field) for name, field in _AXES.items()}
    nothing = {name: 0 if axis.dtype.kind == "i" else math.nan for name, axis in axes.items()}
    return {"cell": places} | {
        name: np.where(places >= 0, axis[np.maximum(places, 0)], nothing[name]) for name, axis in axes.items()
    }


def _figure(figures: NDArray[Any], best: NDArray[np.int64]) -> NDArray[Any]:
    at_best = figures[np.arange(best.size), np.maximum(best, 0)]
    return np.where(best >= 0, at_best, 0 if figures.dtype.kind == "i" else math.nan)


def _tried(per_bar: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return how many ratios each series has, their mean, and the sum of their squared deviations from it."""
    usable = np.isfinite(per_bar)
    counts = np.count_nonzero(usable, axis=1)
    mean = np.where(usable, per_bar, 0.0).sum(axis=1) / np.maximum(counts, 1)
    apart = np.where(usable, per_bar - mean[:, None], 0.0)
    return counts, mean, np.einsum("bg,bg->b", apart, apart)
