"""Figures of accounts from what happened to them row by row."""

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.residuals.accounts import Records
from gpu_kernels.residuals.books import Figures, Rules

__all__ = ["correlation", "net_returns", "of_records", "sharpe_ratios"]

_AT_ONCE = 2**19
"""Returns of a group of accounts, some 4 MB."""


def net_returns(records: Records, cost: float, rules: Rules, basis: str) -> Floats:
    """Return r_u, (D, G), with costs on a basis of books.COST_BASES."""
    turnover = records.turnover_book if basis == "book" else records.turnover_stocks
    return records.gain - cost * turnover - rules.borrow / rules.periods_per_year * records.short


def sharpe_ratios(returns: Floats, periods_per_year: float) -> Floats:
    """Return the annualised Sharpe ratios of columns (D, G): 0 where one does not vary, NaN where it is ruined."""
    if len(returns) < 2:
        return np.full(returns.shape[1], np.nan)
    deviation = returns.std(axis=0, ddof=1)
    varies = deviation > 0
    found = np.where(varies, returns.mean(axis=0) / np.where(varies, deviation, 1.0), 0.0)
    ruined = ~(returns.min(axis=0) > -1.0)
    return np.where(ruined, np.nan, found * np.sqrt(periods_per_year))


def of_records(records: Records, costs: Floats, rules: Rules) -> Figures:
    """Return the figures of G accounts at each of C costs, (G C,), the cost innermost.

    Args:
        records: Of the rows that count, (D, G).
        costs: (C,).
        rules: Their cost basis decides which account the return and the drawdown are of.
    """
    n_rows, n_accounts = records.gain.shape
    size = max(1, _AT_ONCE // max(1, n_rows))
    parts = []
    for some in interruption.pieces(n_accounts, size):
        own = Records._make(each[:, some] for each in records)
        parts.append(_of_some(own, costs, rules))
    return Figures(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def correlation(left: Floats, right: Floats) -> float:
    """Return the correlation of two series of returns; NaN where one does not vary."""
    if left.size < 2 or left.std() == 0 or right.std() == 0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def _of_some(records: Records, costs: Floats, rules: Rules) -> Figures:
    year = rules.periods_per_year
    gross = sharpe_ratios(records.gain, year)
    opened = records.opened.sum(axis=0)
    held = (records.longs + records.shorts).sum(axis=0)
    with np.errstate(all="ignore"):
        holding = np.where(opened > 0, held / opened, np.nan)
    alike = Figures(
        *(gross, gross, gross, gross, gross),
        records.turnover_stocks.mean(axis=0),
        records.turnover_book.mean(axis=0),
        records.gross.mean(axis=0),
        records.longs.mean(axis=0),
        records.shorts.mean(axis=0),
        holding,
        opened.astype(np.int64),
    )
    columns = []
    for cost in costs.tolist():
        by_basis = {basis: net_returns(records, cost, rules, basis) for basis in ("stocks", "book")}
        total, drawdown = _equity(by_basis[rules.cost_basis])
        columns.append(
            alike._replace(
                sharpe_stocks=sharpe_ratios(by_basis["stocks"], year),
                sharpe_book=sharpe_ratios(by_basis["book"], year),
                total_return=total,
                max_drawdown=drawdown,
            )
        )
    return Figures(*(np.stack(each, axis=1).reshape(-1) for each in zip(*columns, strict=True)))


def _equity(returns: Floats) -> tuple[Floats, Floats]:
    """Return the total return and the largest drawdown of columns (D, G); -1 and 1 where one is ruined."""
    ruined = ~(returns.min(axis=0) > -1.0)
    equity = np.cumprod(1.0 + returns, axis=0)
    peak = np.maximum(np.maximum.accumulate(equity, axis=0), 1.0)
    drawdown = (1.0 - equity / peak).max(axis=0)
    return np.where(ruined, -1.0, equity[-1] - 1.0), np.where(ruined, 1.0, drawdown)
