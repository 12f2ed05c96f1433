"""The NumPy twin of performance: series that begin and end together are computed together, row by row."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.performance.model import Performance, ReturnFigures
from gpu_kernels.performance.sharpe_error import probability_positive, standard_errors

__all__ = ["account", "figures", "grouped", "spans"]

_AT_ONCE = 2**16
"""Entries of a block, so that what is computed on the way stays in the caches."""

_ROUNDING = 8 * np.finfo(np.float64).eps
"""Of returns that are the same but for their last digits, relative to the largest of them."""

_LARGEST_LOG = 709.0
"""A logarithmic return at or above it is no simple one: its exponential leaves the doubles."""

_RECOVERED = 64 * np.finfo(np.float64).eps
"""Of the logarithm of a wealth that is back at its peak but for rounding."""


class _Wealth(NamedTuple):
    """The extremes of the paths of a block.

    Attributes:
        returns: (b, n), simple.
        under: (b, n), whether the wealth is below its peak.
        worst: (b,) largest drawdown.
        growth: (b,) log(1 + total return).
        total: (b,) total return.
    """

    returns: Floats
    under: NDArray[np.bool_]
    worst: Floats
    growth: Floats
    total: Floats


def figures(values: Floats, kind: str, periods_per_year: float) -> Performance:
    """Describe every series; see the contract."""
    n_series = values.shape[0]
    first, last = spans(values)
    reasons = _reasons(values, kind, first, last)
    good = np.array([not reason for reason in reasons], dtype=np.bool_)
    found = _empty(n_series)
    n_bars = np.where(good, last - first + (kind != "equity"), 0)
    read: dict[str, Callable[[Floats], _Wealth]] = {"equity": _of_equity, "log": _of_log, "simple": _of_simple}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for rows, bars in grouped(first, last, good):
            interruption.check()
            _put(found, rows, _describe(read[kind](np.ascontiguousarray(values[rows, bars])), periods_per_year))
    status = tuple("ok" if each else "error" for each in good)
    return Performance(status, tuple(reasons), n_bars.astype(np.int64), found)


def account(
    returns: Floats, drawdown: Floats, total: Floats, counted: NDArray[np.bool_], periods_per_year: float
) -> ReturnFigures:
    """Describe accounts whose returns and drawdowns are known, whatever they are fractions of.

    Args:
        returns: (B, T), NaN before an account's first bar and after its last.
        drawdown: (B, T), likewise.
        total: (B,) equity at the last bar over the initial capital, less 1.
        counted: (B,) which series have figures; the others are NaN.
        periods_per_year: Bars in a year.
    """
    first, last = spans(returns)
    found = _empty(returns.shape[0])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        growth = np.log1p(np.maximum(total, -1.0))
        for rows, bars in grouped(first, last, counted):
            interruption.check()
            gained, fall = (np.ascontiguousarray(values[rows, bars]) for values in (returns, drawdown))
            wealth = _Wealth(gained, fall > 0, fall.max(axis=1), growth[rows], total[rows])
            _put(found, rows, _describe(wealth, periods_per_year))
    return found


def spans(values: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return each row's first and last entry that is not NaN; T and -1 where all are."""
    present = ~np.isnan(values)
    some, n_bars = present.any(axis=1), values.shape[1]
    first, behind = present.argmax(axis=1), present[:, ::-1].argmax(axis=1)
    return np.where(some, first, n_bars), np.where(some, n_bars - 1 - behind, -1)


