"""The NumPy twin of moments."""

import math

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cholesky, interruption
from gpu_kernels.bounds import LARGEST_MAGNITUDE, units
from gpu_kernels.checks import Floats
from gpu_kernels.errors import Degenerate
from gpu_kernels.moments.model import LARGEST_CONDITION, Covariance, PortfolioStats
from gpu_kernels.moments.rows import complete_rows
from gpu_kernels.performance.sharpe_error import probability, standard_errors

__all__ = ["constant_columns", "covariance", "portfolio_stats", "varies"]

_CONSTANT = 1e-12
"""Share of a column's largest magnitude up to which max - min is rounding."""

_ENTRIES_AT_ONCE = 1 << 20
"""Entries of a matrix between two looks at the interrupt."""

_COLUMNS_AT_ONCE = 256
"""Columns whose products with the others are formed between two looks."""


def constant_columns(values: Floats) -> NDArray[np.bool_]:
    """Return which columns do not vary: max - min <= 1e-12 max |value|, whatever their unit."""
    high, low = values.max(axis=0), values.min(axis=0)
    return np.asarray(high - low <= _CONSTANT * np.maximum(high, -low))


def varies(variances: Floats, levels: Floats) -> bool:
    """Return whether every column certainly varies.

    The largest magnitude is at most |mean| and sqrt(T) deviations, of which the second is far below 1e12 deviations.

    Args:
        variances: (N,).
        levels: (N,) squares of the means.
    """
    return bool((variances > 2.0 * _CONSTANT**2 * levels).all())


def _plain(returns: Floats) -> Covariance | None:
    """Return the sample covariance of returns whose sums show that nothing is amiss; None where a closer look is due.

    NaN and infinities are in every sum, and no entry is further from its column's mean than sqrt(T) deviations, so that
    moderate sums are those of moderate entries. A column's max - min is at least twice its deviation.

    Args:
        returns: (T, N), of any content.
    """
    n_periods, n_assets = returns.shape
    if n_periods <= n_assets or n_assets == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        mean, matrix = _sample(returns)
        levels = mean**2
    variances = matrix.diagonal()
    if not (varies(variances, levels) and max(n_periods * variances.max(), levels.max()) < 0.25 * LARGEST_MAGNITUDE**2):
        return None
    return Covariance(mean, matrix, 0.0, "sample", "", 0, n_periods) if _well_conditioned(matrix) else None


def covariance(returns: Floats, method: str, halflife: float) -> Covariance:
    """Estimate a covariance from returns (T, N) of any content; see the contract.

    Raises:
        InvalidInput: an entry is infinite or above 1e50 in magnitude, or fewer than two complete rows are left.
        Degenerate: an asset does not vary, and the method needs that it does.
    """
    found = _plain(returns) if method == "sample" else None
    if found is not None:
        return found
    complete, dropped = complete_rows(returns)
    constant = constant_columns(complete)
    if constant.any() and (method in {"sample", "ewma"} or constant.all()):
        asset = int(np.argmax(constant))
        message = f"returns[:, {asset}] does not vary: asset {asset} has no variance; leave it out"
        raise Degenerate("returns", message, index=(0, asset))
    return _estimated(complete, method, halflife)._replace(dropped_rows=dropped)


