"""Books of a universe's residuals (Avellaneda and Lee 2010): equations, rules and results.

P is T x N prices, R_t = P_t / P_(t-1) - 1, and all that follows at close t depends on rows up to t alone. The eligible
names of a day are those of the members whose prices of rows t - M .. t are finite and positive, and whose M returns
vary.

Factors, over the last M returns of the N_t eligible names, each less its mean and over its deviation sd_i (ddof 1):

    rho = Y'Y / (M - 1)  (8)      Q_ij = v_ij / sd_i,  v_j the eigenvectors of the m largest eigenvalues  (9)
    F_k = Q' R_k      m = `factors`, or the least m whose eigenvalues sum to the asked share of N_t, less 1e-12

Residuals, over the last L returns, by least squares with an intercept; a column of F whose part that is orthogonal to
those before it is below 1e-10 of the largest is dropped, and its B is 0:

    R_ik = alpha_i + sum_j B_ij F_jk + e_ik      X_ik = e_i1 + .. + e_ik  (k = 1 .. L, and X_iL = 0 but for rounding)

    X_(k+1) = a + b X_k + z  (12), (A1)
    theta = -ln b      mean = a / (1 - b)      sigma_eq = sqrt(v / (1 - b^2))

with v = SSE / (L - 1), as `ou.fit` estimates them. A fit is valid where 0 < b < exp(-1 / max_reversion), where neither
the process nor the residuals are rounding, and where r_squared and reversion_p pass. For valid names, with mean_bar the
mean of mean_i over them (0 without `centre`),

    score_i = (X_iL - (mean_i - mean_bar)) / sigma_eq_i  (15)
    with drift: less alpha_i / (theta_i sigma_eq_i)  (17)

Positions d, one a name and cell, at close t (16): without a score 0; a long one closes at score >= -exit_long and a
short one at score <= exit_short; then a flat name is bought at score <= -entry and sold at score >= entry.

    w = size d      h = w - Q (B'w)  dollars of each name: a dollar of it against B_ij dollars of each eigenportfolio

A decision at close t is filled at close t + delay. What is held since close u - 1 earns at u

    g_u = h R_u      h+ = h (1 + R_u) / (1 + g_u)      short_u = sum max(-h, 0)
    turnover_book = sum |h_new - h+|      turnover_stocks = sum |w_new - w|
    r_u = g_u - cost turnover - borrow / periods_per_year short_u
    equity_u = equity_(u-1) (1 + r_u)

A held name without a price returns 0 and trades at its last price. Cells are structures x entry x exit_long x
exit_short x cost, the cost innermost.

Orthogonality: Q'B = I, eQ = 0 and B'h = 0. An invertible G in QG for Q changes Q and B, but no residual and no book.

References:
    Avellaneda and Lee (2010), Statistical arbitrage in the US equities market, Quantitative Finance 10(7), 761-782.
    Yeo and Papanicolaou (2017), Risk control of mean-reversion time in statistical arbitrage (the filter min_r2).
    Bailey and Lopez de Prado (2014), The deflated Sharpe ratio.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats

__all__ = [
    "NAME_REASONS",
    "SCORED",
    "THIN",
    "TOO_FEW_ROWS",
    "Days",
    "Filters",
    "Panel",
    "Regressed",
    "Structure",
]

SCORED, THIN, TOO_FEW_ROWS = 0, 1, 2
"""Whether a day has scores, and why not: N_t < 2 m, or L - m - 1 < min_dof."""

NAME_REASONS = (
    *("", "not eligible: no membership, a price is missing, or the returns do not vary", "the day has no scores"),
    *("the returns do not vary over the regression's rows", "the residuals do not revert", "it reverts too slowly"),
    *("r_squared is below min_r2", "reversion_p is above max_p"),
)
"""Why a name has no score; "" where it has one."""


class Structure(NamedTuple):
    """What scores are made with.

    Attributes:
        factors: m; 0 where share chooses it.
        share: Share of the variance that the factors shall explain, 0 where factors is given.
        window: M, returns behind the factors.
        regression: L, returns behind the residuals, at most M.
        max_reversion: Slowest reversion 1 / theta of a valid fit, in bars.
        max_p: Largest reversion_p of a valid fit; 1 lets all pass.
    """

    factors: int
    share: float
    window: int
    regression: int
    max_reversion: float
    max_p: float


class Filters(NamedTuple):
    """What all structures of a request share.

    Attributes:
        min_r2: Smallest r_squared of a valid fit; below 0 lets all pass.
        centre: Whether the means are centred over the names of a day.
        drift: Whether scores allow for alpha.
        min_dof: Smallest L - m - 1.
        refit: Bars between two estimates of the factors.
    """

    min_r2: float = -np.inf
    centre: bool = True
    drift: bool = False
    min_dof: int = 20
    refit: int = 1


class Days(NamedTuple):
    """The scores of D days by one structure.

    Attributes:
        score: (D, N), NaN where a name has none.
        theta: (D, N) per bar, NaN where nothing is fitted.
        mean: (D, N) of the process, in units of the return.
        sigma_eq: (D, N) its stationary deviation.
        alpha: (D, N) per bar.
        r_squared: (D, N) of the regression on the factors.
        reversion_p: (D, N) probability that residuals of white noise seem to revert as fast.
        why: (D, N) places in NAME_REASONS.
        Q: (D, N, m) dollars of each name in each eigenportfolio, 0 where it is in none.
        B: (D, N, m) loadings, 0 where nothing is fitted.
        n_factors: (D,) m of the day; Q and B are 0 beyond.
        day: (D,) SCORED, THIN or TOO_FEW_ROWS.
        dropped: (D,) factors that depend on others.
        tied: (D,) whether the eigenvalues at the cut tie, so that the factors are not determined.
        eligible: (D,) number of eligible names.
        e: (D, N, L) residuals, oldest first, 0 where nothing is regressed; (D, 0, 0) where they are not asked for.
    """

    score: Floats
    theta: Floats
    mean: Floats
    sigma_eq: Floats
    alpha: Floats
    r_squared: Floats
    reversion_p: Floats
    why: NDArray[np.int8]
    Q: Floats
    B: Floats
    n_factors: NDArray[np.int64]
    day: NDArray[np.int8]
    dropped: NDArray[np.int64]
    tied: NDArray[np.bool_]
    eligible: NDArray[np.int64]
    e: Floats


class Regressed(NamedTuple):
    """The regressions of D days by structures that differ in the filters of their fits alone.

    Attributes:
        e: (D, N, L) residuals, 0 where nothing is regressed.
        alpha: As in Days, as are those below.
        r_squared: (D, N).
        why: (D, N), 0 where a process can be fitted.
        Q: (D, N, m).
        B: (D, N, m).
        n_factors: (D,).
        day: (D,).
        dropped: (D,).
        tied: (D,).
        eligible: (D,).
    """

    e: Floats
    alpha: Floats
    r_squared: Floats
    why: NDArray[np.int8]
    Q: Floats
    B: Floats
    n_factors: NDArray[np.int64]
    day: NDArray[np.int8]
    dropped: NDArray[np.int64]
    tied: NDArray[np.bool_]
    eligible: NDArray[np.int64]


class Panel(NamedTuple):
    """Residuals by one structure.

    Attributes:
        score: (T, N), NaN where a name has none; as in Days, as are the next four.
        theta: (T, N).
        reversion_p: (T, N).
        alpha: (T, N).
        r_squared: (T, N).
        hedged: (T, N) what a dollar of each name and its hedge, held since the row before, return: R - B Q'R; NaN where
            the row before has no regression of it.
        n_factors: (T,).
        rows: (D,) the rows that were asked for, of which the next three are.
        windows: (D, N, L) residuals, oldest first; NaN where nothing is regressed.
        Q: (D, N, m) dollars of each name in each eigenportfolio.
        B: (D, N, m) loadings.
    """

    score: Floats
    theta: Floats
    reversion_p: Floats
    alpha: Floats
    r_squared: Floats
    hedged: Floats
    n_factors: NDArray[np.int64]
    rows: NDArray[np.int64]
    windows: Floats
    Q: Floats
    B: Floats
