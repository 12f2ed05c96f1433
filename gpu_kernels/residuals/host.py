"""The NumPy twin of the scores: factors and regressions day by day, and the processes of a block of days at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.ou import host as ou_host
from gpu_kernels.ou import inference
from gpu_kernels.ou.sums import Sums, of_batch
from gpu_kernels.residuals import factors as eigenportfolios
from gpu_kernels.residuals import noise
from gpu_kernels.residuals.factors import Spectrum
from gpu_kernels.residuals.model import SCORED, THIN, TOO_FEW_ROWS, Days, Filters, Regressed, Structure
from gpu_kernels.residuals.regression import residuals

__all__ = ["days", "days_by", "most_factors", "regressed", "scored", "windows"]

_INELIGIBLE, _NO_DAY, _STILL, _NOT_REVERTING, _SLOW, _UNEXPLAINED, _LIKE_NOISE = range(1, 8)
"""Places in NAME_REASONS."""


class _Basis(NamedTuple):
    """The factors of one window at one day.

    Attributes:
        names: (n,) columns of the eligible names.
        found: Their spectrum; None where there are fewer than two names.
    """

    names: NDArray[np.intp]
    found: Spectrum | None


def days(
    returns: Floats,
    eligible: NDArray[np.bool_],
    first: int,
    before: int,
    structures: tuple[Structure, ...],
    filters: Filters,
    with_windows: bool,
) -> tuple[Days, ...]:
    """Compute the scores of the last rows of a block, by every structure; a day depends on no other one.

    Args:
        returns: (T, N) rows of the returns.
        eligible: (W, T, N), for each of `windows(structures)`.
        first: The first of these rows that has scores.
        before: Rows of the prices before the first of these, for the days of a refit.
        structures: What scores are made with.
        filters: What they share.
        with_windows: Whether the residuals are asked for.

    Returns:
        One Days for each structure, of rows first and following.
    """
    return days_by(of_batch, returns, eligible, first, before, structures, filters, with_windows)


def days_by(
    summing: Callable[[Floats], Sums],
    returns: Floats,
    eligible: NDArray[np.bool_],
    first: int,
    before: int,
    structures: tuple[Structure, ...],
    filters: Filters,
    with_windows: bool,
) -> tuple[Days, ...]:
    """Compute the scores as `days` does; `summing` takes the sums of series (K, L) over their pairs."""
    regressions = regressed(returns, eligible, first, before, structures, filters)
    fits = {key: _processes(each, summing) for key, each in regressions.items()}
    found = tuple(scored(regressions[each[:4]], fits[each[:4]], each, filters) for each in structures)
    if with_windows:
        return tuple(days._replace(e=regressions[each[:4]].e) for days, each in zip(found, structures, strict=True))
    return found


def windows(structures: tuple[Structure, ...]) -> tuple[int, ...]:
    """Return the different windows of structures, in order."""
    return tuple(dict.fromkeys(each.window for each in structures))


def most_factors(structure: Structure, filters: Filters, n_names: int) -> int:
    """Return the most factors that a day with scores can have."""
    if structure.factors:
        return structure.factors
    return max(1, min(n_names // 2, structure.regression - 1 - filters.min_dof))


def regressed(
    returns: Floats,
    eligible: NDArray[np.bool_],
    first: int,
    before: int,
    structures: tuple[Structure, ...],
    filters: Filters,
) -> dict[tuple[float, ...], Regressed]:
    """Return the regressions of the days, by what structures have in common but for the filters of their fits."""
    n_days, n_names = len(returns) - first, returns.shape[1]
    known = windows(structures)
    different = {each[:4]: each for each in structures}
    found: dict[tuple[float, ...], Regressed] = {
        key: _empty(n_days, n_names, each.regression, most_factors(each, filters, n_names))
        for key, each in different.items()
    }
    bases: dict[tuple[int, int], _Basis] = {}
    for day in range(n_days):
        interruption.check()
        row = first + day
        names = [_names(returns, each, row, window) for each, window in zip(eligible, known, strict=True)]
        for window, own in zip(known, eligible, strict=True):
            at = row - (before + row - window) % filters.refit
            if (window, at) not in bases:
                for old in [key for key in bases if key[0] == window]:
                    del bases[old]
                bases[window, at] = _basis(returns, own, at, window, structures)
        held = {key[0]: basis for key, basis in bases.items()}
        for key, structure in different.items():
            mine = names[known.index(structure.window)]
            _regress(found[key], day, returns[: row + 1], mine, held[structure.window], structure, filters)
    return found


def _empty(n_days: int, n_names: int, n_rows: int, n_factors: int) -> Regressed:
    return Regressed(
        e=np.zeros((n_days, n_names, n_rows)),
        alpha=np.full((n_days, n_names), np.nan),
        r_squared=np.full((n_days, n_names), np.nan),
        why=np.full((n_days, n_names), _INELIGIBLE, dtype=np.int8),
        Q=np.zeros((n_days, n_names, n_factors)),
        B=np.zeros((n_days, n_names, n_factors)),
        n_factors=np.zeros(n_days, dtype=np.int64),
        day=np.zeros(n_days, dtype=np.int8),
        dropped=np.zeros(n_days, dtype=np.int64),
        tied=np.zeros(n_days, dtype=np.bool_),
        eligible=np.zeros(n_days, dtype=np.int64),
    )


def _names(returns: Floats, eligible: NDArray[np.bool_], row: int, window: int) -> NDArray[np.intp]:
    names = np.flatnonzero(eligible[row])
    if not names.size:
        return names
    return names[eigenportfolios.varies(_rows(returns[: row + 1], window, names))]


def _rows(returns: Floats, length: int, names: NDArray[np.intp]) -> Floats:
    """Return the last returns of some names, a view where they are all names."""
    part = returns[len(returns) - length :]
    return part if names.size == returns.shape[1] else part[:, names]


def _basis(
    returns: Floats, eligible: NDArray[np.bool_], row: int, window: int, structures: tuple[Structure, ...]
) -> _Basis:
    names = _names(returns, eligible, row, window)
    if names.size < 2:
        return _Basis(names, None)
    rank = min(window, names.size)
    mine = [each for each in structures if each.window == window]
    kept = rank if any(not each.factors for each in mine) else min(rank, 1 + max(each.factors for each in mine))
    return _Basis(names, eigenportfolios.spectrum(_rows(returns[: row + 1], window, names), kept))


def _regress(
    into: Regressed,
    day: int,
    returns: Floats,
    names: NDArray[np.intp],
    basis: _Basis,
    structure: Structure,
    filters: Filters,
) -> None:
    """Regress the names of a day, the last of the returns, on its factors; or write why that is impossible."""
    into.eligible[day] = names.size
    into.why[day, names] = _NO_DAY
    into.day[day] = THIN
    if basis.found is None or names.size < 2:
        return
    count = eigenportfolios.count(basis.found.values, structure.factors, structure.share, basis.names.size)
    if min(names.size, basis.names.size) < 2 * count:
        return
    if structure.regression - count - 1 < filters.min_dof:
        into.day[day] = TOO_FEW_ROWS
        return
    whole = into.Q[day, :, :count]
    whole[basis.names] = eigenportfolios.portfolios(basis.found, count)
    if names.size != basis.names.size or (names != basis.names).any():
        whole[np.setdiff1d(basis.names, names)] = 0.0
    last = _rows(returns, structure.regression, names)
    found = residuals(last, last @ whole[names])
    into.e[day, names] = found.e.T
    into.alpha[day, names], into.r_squared[day, names] = found.alpha, found.r_squared
    into.why[day, names] = np.where(eigenportfolios.varies(last) & found.noise, 0, _STILL)
    into.B[day, names, :count] = found.B
    into.n_factors[day], into.day[day] = count, SCORED
    into.dropped[day] = found.dropped
    into.tied[day] = eigenportfolios.tied(basis.found.values, count, basis.names.size)


class _Processes(NamedTuple):
    """The processes of the sums of residuals, each attribute (D, N); NaN where none reverts.

    Attributes:
        last: X_L.
        theta: Per bar.
        mean: Of the process.
        sigma_eq: Stationary deviation.
        slope: b - 1.
        reversion_p: Probability that noise seems to revert as fast.
    """

    last: Floats
    theta: Floats
    mean: Floats
    sigma_eq: Floats
    slope: Floats
    reversion_p: Floats


def _processes(found: Regressed, summing: Callable[[Floats], Sums]) -> _Processes:
    """Fit a process to the sums of residuals of every name and day, as ou.fit does with dt = 1."""
    some = found.why == 0
    paths = np.cumsum(found.e[some], axis=1)
    estimates = _of_sums(summing(paths))
    whole = []
    for values in (paths[:, -1], *estimates):
        scattered = np.full(some.shape, np.nan)
        scattered[some] = values
        whole.append(scattered)
    reversion_p = noise.reversion_p(whole[-1], found.e.shape[2])
    return _Processes._make([*whole, reversion_p])


def _of_sums(found: Sums) -> tuple[Floats, Floats, Floats, Floats]:
    """Return theta, mean, sigma_eq and b - 1 of sums over pairs, each (K,); NaN where the series does not revert."""
    reverts = ou_host.classify(found) == inference.FINE
    with np.errstate(all="ignore"):
        slope = np.where(reverts, found.sxd / found.sxx, np.nan)
        mean = found.origin + found.lag_mean + found.step_mean / -slope
        sigma_eq = np.sqrt(found.sse / found.weight / (-slope * (2.0 + slope)))
        return -np.log1p(slope), mean, sigma_eq, slope


def scored(found: Regressed, process: _Processes, structure: Structure, filters: Filters) -> Days:
    """Return the scores of days by one structure: its filters, and equations (15) and (17)."""
    with np.errstate(invalid="ignore"):
        tests = (
            (_NOT_REVERTING, ~np.isnan(process.slope)),
            (_SLOW, process.slope < np.expm1(-1.0 / structure.max_reversion)),
            (_UNEXPLAINED, found.r_squared >= filters.min_r2),
            (_LIKE_NOISE, process.reversion_p <= structure.max_p),
        )
    why = found.why.copy()
    for reason, passed in tests:
        why[(why == 0) & ~passed] = reason
    valid = why == 0
    centre = np.zeros(len(why))
    if filters.centre:
        centre = np.where(valid, process.mean, 0.0).sum(axis=1) / np.maximum(np.count_nonzero(valid, axis=1), 1)
    score = np.full(why.shape, np.nan)
    score[valid] = ((process.last - (process.mean - centre[:, None])) / process.sigma_eq)[valid]
    if filters.drift:
        score -= found.alpha / (process.theta * process.sigma_eq)
    return Days(
        score=score,
        theta=process.theta,
        mean=process.mean,
        sigma_eq=process.sigma_eq,
        alpha=found.alpha,
        r_squared=found.r_squared,
        reversion_p=process.reversion_p,
        why=why,
        Q=found.Q,
        B=found.B,
        n_factors=found.n_factors,
        day=found.day,
        dropped=found.dropped,
        tied=found.tied,
        eligible=found.eligible,
        e=np.zeros((len(score), 0, 0)),
    )