def _estimated(returns: Floats, method: str, halflife: float) -> Covariance:
    n_periods, n_assets = returns.shape
    fallback = ""
    if method in {"sample", "ewma"}:
        fallback = f"{n_periods} rows are too few for {n_assets} assets" if n_periods <= n_assets else ""
        if not fallback:
            mean, matrix = _sample(returns) if method == "sample" else _ewma(returns, halflife)
            fallback = _unfit(matrix, method)
        if not fallback:
            return Covariance(mean, matrix, 0.0, method, "", 0, n_periods)
        method = "ledoit_wolf"
    mean = returns.mean(axis=0)
    centred = returns - mean
    unit = units(np.abs(centred).max())
    centred /= unit  # fourth powers of tiny returns would underflow
    population = _products(centred)
    population /= n_periods
    level = float(np.trace(population)) / n_assets
    shrinkage = _ledoit_wolf(centred, population, level) if method == "ledoit_wolf" else _oas(n_periods, population)
    for rows in interruption.pieces(n_assets, max(1, _ENTRIES_AT_ONCE // n_assets)):
        population[rows] *= 1.0 - shrinkage
    population[np.diag_indices(n_assets)] += shrinkage * level
    interruption.check()
    population *= unit * unit
    return Covariance(mean, population, shrinkage, method, fallback, 0, n_periods)


def _products(rows: Floats) -> Floats:
    """Return X'X of X (T, N), symmetric to the last bit; for many columns some at a time, with looks in between."""
    n_columns = rows.shape[1]
    if n_columns <= cholesky.AT_ONCE:
        return np.asarray(rows.T @ rows, dtype=np.float64)
    out = np.empty((n_columns, n_columns))
    for some in interruption.pieces(n_columns, _COLUMNS_AT_ONCE):
        part = rows[:, some]
        out[some, some] = part.T @ part
        out[some, some.stop :] = beside = part.T @ rows[:, some.stop :]
        out[some.stop :, some] = beside.T
    return out


def _sample(returns: Floats) -> tuple[Floats, Floats]:
    """Return column means and X'X/(T - 1), from X'X = R'R - T m m' where that costs one bit at most."""
    n_periods = len(returns)
    mean: Floats = np.ones(n_periods) @ returns / n_periods
    level = n_periods * np.multiply.outer(mean, mean)
    scatter: Floats = returns.T @ returns - level
    if not (scatter.diagonal() >= level.diagonal()).all():
        centred = returns - mean
        scatter = centred.T @ centred
    return mean, scatter / (n_periods - 1)


def _ewma(returns: Floats, halflife: float) -> tuple[Floats, Floats]:
    ages = np.arange(returns.shape[0] - 1, -1, -1, dtype=np.float64)
    weights = np.exp2(-ages / halflife)
    weights /= weights.sum()
    # Weighted by roots on both sides, so that the product is symmetric to the last bit.
    rooted = (returns - weights @ returns) * np.sqrt(weights)[:, None]
    matrix: Floats = rooted.T @ rooted
    # A half-life far below one period leaves a single observation, and nothing to divide by.
    freedom = 1.0 - float(weights @ weights)
    return returns.mean(axis=0), matrix / freedom if freedom > 0 else np.zeros_like(matrix)


def _unfit(matrix: Floats, method: str) -> str:
    """Return why a matrix cannot carry weights, "" where it can."""
    if _well_conditioned(matrix):
        return ""
    if not matrix.any():
        return "the halflife leaves the weight of a single row" if method == "ewma" else "all variances underflow"
    values = np.linalg.eigvalsh(matrix)
    if values[0] * LARGEST_CONDITION < values[-1]:
        return f"the condition number exceeds {LARGEST_CONDITION:.0e}"
    return ""


def _well_conditioned(matrix: Floats) -> bool:
    """Return whether one Cholesky factorisation proves a condition number below the largest; False proves nothing.

    Where S - b I is positive definite, b being a bound on the largest eigenvalue over the largest condition number, the
    smallest eigenvalue is above b.
    """
    bound = float(np.linalg.norm(matrix))
    shifted = matrix.copy()
    shifted[np.diag_indices(len(matrix))] -= bound / LARGEST_CONDITION
    return bound > 0 and cholesky.triangle(shifted) is not None


def _ledoit_wolf(centred: Floats, population: Floats, level: float) -> float:
    """Return the shrinkage; |S - F|^2 is summed entry by entry, because tr(S^2) - tr(S)^2/N cancels."""
    n_periods, n_assets = centred.shape
    if n_assets == 1:
        return 0.0
    squares = distances = 0.0
    for rows in interruption.pieces(n_assets, max(1, _ENTRIES_AT_ONCE // n_assets)):
        some = population[rows].copy()
        squares += float(np.vdot(some, some))
        some.reshape(-1)[rows.start :: n_assets + 1] -= level
        distances += float(np.vdot(some, some))
    distance = distances / n_assets
    fourth = float(np.sum(np.einsum("ti,ti->t", centred, centred) ** 2)) / n_periods
    noise = min((fourth - squares) / (n_assets * n_periods), distance)
    return noise / distance if noise > 0 else 0.0


def _oas(n_periods: int, population: Floats) -> float:
    n_assets = population.shape[0]
    if n_assets == 1:
        return 0.0
    level = float(np.trace(population)) / n_assets
    power = float(np.vdot(population, population)) / population.size
    spread = (n_periods + 1.0) * (power - level**2 / n_assets)
    return 1.0 if spread <= 0 else min(1.0, (power + level**2) / spread)


def portfolio_stats(returns: Floats, weights: Floats, periods_per_year: float, levels: Floats) -> PortfolioStats:
    """Compute a portfolio's statistics from complete rows; see the contract."""
    n_periods = returns.shape[0]
    earned = returns @ weights
    mean = float(earned.mean())
    # The return may be rounding beside the positions, such as that of a hedge that cancels to nothing.
    largest = float((np.abs(returns) @ np.abs(weights)).max())
    still = bool(earned.max() - earned.min() <= _CONSTANT * largest)
    std, shape = (0.0, np.zeros(n_periods)) if still else _standardised(earned - mean)
    still = std == 0.0
    unit = units(np.abs(returns).max(axis=0))
    matrix = _sample(returns / unit)[1]
    losses = np.sort(-earned)
    year = float(np.sqrt(periods_per_year))
    ratio = 0.0 if still else mean / std * year
    error = math.nan if still else float(standard_errors(earned[None])[0]) * year
    return PortfolioStats(
        mean_return=mean,
        std_return=std,
        skewness=float(np.mean(shape**3)),
        kurtosis=float(np.mean(shape**4)),
        correlation=_correlation(matrix, constant_columns(returns)),
        covariance=matrix * np.multiply.outer(unit, unit),
        marginal_contrib=np.zeros_like(weights) if still else _contributions(matrix, unit, weights, std),
        annual_return=mean * periods_per_year,
        annual_volatility=std * year,
        sharpe_ratio=ratio,
        sharpe_std_error=error,
        probability_sharpe_positive=probability(ratio, error),
        levels=levels,
        value_at_risk=np.array([_value_at_risk(losses, level) for level in levels]),
        expected_shortfall=np.array([_expected_shortfall(losses, level) for level in levels]),
        dropped_rows=0,
        n_periods=n_periods,
    )


def _standardised(centred: Floats) -> tuple[float, Floats]:
    """Return the deviation with ddof 1, and the values over that with ddof 0; tiny ones would underflow, squared.

    Both are 0 where the deviation is below the doubles.
    """
    unit = units(np.abs(centred).max())
    values = centred / unit
    std = float(values.std(ddof=1) * unit)
    return std, values / values.std() if std > 0 else np.zeros_like(values)


def _contributions(matrix: Floats, unit: Floats, weights: Floats, std: float) -> Floats:
    """Return w_i (S w)_i / std.

    Args:
        matrix: (N, N) S, in units of each asset.
        unit: (N,) these.
        weights: (N,) w.
        std: Of the portfolio.
    """
    largest, held = unit.max(), units(np.abs(weights).max())
    share, part = unit / largest, weights / held
    contribution: Floats = part * (share * (matrix @ (share * part))) / (std / held / largest) * (held * largest)
    return contribution


def _correlation(matrix: Floats, constant: NDArray[np.bool_]) -> Floats:
    scale = np.sqrt(np.diagonal(matrix))
    safe = np.where(constant, 1.0, scale)
    correlation = np.clip(matrix / safe[:, None] / safe, -1.0, 1.0)
    correlation[constant, :] = 0.0
    correlation[:, constant] = 0.0
    np.fill_diagonal(correlation, 1.0)
    return correlation


def _rank(n_periods: int, level: float) -> int:
    """Return how many losses the boundary loss has at or below it; rounding of level * T must not add one."""
    return max(1, int(np.ceil(level * n_periods - 1e-9)))


def _value_at_risk(losses: Floats, level: float) -> float:
    return float(losses[_rank(losses.size, level) - 1])


def _expected_shortfall(losses: Floats, level: float) -> float:
    rank = _rank(losses.size, level)
    tail = (1.0 - level) * losses.size
    return float((losses[rank:].sum() + max(0.0, tail - (losses.size - rank)) * losses[rank - 1]) / tail)
