"""Which picture a result has."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from meanrev.errors import InvalidInput
from meanrev.pictures.chart import Band, Bars, Chart, Heat, Level, Line, Marks, Panel

if TYPE_CHECKING:
    from meanrev.results import (
        BacktestResult,
        JohansenTest,
        OuFit,
        PairFit,
        Pca,
        ScanResult,
        SweepResult,
        WalkForward,
        Weights,
    )

__all__ = [
    "of_backtest",
    "of_combination",
    "of_fit",
    "of_pair",
    "of_pca",
    "of_scan",
    "of_surface",
    "of_walk",
    "of_weights",
]

Floats = NDArray[np.float64]

_MOST_PAIRS = 30


def of_backtest(run: "BacktestResult", prices: Any = None) -> Chart:
    """Return equity, drawdown and scores with entries and exits.

    Args:
        run: A backtest with path=True.
        prices: (T,) as traded, for buying and holding beside it; None for none.

    Raises:
        InvalidInput: the backtest has no path, or prices have another length.
    """
    if run.path is None:
        raise InvalidInput("path", "must be there for a picture of a backtest: backtest(..., path=True) returns it")
    across, equity = _across(run.path.equity), _values(run.path.equity)
    lines, in_units = [Line("equity", across, equity)], _in_units(equity, run.max_drawdown)
    if prices is not None:
        held = _values(prices)
        if held.size != equity.size:
            rule = f"must have {equity.size} values, one a bar of the backtest"
            raise InvalidInput("prices", rule, value=held.size)
        lines.append(Line("bought and held", across, _held(held, equity, in_units=in_units), dashed=True))
    ratio = f"Sharpe ratio {run.sharpe_ratio:.2f} ± {run.sharpe_std_error:.2f}, {run.num_trades} round trips"
    panels = (
        Panel("equity", tuple(lines)),
        Panel("drawdown", (Line("drawdown", across, _drawdown(equity, in_units=in_units)),), share=0.5),
        Panel("z-score", (Line("z-score", across, _values(run.path.zscore)), *_trade_marks(run, across)), share=0.8),
    )
    return Chart(f"Backtest: {ratio}", panels, run.note)


def of_fit(fit: "OuFit", prices: Any) -> Chart:
    """Return prices with the fit's mean and its band of one and two stationary deviations.

    Args:
        fit: Of one series.
        prices: (T,) that were fitted.

    Raises:
        InvalidInput: the fit is of many series.
    """
    if np.ndim(fit.theta):
        rule = "must be of one series for a picture; fit the column alone"
        raise InvalidInput("fit", rule, value=f"{np.size(fit.theta)} series")
    across, values = _across(prices), _values(prices)
    deviation = _deviation(fit.theta, fit.sigma)
    title = (
        f"Half-life {fit.half_life:.4g} periods, 95 % interval {fit.half_life_lower:.4g} to {fit.half_life_upper:.4g}"
    )
    return Chart(title, (Panel("price", (*_bands(across, float(fit.mu), deviation), Line("price", across, values))),))


def of_pair(pair: "PairFit") -> Chart:
    """Return the spread of a pair with its mean, its bands and the levels of entries.

    Args:
        pair: Its fit.
    """
    deviation = _deviation(pair.theta, pair.sigma)
    title = (
        f"{pair.y} - {pair.hedge_ratio:.4g} {pair.x}: p-value {pair.p_value:.3g}, half-life {pair.half_life:.4g} bars"
    )
    levels = [pair.mu + sign * pair.entry_zscore * deviation for sign in (-1, 1)]
    entries = tuple(Level("entry", level) for level in levels if np.isfinite(level))
    return Chart(title, (_spread(pair.spread, pair.mu, deviation, entries),), pair.note)


def of_combination(found: "JohansenTest") -> Chart:
    """Return the spread of the first combination with its mean and its bands.

    Args:
        found: Of Johansen's test.
    """
    title = f"Rank {found.trace_rank} by the trace; half-life of the first combination {found.half_life:.4g} bars"
    return Chart(title, (_spread(found.spread, found.mu, _deviation(found.theta, found.sigma), ()),))


def of_surface(swept: "SweepResult", column: Any, figure: str, cost: float | None, lookback: int | None) -> Chart:
    """Return a figure over entry and exit thresholds, with the best cell and the best plateau.

    Args:
        swept: The sweep.
        column: As for SweepResult.surface, like the arguments that follow.
        figure: As for surface.
        cost: As for surface.
        lookback: As for surface.
    """
    shown = swept.surface(column, figure, cost=cost, lookback=lookback)
    place = swept.columns.index(shown.column)
    marked = {}
    for name, prefix in (("best cell", ""), ("best plateau", "plateau_")):
        cell = int(np.atleast_1d(swept.best[f"{prefix}cell"])[place])
        if cell >= 0 and (swept.cost[cell], swept.lookback[cell]) == (shown.cost, shown.lookback):
            row = int(np.flatnonzero(shown.entry_zscore == swept.entry_zscore[cell])[0])
            marked[name] = (row, int(np.flatnonzero(shown.exit_zscore == swept.exit_zscore[cell])[0]))
    name = figure.replace("_", " ")
    best = ""
    ratio, error = (np.atleast_1d(swept.best[key])[place] for key in ("sharpe_ratio", "sharpe_std_error"))
    if figure == "sharpe_ratio" and np.isfinite(error):
        best = f"; the best cell's is {ratio:.2f} ± {error:.2f}"
    label = "prices" if shown.column == "" else shown.column
    title = f"{label}: {name}, cost {shown.cost:g} a side, lookback {shown.lookback}{best}"
    heat = Heat(name, tuple(shown.exit_zscore.tolist()), tuple(shown.entry_zscore.tolist()), shown.cells, marked)
    note = str(np.atleast_1d(np.asarray(swept.best.note, dtype=object))[place] or "")
    return Chart(title, (Panel("entry, z", (heat,), "exit, z", 1.3),), note)


def of_walk(walk: "WalkForward", column: Any, pooled: Any = None) -> Chart:
    """Return the steps of one column: what they gained out of sample, and the Sharpe ratios of both parts.

    Args:
        walk: All steps.
        column: Label of the column.
        pooled: The walk-forward as a whole, for the title; None for none.
    """
    mine = np.array([label == column for label in walk.column])
    ends = walk.test_last[mine] if walk.test_last is not None else walk.test_stop[mine] - 1
    gains = np.nan_to_num(walk.test_return[mine])
    steps = tuple(str(end)[:10] for end in ends)
    title = f"{column or 'prices'}: out of sample, {int(mine.sum())} steps"
    if pooled is not None:
        at = list(pooled.column).index(column)
        title += f"; Sharpe ratio {pooled.sharpe_ratio[at]:.2f}, 95 % interval "
        title += f"{pooled.sharpe_lower[at]:.2f} to {pooled.sharpe_upper[at]:.2f}"
    pairs = zip(walk.entry_zscore[mine], walk.exit_zscore[mine], strict=True)
    chosen = tuple(f"entry {entry:g}, exit {leave:g}" for entry, leave in pairs)
    added = Bars("sum of the steps' returns, not compounded", steps, gains.cumsum(), details=chosen)
    tested = Bars("test part", steps, walk.test_sharpe[mine], walk.test_sharpe_std_error[mine], chosen)
    panels = (Panel("sum of returns", (added,)), Panel("Sharpe ratio out of sample", (tested,), "last test bar"))
    return Chart(title, panels, str(pooled.note[at]) if pooled is not None else "")


def of_scan(found: "ScanResult") -> Chart:
    """Return the first pairs' Sharpe ratios out of sample, and their p-values.

    Args:
        found: Of a scan.
    """
    first = slice(0, _MOST_PAIRS)
    labels = tuple(f"{y} / {x}" for y, x in zip(found.y[first], found.x[first], strict=True))
    title = f"{len(found.y)} pairs of {found.n_pairs} tested"
    if np.isfinite(found.p_best[:1]).all() and found.p_best.size:
        title += f"; p-value of the search {found.p_best[0]:.3g}"
    test = Bars("test part", labels, found.test_sharpe[first], found.test_sharpe_std_error[first])
    p_values = Bars("p-value", labels, found.p_value[first])
    return Chart(title, (Panel("Sharpe ratio out of sample", (test,)), Panel("p-value", (p_values,), share=0.5)))


def of_pca(found: "Pca") -> Chart:
    """Return each component's share of the variance.

    Args:
        found: Of principal components.
    """
    ratios = np.asarray(found.explained_variance_ratio)
    names = tuple(f"{i + 1}" for i in range(ratios.size))
    title = f"{ratios.size} components explain {100 * found.total_variance_explained:.4g} % of the variance"
    return Chart(title, (Panel("share of the variance", (Bars("share of the variance", names, ratios),), "component"),))


def of_weights(found: "Weights") -> Chart:
    """Return the weights by asset.

    Args:
        found: Weights.
    """
    labels = _names(found.weights)
    title = (
        f"Weights: {found.expected_return:.4g} expected with a volatility of {found.expected_volatility:.4g} a period"
    )
    return Chart(title, (Panel("weight", (Bars("weight", labels, _values(found.weights)),)),))


def _spread(spread: Any, mu: float, deviation: float, entries: tuple[Level, ...]) -> Panel:
    across = _across(spread)
    return Panel("spread", (*_bands(across, mu, deviation), Line("spread", across, _values(spread)), *entries))


def _deviation(theta: Any, sigma: Any) -> float:
    """Return the stationary deviation; NaN where there is none."""
    return float(sigma) / math.sqrt(2.0 * theta) if theta > 0 else math.nan


def _bands(across: NDArray[Any], mu: float, deviation: float) -> tuple[Band | Level, ...]:
    if not np.isfinite(deviation):
        return ()
    ones = np.ones(across.size)
    bands = [Band(f"{k} deviations", across, (mu - k * deviation) * ones, (mu + k * deviation) * ones) for k in (2, 1)]
    return (*bands, Level("mean", mu))


def _in_units(equity: Floats, max_drawdown: float) -> bool:
    """Return whether a backtest has traded one unit, by its drawdown, which is a fraction of the first equity then."""
    by_peak, by_start = (-np.nanmin(_drawdown(equity, in_units=unit)) for unit in (False, True))
    return bool(abs(by_start - max_drawdown) < abs(by_peak - max_drawdown))


def _drawdown(equity: Floats, *, in_units: bool) -> Floats:
    """Return drawdowns, at most 0: fractions of the peak, or of the first equity where one unit is traded."""
    peak = np.fmax.accumulate(equity)
    base = equity[np.isfinite(equity)][:1] if in_units else peak
    return np.asarray(np.where(base > 0, (equity - peak) / np.where(base > 0, base, 1.0), np.nan))


def _held(prices: Floats, equity: Floats, *, in_units: bool) -> Floats:
    """Return what buying at the first price and holding brings, with the money or the unit that was traded."""
    known = np.isfinite(prices) & np.isfinite(equity)
    if not known.any():
        return np.full_like(prices, np.nan)
    start, first = equity[known][0], prices[known][0]
    if in_units or first <= 0:
        return np.asarray(start + prices - first)
    return np.asarray(start * prices / first)


def _trade_marks(run: "BacktestResult", across: NDArray[Any]) -> list[Marks]:
    if run.trades is None:
        return []
    trades, scores = run.trades, _values(run.path.zscore)  # type: ignore[union-attr] # there is one
    marks = []
    for name, side, kind in (("bought", 1, "up"), ("sold short", -1, "down")):
        bars = trades.entry_bar[trades.side == side]
        marks.append(Marks(name, across[bars], scores[bars], kind))
    closed = trades.exit_bar[np.array([status == "closed" for status in trades.status], dtype=bool)]
    return [*marks, Marks("closed", across[closed], scores[closed], "out")]


def _across(series: Any) -> NDArray[Any]:
    """Return where a series' values stand: their times where it has some, else their numbers."""
    index = getattr(series, "index", None)
    if index is not None and not callable(index):
        times = index.tz_localize(None) if getattr(index, "tz", None) is not None else index
        values = np.asarray(times)
        if values.dtype.kind in "Mif":
            return values
    return np.arange(len(series))


def _names(series: Any) -> tuple[str, ...]:
    index = getattr(series, "index", None)
    labels = range(len(series)) if index is None or callable(index) else index
    return tuple(str(label) for label in labels)


def _values(series: Any) -> Floats:
    found = np.asarray(getattr(series, "to_numpy", lambda: series)(), dtype=np.float64)
    return found.reshape(-1)
