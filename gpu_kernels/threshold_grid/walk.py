"""Walk-forward: cells chosen on train bars, and judged on test bars that the choice has not seen.

A test is a backtest of its own on the test bars, preceded by just as many earlier bars as hold lookback - 1 prices. The
first score is then that of the first test price: no decision, and so no trade, is made before the test part begins,
the position starts flat, and the equity at the initial capital. Purged and train bars thus fill the window of the
first test scores, as they would for a trader, but nothing is earned on them.
"""

import math
from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption, sweep
from gpu_kernels.checks import Floats
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import few, probability_positive, standard_errors
from gpu_kernels.sweep import Rules
from gpu_kernels.threshold_grid import blocks, host
from gpu_kernels.threshold_grid.model import ERROR, OK, Cells, Progress, Spans, WalkStep
from gpu_kernels.threshold_grid.reasons import of_part

__all__ = ["forward", "over_last_bars", "starts"]


class _Test(NamedTuple):
    sharpe: float
    gained: float
    trades: int
    drawdown: float
    error: float
    positive: float
    note: str


class _Tested(NamedTuple):
    figures: _Test
    reason: str


_NO_TEST = _Test(math.nan, math.nan, 0, math.nan, math.nan, math.nan, "")


def starts(n_bars: int, spans: Spans) -> range:
    """Return the first train bars of the steps that fit into n_bars."""
    return range(0, n_bars - sum(spans) + 1, spans.test)


def forward(prices: Floats, cells: Cells, spans: Spans, rules: Rules, progress: Progress | None) -> list[WalkStep]:
    """Walk every series forward; see the contract."""
    if rules.score == "online":
        raise InvalidInput("score", "must be 'rolling' or 'fixed' for a walk-forward", value=rules.score)
    n_series, n_bars = prices.shape
    first_bars = starts(n_bars, spans)
    n_valid = int(np.count_nonzero(cells.valid))
    total, done = len(first_bars) * n_series * n_valid, 0
    found: list[WalkStep] = []
    for rows in blocks.rows_of(n_series, cells.valid.size):
        for start in first_bars:
            interruption.check()

            def report(swept: int, _: int, before: int = done) -> None:
                if progress is not None:
                    progress(before + swept, total)

            train = prices[rows, start : start + spans.train]
            own = _fitted(train, rules.of(rows))
            swept = blocks.run(train, cells, own, report)
            sharpe_ratio = swept.sharpe_ratio
            done += train.shape[0] * n_valid
            chosen = host.best(sharpe_ratio)
            test_start = start + spans.train + spans.purge
            known = prices[rows, : test_start + spans.test]
            tests = _tests(known, test_start, chosen, cells, own)
            _say_why(tests, train, chosen, cells, rules, start)
            ratios = host.taken(sharpe_ratio, chosen).tolist()
            errors = _train_errors(train, chosen, cells, own).tolist()
            trades = host.taken(swept.num_trades, chosen).tolist()
            notes = _train_notes(train, trades, rules)
            bars = (start, start + spans.train, test_start, test_start + spans.test)
            for place, (cell, tested) in enumerate(zip(chosen.tolist(), tests, strict=True)):
                said = ERROR if tested.reason else OK, tested.reason
                first, (error, positive, note) = tested.figures[:4], tested.figures[4:]
                step = WalkStep(
                    rows.start + place,
                    *bars,
                    cell,
                    ratios[place],
                    *first,
                    *said,
                    error,
                    positive,
                    _joined(notes[place], note),
                    errors[place],
                )
                found.append(step)
    return sorted(found, key=lambda step: step[:2])


def _fitted(train: Floats, rules: Rules) -> Rules:
    """Return the rules with each series' process of the train part, where score "fixed" has none given."""
    if rules.score != "fixed" or rules.mean is not None:
        return rules
    mean, deviation = sweep.stationary(train)
    return rules._replace(mean=mean, deviation=deviation)


def _train_errors(train: Floats, chosen: NDArray[np.int64], cells: Cells, rules: Rules) -> Floats:
    """Return the standard error of each series' train Sharpe ratio, annualised, (B,); NaN where it has no cell."""
    found = np.full(chosen.size, np.nan)
    for number in np.unique(chosen[chosen >= 0]).tolist():
        interruption.check()
        members, cell = np.flatnonzero(chosen == number), _cell(cells, number)
        own = rules.of(members)._replace(lookback=int(cell.lookback[0]))
        found[members] = _errors(train[members], 0, cell, own) * math.sqrt(rules.periods_per_year)
    return found


def _train_notes(train: Floats, trades: list[float], rules: Rules) -> list[str]:
    """Return the warning about each series' train part, whose cell closed so many trades, NaN without a cell."""
    n_bars = sweep.survey(train, rules.mode).n_bars.tolist()
    return ["" if math.isnan(closed) else few(bars, int(closed)) for bars, closed in zip(n_bars, trades, strict=True)]


def _joined(train: str, test: str) -> str:
    parts = (("train part: ", train), ("", test))
    return "; ".join(name + words for name, words in parts if words)