def grouped(
    first: NDArray[np.intp], last: NDArray[np.intp], wanted: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.intp], slice]]:
    """Yield the wanted rows that begin and end together, and their bars, in blocks.

    A series is summed over its own bars alone, so that neither other series nor missing bars around it change a
    bit.
    """
    places = np.flatnonzero(wanted)
    order = places[np.lexsort((last[places], first[places]))]
    changes = np.flatnonzero((np.diff(first[order]) != 0) | (np.diff(last[order]) != 0)) + 1
    for group in np.split(order, changes):
        if not group.size:
            continue
        bars = slice(int(first[group[0]]), int(last[group[0]]) + 1)
        size = max(1, _AT_ONCE // (bars.stop - bars.start))
        for start in range(0, group.size, size):
            yield group[start : start + size], bars


def _reasons(values: Floats, kind: str, first: NDArray[np.intp], last: NDArray[np.intp]) -> list[str]:
    """Return why each series has no figures, "" where it has some."""
    noun = "value" if kind == "equity" else "return"
    out = []
    least, most = {"equity": (0.0, np.inf), "log": (-np.inf, _LARGEST_LOG), "simple": (-1.0, np.inf)}[kind]
    good = (np.fmin.reduce(values, axis=1) > least) & (np.fmax.reduce(values, axis=1) < most)
    for row in range(len(values)):
        if last[row] < 0:
            reason = f"there is no {noun}"
        elif not good[row]:
            place = int(((values[row] <= least) | (values[row] >= most)).argmax())
            reason = f"the {noun} {values[row, place].item()!r} at row {place} {_fault(values[row, place], kind)}"
        elif kind == "equity" and first[row] == last[row]:
            reason = "there is one value, and a return takes two"
        else:
            reason = ""
        out.append(reason)
    return out


def _fault(value: float, kind: str) -> str:
    if np.isinf(value):
        return "is infinite"
    if kind == "log":
        return "is too large for its exponential"
    return "is not positive" if kind == "equity" else "is not above -1: it loses everything"


def _of_simple(values: Floats) -> _Wealth:
    returns = np.where(np.isnan(values), 0.0, values)
    return _of_growth(returns, np.log1p(returns))


def _of_log(values: Floats) -> _Wealth:
    steps = np.where(np.isnan(values), 0.0, values)
    return _of_growth(np.expm1(steps), steps)


def _of_growth(returns: Floats, steps: Floats) -> _Wealth:
    growth = np.cumsum(steps, axis=1)
    below = np.maximum(np.maximum.accumulate(growth, axis=1), 0.0) - growth
    below[below <= _RECOVERED * np.maximum(1.0, np.abs(growth))] = 0.0
    end = growth[:, -1]
    return _Wealth(returns, below > 0, -np.expm1(-below.max(axis=1)), end, np.expm1(end))


def _of_equity(values: Floats) -> _Wealth:
    held = np.where(np.isnan(values), 0, np.arange(values.shape[1]))
    filled = np.take_along_axis(values, np.maximum.accumulate(held, axis=1), axis=1)
    returns = filled[:, 1:] / filled[:, :-1] - 1.0
    drawdown = 1.0 - filled[:, 1:] / np.maximum.accumulate(filled, axis=1)[:, 1:]
    total = filled[:, -1] / filled[:, 0] - 1.0
    growth = np.log(filled[:, -1]) - np.log(filled[:, 0])
    return _Wealth(returns, drawdown > 0, drawdown.max(axis=1), growth, total)


def _describe(wealth: _Wealth, periods_per_year: float) -> ReturnFigures:
    returns, year = wealth.returns, np.sqrt(periods_per_year)
    n_bars = returns.shape[1]
    mean = returns.mean(axis=1)
    deviation, skewness, kurtosis = _spread(returns, mean)
    losses = np.maximum(-returns, 0.0)
    scale = losses.max(axis=1)  # squares of tiny losses would leave the doubles
    relative = losses / np.where(scale > 0, scale, 1.0)[:, None]
    downside = scale * np.sqrt(np.einsum("bt,bt->b", relative, relative) / n_bars)
    cagr = np.expm1(wealth.growth * (periods_per_year / n_bars))
    ratio = _ratio(mean * year, deviation)
    error = np.where(np.isnan(ratio), np.nan, standard_errors(returns) * year)
    return ReturnFigures(
        total_return=wealth.total,
        cagr=cagr,
        annual_return=mean * periods_per_year,
        volatility=deviation * year,
        sharpe_ratio=ratio,
        sortino_ratio=_ratio(mean * year, downside),
        calmar_ratio=_ratio(cagr, wealth.worst),
        omega_ratio=np.maximum(returns, 0.0).sum(axis=1) / losses.sum(axis=1),  # inf without losses, NaN without either
        max_drawdown=wealth.worst,
        longest_drawdown=_longest(wealth.under),
        skewness=skewness,
        kurtosis=kurtosis,
        best_return=returns.max(axis=1),
        worst_return=returns.min(axis=1),
        sharpe_std_error=error,
        probability_sharpe_positive=probability_positive(ratio, error),
    )


def _spread(returns: Floats, mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Return standard deviation (ddof 1), skewness and kurtosis; deviations are scaled, so that no power underflows."""
    n_bars = returns.shape[1]
    low, high = returns.min(axis=1), returns.max(axis=1)
    still = high - low <= _ROUNDING * np.maximum(np.abs(low), np.abs(high))
    centred = returns - mean[:, None]
    largest = np.where(still, 1.0, np.abs(centred).max(axis=1))
    centred /= largest[:, None]
    squares = centred * centred
    total = squares.sum(axis=1)
    deviation = np.where(still, 0.0, largest * np.sqrt(total / max(1, n_bars - 1)))
    second = np.where(still, np.nan, total / n_bars)
    skewness = np.einsum("bt,bt->b", squares, centred) / (n_bars * second**1.5)
    kurtosis = np.einsum("bt,bt->b", squares, squares) / (n_bars * second**2)
    return deviation if n_bars > 1 else np.full_like(deviation, np.nan), skewness, kurtosis


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return np.where(denominator > 0, numerator / denominator, np.nan)


def _longest(under: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the most bars from a peak to the bar that is back at it, or to the last; the start is a peak too."""
    bars = np.arange(under.shape[1])
    peaks = np.maximum.accumulate(np.where(under, -1, bars), axis=1)
    before = np.hstack([np.full((len(under), 1), -1), peaks[:, :-1]])
    recovers = np.hstack([np.zeros((len(under), 1), dtype=np.bool_), under[:, :-1]])
    longest: NDArray[np.int64] = np.where(under | recovers, bars - before, 0).max(axis=1).astype(np.int64)
    return longest


def _empty(n_series: int) -> ReturnFigures:
    found = ReturnFigures(*(np.full(n_series, np.nan) for _ in ReturnFigures._fields))
    return found._replace(longest_drawdown=np.zeros(n_series, dtype=np.int64))


def _put(found: ReturnFigures, rows: NDArray[np.intp], block: ReturnFigures) -> None:
    for values, part in zip(found, block, strict=True):
        values[rows] = part
