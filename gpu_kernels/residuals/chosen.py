"""The choice among the cells of all structures, and what is reported of the chosen one."""

import math

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import return_moments, threshold_grid
from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading.multiplicity import q_values
from gpu_kernels.performance.sharpe_error import probability_positive, standard_errors
from gpu_kernels.residuals import accounts, cells, noise, prices
from gpu_kernels.residuals.accounts import Levels, Records, Signals
from gpu_kernels.residuals.books import Book, Choice, Controls, Counts, Figures, Request, Today, Years
from gpu_kernels.residuals.figures import correlation, net_returns, of_records
from gpu_kernels.residuals.model import Structure
from gpu_kernels.residuals.streaming import Pass
from gpu_kernels.threshold_grid.host import best

__all__ = ["book"]

_INVALID, _RUINED, _NO_SCORES = 1, 2, 3
_REASONS = (
    "",
    "an exit is outside of [-entry, entry)",
    "the account is ruined: it loses all its equity at one row",
    "no row has a score: there are fewer than 2 names a factor, or too few returns in the regression",
)
_REVERSAL_BARS = 5


def book(found: Pass) -> Book:
    """Return what a finished pass is worth."""
    request = found.request
    parts = [of_records(each, request.costs, request.rules) for each in found.records]
    figures = Figures(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    reason = _reasons(found, figures)
    figures = Figures._make(_without(each, reason) for each in figures)
    choice, returns = _choice(found, figures)
    whole = np.full(len(request.prices), np.nan)
    steps, pooled = found.walk.results() if found.walk is not None else ((), ())
    nobody = np.zeros(request.prices.shape, dtype=np.int8)
    if choice.cell >= 0:
        whole[request.first_row :] = returns
    structure, threshold, _ = cells.places(max(choice.cell, 0), request.entry.size, request.costs.size)
    sides = nobody if choice.cell < 0 else accounts.positions(_levels(request, threshold), found.score[structure])
    return Book(
        request.structures,
        request.cells,
        reason,
        _REASONS,
        figures,
        choice,
        whole,
        sides,
        _medians(found, structure),
        _controls(found, choice, returns),
        _years(found, choice),
        _today(found, structure, sides[-1]),
        _counts(found, structure, threshold, choice.cell >= 0),
        steps,
        pooled,
    )


def _reasons(found: Pass, figures: Figures) -> NDArray[np.int32]:
    request = found.request
    scored = np.array([each.scored > 0 for each in found.tallies])
    reason = np.zeros(request.cells.valid.size, dtype=np.int32)
    reason[figures.total_return <= -1.0] = _RUINED
    reason[~scored[request.cells.structure]] = _NO_SCORES
    reason[~request.cells.valid] = _INVALID
    return reason


def _without(values: Floats | NDArray[np.int64], reason: NDArray[np.int32]) -> Floats | NDArray[np.int64]:
    if values.dtype == np.int64:
        return np.where(reason == 0, values, 0)
    return np.where(reason == 0, values, np.nan)


def _choice(found: Pass, figures: Figures) -> tuple[Choice, Floats]:
    """Return the choice, and the net returns of the chosen cell."""
    request, rules = found.request, found.request.rules
    ratios = figures.sharpe_book if rules.cost_basis == "book" else figures.sharpe_stocks
    cell = int(best(ratios[None])[0])
    n_tried = int(np.count_nonzero(np.isfinite(ratios)))
    if cell < 0:
        return Choice(-1, math.nan, math.nan, math.nan, math.nan, n_tried), np.zeros(0)
    structure, threshold, cost = cells.places(cell, request.entry.size, request.costs.size)
    returns = net_returns(found.records[structure], float(request.costs[cost]), rules, rules.cost_basis)[:, threshold]
    year = math.sqrt(rules.periods_per_year)
    tried = ratios[np.isfinite(ratios)] / year
    skewness, kurtosis = (float(each[0]) for each in return_moments.moments(returns[None]))
    deflated = threshold_grid.deflated_sharpe(
        float(ratios[cell]) / year,
        returns.size,
        skewness,
        max(kurtosis, 1.0 + skewness**2),
        n_tried,
        float(tried.var(ddof=1)) if n_tried > 1 else 0.0,
    )
    error = standard_errors(np.ascontiguousarray(returns[None])) * year
    positive = float(probability_positive(ratios[[cell]], error)[0])
    return Choice(cell, float(ratios[cell]), deflated, float(error[0]), positive, n_tried), returns


def _levels(request: Request, threshold: int) -> Levels:
    return Levels(*(each[[threshold]] for each in (request.entry, request.exit_long, request.exit_short)))


def _medians(found: Pass, structure: int) -> Floats:
    """Return the median of 1 / theta over the names with a score, row by row."""
    taken = np.where(np.isnan(found.score[structure]), np.nan, 1.0 / found.theta[structure])
    medians = np.full(len(taken), np.nan)
    some = ~np.isnan(taken).all(axis=1)
    medians[some] = np.nanmedian(taken[some], axis=1)
    return medians


def _controls(found: Pass, choice: Choice, returns: Floats) -> Controls:
    """Return the figures of the same rule with one factor, and of a book against the last 5 bars."""
    request, rules = found.request, found.request.rules
    names = ("one_factor", "reversal_5")
    if choice.cell < 0:
        nothing = Figures._make(np.full(2, np.nan) for _ in Figures._fields)
        return Controls(names, nothing._replace(num_trades=np.zeros(2, dtype=np.int64)), np.full(2, np.nan))
    structure, threshold, cost = cells.places(choice.cell, request.entry.size, request.costs.size)
    own = request.structures[structure]
    records = (_one_factor(found, cells.one_factor(own), threshold), _reversal(found, own.window))
    price = request.costs[[cost]]
    figures = [of_records(each, price, rules) for each in records]
    net = [net_returns(each, float(price[0]), rules, rules.cost_basis)[:, 0] for each in records]
    return Controls(
        names,
        Figures(*(np.concatenate(each) for each in zip(*figures, strict=True))),
        np.array([correlation(each, returns) for each in net]),
    )


def _one_factor(found: Pass, structure: Structure, threshold: int) -> Records:
    request = found.request
    place = found.structures.index(structure)
    first, delay = request.first_row, request.rules.delay
    stop = len(request.prices) - delay
    signals = Signals(*(each[first:stop] for each in (found.score[place], *found.hedges[found.structures[place]])))
    rows = slice(first, None)
    return accounts.run(
        accounts.flat(1, request.prices.shape[1]),
        _levels(request, threshold),
        signals,
        found.account_returns[rows],
        found.unpriced[rows],
        request.rules.size,
        min(delay, len(request.prices) - first),
    )[1]


def _reversal(found: Pass, window: int) -> Records:
    """Trade every eligible name against its return of the last 5 bars, less the mean, at gross 1."""
    request = found.request
    held, first, delay = request.prices, request.first_row, request.rules.delay
    known = prices.eligible(held, request.members, window)
    weights = np.zeros(held.shape)
    for row in range(first, len(held) - delay):
        names = np.flatnonzero(known[row])
        if names.size < 2:
            continue
        moved = held[row, names] / held[row - _REVERSAL_BARS, names] - 1.0
        against = moved.mean() - moved
        gross = np.abs(against).sum()
        if gross > 0:
            weights[row + delay, names] = against / gross
    return accounts.fixed(weights[first:], found.account_returns[first:], found.unpriced[first:])


def _years(found: Pass, choice: Choice) -> Years | None:
    request = found.request
    if request.years is None or choice.cell < 0:
        return None
    structure, threshold, cost = cells.places(choice.cell, request.entry.size, request.costs.size)
    own = Records._make(each[:, [threshold]] for each in found.records[structure])
    counted = request.years[request.first_row :]
    years = np.unique(counted)
    parts = []
    for year in years.tolist():
        rows = counted == year
        parts.append(of_records(Records._make(each[rows] for each in own), request.costs[[cost]], request.rules))
    figures = Figures(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    return Years(years, np.array([np.count_nonzero(counted == year) for year in years]), figures)


def _today(found: Pass, structure: int, side: NDArray[np.int8]) -> Today:
    days = found.last[structure]
    weights = found.request.rules.size * side
    return Today(
        side,
        days.score[0],
        days.theta[0],
        days.reversion_p[0],
        q_values(days.reversion_p[0], directions=1),
        days.alpha[0],
        days.r_squared[0],
        days.why[0],
        weights - days.Q[0] @ (days.B[0].T @ weights),
    )


def _counts(found: Pass, structure: int, threshold: int, known: bool) -> Counts:
    tally = found.tallies[structure]
    score, theta = found.score[structure], found.theta[structure]
    valid = ~np.isnan(score)
    n_days = len(score) - found.request.first_row
    own = found.request.structures[structure]
    median = float(np.median(1.0 / theta[valid])) if valid.any() else math.nan
    return Counts(
        n_days,
        tally.thin,
        tally.too_few_rows,
        tally.dropped,
        tally.tied,
        tally.fits,
        int(np.count_nonzero(valid)),
        int(found.records[structure].stale[:, threshold].sum()) if known else -1,
        median,
        noise.median_reversion(own.regression, own.max_reversion, own.max_p),
        tally.eligible / n_days,
    )