def _say_why(
    tests: list[_Tested], train: Floats, chosen: NDArray[np.int64], cells: Cells, rules: Rules, start: int
) -> None:
    """Give the steps whose train part has no cell their reason."""
    without = np.flatnonzero(chosen < 0)
    why = of_part(train[without], cells, rules.mode, "train", start) if without.size else []
    for series, reason in zip(without.tolist(), why, strict=True):
        tests[series] = _Tested(_NO_TEST, reason)


def _tests(prices: Floats, test_start: int, chosen: NDArray[np.int64], cells: Cells, rules: Rules) -> list[_Tested]:
    """Trade each series' cell on the bars from test_start on; series with the same cell run together.

    The earlier bars are those that fill the first window. Behind the test part's last price, no bar counts.
    """
    found = [_Tested(_NO_TEST, "")] * chosen.size
    counted = sweep.survey(prices[:, test_start:], rules.mode)
    alike: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for series, cell in enumerate(chosen.tolist()):
        if cell >= 0 and not counted.n_prices[series]:
            found[series] = _Tested(_NO_TEST, "the test part has no price")
        elif cell >= 0:
            warm_start = test_start
            if rules.score == "rolling":
                warm_start = _warm_start(prices[series, :test_start], int(cells.lookback[cell]))
            alike[cell, warm_start].append(series)
    for (cell, warm_start), members in alike.items():
        interruption.check()
        tests = _tested(
            prices[members, warm_start:], test_start - warm_start, _cell(cells, cell), rules.of(np.array(members))
        )
        reasons = sweep.reasons(prices[members, warm_start:], rules.mode, warm_start)
        for series, figures, reason in zip(members, tests, reasons, strict=True):
            unknown = not all(map(math.isfinite, figures[:4]))
            found[series] = _Tested(figures, reason or (sweep.OVERFLOW if unknown else ""))
    return found


def _cell(cells: Cells, number: int) -> Cells:
    return Cells(*(column[[number]] for column in cells))  # type: ignore[arg-type] # columns of their own types


def _tested(prices: Floats, n_earlier: int, cell: Cells, rules: Rules) -> list[_Test]:
    """Trade one cell on series (b, T) of which the first n_earlier bars only fill the window."""
    thresholds, lookback = (cell.entry_z, cell.exit_z, cell.cost), int(cell.lookback[0])
    figures = sweep.backtest(prices, *thresholds, rules._replace(lookback=lookback))
    seen = sweep.survey(prices, rules.mode)
    last = seen.first + seen.n_bars
    n_tested = (last - np.maximum(seen.first, n_earlier)).tolist()
    errors = _errors(prices, n_earlier, cell, rules._replace(lookback=lookback))
    year = math.sqrt(rules.periods_per_year)
    rows = zip(
        (figures.sharpe_ratio[:, 0] / year).tolist(),
        figures.cumulative_return[:, 0].tolist(),
        figures.num_trades[:, 0].tolist(),
        figures.max_drawdown[:, 0].tolist(),
        seen.n_bars.tolist(),
        n_tested,
        errors.tolist(),
        strict=True,
    )
    found = []
    for per_bar, gained, trades, drawdown, n_bars, n_last, error in rows:
        sharpe = year * over_last_bars(per_bar, n_bars, n_last)
        positive = float(probability_positive(np.array(sharpe), np.array(year * error)))
        found.append(_Test(sharpe, gained, trades, drawdown, year * error, positive, few(n_last, trades)))
    return found


def _errors(prices: Floats, n_earlier: int, cell: Cells, rules: Rules) -> Floats:
    """Return the standard errors of the Sharpe ratios per bar of the test bars, (b,)."""
    ran = sweep.accounts(prices, cell.entry_z, cell.exit_z, cell.cost, rules, path=True)
    found = np.full(len(prices), np.nan)
    if ran.paths is None:
        return found
    for row, path in enumerate(ran.paths.returns[:, n_earlier:]):
        returns = path[~np.isnan(path)]
        found[row] = standard_errors(returns[None, :])[0] if returns.size else np.nan
    return found


def _warm_start(earlier: Floats, lookback: int) -> int:
    """Return the bar from which lookback - 1 prices are there, 0 where there are fewer."""
    present = np.flatnonzero(~np.isnan(earlier))
    return int(present[1 - lookback]) if present.size >= lookback - 1 else 0


def over_last_bars(sharpe: float, n_bars: int, n_last: int) -> float:
    """Return the Sharpe ratio of the last bars of a series whose earlier returns are all 0.

    A ratio over n bars fixes u = (sum r)^2 / sum r^2 = S^2 n^2 / (n - 1 + S^2 n), which zeros do not change; over k
    bars it is then sqrt(u (k - 1) / (k (k - u))), with the sign of S.

    Args:
        sharpe: S, per bar, with ddof 1; NaN stays NaN.
        n_bars: n.
        n_last: k.

    Returns:
        The ratio per bar; 0 where the last returns do not vary.
    """
    if n_last == n_bars or not sharpe:
        return sharpe
    squared = sharpe * sharpe
    whole = n_last * (n_bars - 1)
    apart = whole - squared * n_bars * (n_bars - n_last)
    if apart <= 1e-12 * whole or n_last == 1:  # nothing but rounding
        return 0.0
    return sharpe * n_bars * math.sqrt((n_last - 1) / (n_last * apart))
