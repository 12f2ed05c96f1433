"""Books of a universe's residuals: factors, regressions, scores and accounts in one pass (Avellaneda and Lee 2010)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gpu_kernels.bounds import within_reach
from gpu_kernels.checks import Floats, array, at_least, no_infinity, non_negative, one_of, positive
from gpu_kernels.errors import InvalidInput
from gpu_kernels.residuals import cells, chosen, panels
from gpu_kernels.residuals.books import COST_BASES, MOST_CELLS, Book, Progress, Request, Rules
from gpu_kernels.residuals.cells import structures
from gpu_kernels.residuals.host import most_factors
from gpu_kernels.residuals.model import NAME_REASONS, Filters, Panel, Structure
from gpu_kernels.residuals.streaming import Pass
from gpu_kernels.threshold_grid.model import Spans

__all__ = [
    "COST_BASES",
    "MOST_CELLS",
    "MOST_DELAY",
    "NAME_REASONS",
    "PAPER",
    "Book",
    "Filters",
    "Panel",
    "Progress",
    "Rules",
    "Spans",
    "Structure",
    "check_cells",
    "most_factors",
    "panel",
    "structures",
    "trade",
]

MOST_DELAY = 100
"""Most bars between a decision and its fill."""

PAPER = Rules(delay=0, cost_basis="stocks", size=0.02)
"""The conventions of the paper: fills at the close that decides, and no costs of the hedges."""

_RULES, _FILTERS = Rules(), Filters()
_FEWEST_ROWS = 2
"""Rows of a matrix behind the longest window: a decision, and a return after it."""


def trade(
    prices: ArrayLike,
    *,
    factors: Sequence[int | str] = (15,),
    window: Sequence[int] = (252,),
    regression: Sequence[int] = (60,),
    max_reversion: Sequence[float] | None = None,
    max_p: Sequence[float] | None = None,
    entry: ArrayLike = 1.25,
    exit_long: ArrayLike = 0.5,
    exit_short: ArrayLike = 0.75,
    cost: ArrayLike = 0.0005,
    rules: Rules = _RULES,
    filters: Filters = _FILTERS,
    members: ArrayLike | None = None,
    spans: Spans | None = None,
    years: ArrayLike | None = None,
    progress: Progress | None = None,
) -> Book:
    """Trade the residuals of a universe in every cell of a grid, and choose one by its Sharpe ratio after costs.

    Args:
        prices: (T, N), oldest first, adjusted for splits and dividends; NaN where a name has no price.
        factors: Numbers of factors, 1 to 100, or shares of the variance to explain, such as "55%".
        window: Returns M behind the factors, 20 to 10,000.
        regression: Returns L behind the residuals, 20 to 1,000, at most every window.
        max_reversion: Slowest reversion times 1 / theta of a valid fit, in bars; L / 2 where None.
        max_p: Largest reversion_p of a valid fit, above 0 and at most 1; 1 where None.
        entry: Scores at which a trade opens, above 0.
        exit_long: A long position closes at -exit_long.
        exit_short: A short position closes at exit_short.
        cost: Fractions of the notional a side.
        rules: How scores are traded.
        filters: What all structures share.
        members: (T, N), 0 where a name is not in the universe as it is known at that close; every name is where None.
        spans: Lengths of a walk-forward's parts; none where None.
        years: (T,) calendar year of each row, a whole number, for figures by year.
        progress: Called with the rows done and their number after each block; what it raises ends the work.

    Returns:
        Book. A cell that cannot be traded has NaN and a reason.

    Raises:
        InvalidInput: an argument breaks its rule, no cell is valid, there are too few rows, or no row has a score.

    References:
        Avellaneda and Lee (2010), Statistical arbitrage in the US equities market, sections 2 to 5 and appendix A.
    """
    known = structures(factors, window, regression, max_reversion, max_p)
    axes = entry, exit_long, exit_short, cost
    request = _request(prices, known, axes, rules, filters, members, spans, years)
    found = Pass(request)
    found.run(progress)
    book = chosen.book(found)
    if book.counts.fits == 0 and all(each.scored == 0 for each in found.tallies):
        raise _no_scores(known, filters, found.tallies[0].eligible / book.counts.days)
    return book


def _request(
    prices: ArrayLike,
    known: tuple[Structure, ...],
    axes: tuple[ArrayLike, ...],
    rules: Rules,
    filters: Filters,
    members: ArrayLike | None,
    spans: Spans | None,
    years: ArrayLike | None,
) -> Request:
    levels, valid = cells.levels(*axes[:3])
    every, costs = cells.cells(len(known), levels, valid, axes[3])
    longest = max(each.window for each in known)
    held = _prices(prices, longest)
    return Request(
        held,
        _members(members, held.shape),
        known,
        _filters(filters),
        *levels,
        every,
        costs,
        _rules(rules),
        _spans(spans, len(held) - longest),
        _years(years, len(held)),
    )


def panel(
    prices: ArrayLike,
    *,
    factors: int | str = 15,
    window: int = 252,
    regression: int = 60,
    max_reversion: float | None = None,
    max_p: float | None = None,
    filters: Filters = _FILTERS,
    members: ArrayLike | None = None,
    rows: ArrayLike | None = None,
    progress: Progress | None = None,
) -> Panel:
    """Return residuals, portfolios and scores of one structure, for models of one's own.

    Args:
        prices: As in trade.
        factors: One number, or one share of the variance.
        window: As in trade.
        regression: As in trade.
        max_reversion: As in trade.
        max_p: As in trade.
        filters: As in trade.
        members: As in trade.
        rows: (D,) ascending rows whose residuals, portfolios and loadings are returned; none where None.
        progress: As in trade.

    Returns:
        Panel. Scores, fits and p-values are (T, N), NaN where a name has no score at a row; residuals, portfolios and
        loadings are those of the rows asked for.

    Raises:
        InvalidInput: an argument breaks its rule, or there are too few rows.

    References:
        As trade.
    """
    slowest = None if max_reversion is None else [max_reversion]
    (structure,) = structures([factors], [window], [regression], slowest, None if max_p is None else [max_p])
    held = _prices(prices, structure.window)
    asked = np.zeros(0, dtype=np.int64) if rows is None else _asked(rows, len(held))
    return panels.panel(held, _members(members, held.shape), structure, _filters(filters), asked, progress)


def check_cells(
    n_structures: int, entry: ArrayLike, exit_long: ArrayLike, exit_short: ArrayLike, cost: ArrayLike
) -> None:
    """Check the axes of a grid before there are prices.

    Args:
        n_structures: Structures of the grid.
        entry: As in trade.
        exit_long: As in trade.
        exit_short: As in trade.
        cost: As in trade.

    Raises:
        InvalidInput: as trade.
    """
    cells.cells(n_structures, *cells.levels(entry, exit_long, exit_short), cost)


def _no_scores(known: tuple[Structure, ...], filters: Filters, eligible: float) -> InvalidInput:
    fewest = [each.factors + 1 + filters.min_dof for each in known]
    if all(each.factors and each.regression < least for each, least in zip(known, fewest, strict=True)):
        rule = f"must be at least factors + 1 + min_dof = {min(fewest)}: take longer regressions, or a lower min_dof"
        return InvalidInput("regression", rule, value=[each.regression for each in known])
    given = [each.factors or f"{100.0 * each.share:g}%" for each in known]
    rule = (
        f"must leave 2 eligible names a factor, of {eligible:.3g} on average, and enough returns in the regression: "
        "take fewer factors, or '55%'"
    )
    return InvalidInput("factors", rule, value=given)


def _prices(prices: ArrayLike, window: int) -> Floats:
    held = array("prices", prices, ndim=2, shape="(T, N)")
    least = window + _FEWEST_ROWS
    if held.shape[0] < least or held.shape[1] < _FEWEST_ROWS:
        rule = f"must have at least window + 2 = {least} rows, and 2 columns"
        raise InvalidInput("prices", rule, value=held.shape)
    no_infinity("prices", held)
    within_reach("prices", held)
    wrong = held <= 0
    if wrong.any():
        row, column = map(int, np.argwhere(wrong)[0])
        rule = "must be positive, or NaN where there is no price"
        raise InvalidInput("prices", rule, value=float(held[row, column]), index=(row, column))
    return held


def _members(members: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    if members is None:
        return None
    given = array("members", members, ndim=2, shape="(T, N)")
    if given.shape != shape:
        raise InvalidInput("members", f"must have the shape of prices, {shape}", value=given.shape)
    if not np.isin(given, (0.0, 1.0)).all():
        raise InvalidInput("members", "must be 0 or 1")
    return np.asarray(given == 1.0)


def _filters(filters: Filters) -> Filters:
    if not filters.min_r2 < 1.0:
        raise InvalidInput("min_r2", "must be below 1", value=filters.min_r2)
    at_least("min_dof", filters.min_dof, 1)
    at_least("refit", filters.refit, 1)
    return filters


def _rules(rules: Rules) -> Rules:
    at_least("delay", rules.delay, 0)
    if rules.delay > MOST_DELAY:
        raise InvalidInput("delay", f"must be at most {MOST_DELAY}", value=rules.delay)
    one_of("cost_basis", rules.cost_basis, COST_BASES)
    positive("size", rules.size)
    non_negative("borrow", rules.borrow)
    positive("periods_per_year", rules.periods_per_year)
    return rules


def _spans(spans: Spans | None, n_counted: int) -> Spans | None:
    if spans is None:
        return None
    at_least("train", spans.train, 2)
    at_least("test", spans.test, 1)
    at_least("purge", spans.purge, 0)
    if n_counted < sum(spans):
        rule = f"must have at least train + purge + test = {sum(spans)} rows behind the longest window"
        raise InvalidInput("prices", rule, value=n_counted)
    return spans


def _years(years: ArrayLike | None, n_rows: int) -> NDArray[np.int64] | None:
    if years is None:
        return None
    given = np.asarray(years)
    if given.shape != (n_rows,):
        raise InvalidInput("years", f"must have one entry a row, {n_rows}", value=given.shape)
    numbers = array("years", years, ndim=1, shape="(T,)")
    wrong = numbers != np.floor(numbers)
    if wrong.any() or not np.isfinite(numbers).all():
        row = int(np.argmax(wrong | ~np.isfinite(numbers)))
        raise InvalidInput("years", "must be a whole number", value=float(numbers[row]), index=(row,))
    return numbers.astype(np.int64)


def _asked(rows: ArrayLike, n_rows: int) -> NDArray[np.int64]:
    given = array("rows", rows, ndim=1, shape="(D,)")
    whole = given.astype(np.int64)
    if (whole != given).any() or (given < 0).any() or (given >= n_rows).any() or (np.diff(whole) <= 0).any():
        raise InvalidInput("rows", f"must ascend, and be whole numbers from 0 to {n_rows - 1}")
    return whole
