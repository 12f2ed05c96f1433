"""One scan: pairs are tested all at once, and those that pass are fitted and traded in blocks."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cointegration, interruption
from gpu_kernels.checks import Floats
from gpu_kernels.ou.unit_root_note import unit_root_note
from gpu_kernels.pair_trading import columns, host, multiplicity, significance
from gpu_kernels.pair_trading.model import N_PERIODS, STATUSES, PairTable, Progress, ScanRules
from gpu_kernels.pair_trading.trading_levels import TRADED
from gpu_kernels.pair_trading.train_part import Tested, Trained, blocks, costs, joined, significant, trade, train
from gpu_kernels.performance.sharpe_error import few, probability_positive, standard_errors
from gpu_kernels.sweep.model import ThresholdPairs
from gpu_kernels.sweep.rolling_loss import lookback_note

__all__ = ["scan"]

Indices = NDArray[np.int64]


class _Tests(NamedTuple):
    """Figures of ranked pairs on the test part, all (P,)."""

    sharpe: Floats
    gained: Floats
    trades: NDArray[np.int64]
    drawdown: Floats
    sharpe_error: Floats


def scan(prices: Floats, rules: ScanRules, progress: Progress | None = None) -> PairTable:
    """Test, trade and rank; see the contract."""
    n_series, train_bars = prices.shape[1], slice(rules.n_train)
    total = n_series * (n_series - 1) // 2
    series = np.ascontiguousarray((np.log(prices) if rules.log else prices).T)
    tested, n_pairs, fit = _test(prices[train_bars], rules)
    n_significant = tested.y.size
    report = _reporting(progress, total * (1 + rules.null_universes))
    cost = costs(series[:, train_bars], (tested.y, tested.x, tested.hedge_ratio), rules)
    trained = []
    report(total - n_significant)
    for block in blocks(n_significant, rules.n_train):
        interruption.check()
        trained.append(train(tested.take(block).residual(series[:, train_bars]), cost[block], rules))
        report(total - n_significant + block.stop)
    whole = joined(trained)
    tries = whole.sharpe, whole.skewness, whole.kurtosis
    ranks = multiplicity.ranked_by(rules.rank_by, tested.adf_statistic, tries, rules.n_train)
    ranks = np.where(whole.status == TRADED, ranks, np.nan)
    order = np.lexsort((tested.x, tested.y, tested.p_value, np.where(np.isnan(ranks), np.inf, -ranks)))[: rules.top]
    first, kept = tested.take(order), Trained._make(column[order] for column in whole)
    half_lives, p_values = _periods(prices[train_bars], first, rules)
    tests = _test_part(series, first, kept, cost[order], rules)
    compared = significance.compare(
        series[~fit.constant, train_bars], ranks[order], rules, lambda universes: report(total * (1 + universes))
    )
    return PairTable(
        *first,
        *kept[:7],
        kept.sharpe * np.sqrt(rules.periods_per_year),
        multiplicity.deflated(*tries, rules.n_train)[0][order],
        *tests[:4],
        period_half_life=half_lives,
        period_p_value=p_values,
        status=tuple(STATUSES[code] for code in kept.status),
        reason=tuple(kept.reason),
        train_sharpe_std_error=kept.sharpe_error * np.sqrt(rules.periods_per_year),
        test_sharpe_std_error=tests.sharpe_error,
        probability_sharpe_positive=probability_positive(tests.sharpe, tests.sharpe_error),
        test_note=_notes(kept, tests.trades, first.p_value, series.shape[1] - rules.n_train, rules),
        p_best=compared.p_best,
        n_pairs=n_pairs,
        n_significant=n_significant,
        n_untested=total - n_pairs,
        null_universes=compared.n_universes,
        null_reason=compared.reason,
        notes=tuple(columns.untested(fit, log=rules.log)),
    )


def _reporting(progress: Progress | None, total: int) -> Callable[[int], None]:
    return (lambda _: None) if progress is None else (lambda done: progress(done, total))


def _test(train: Floats, rules: ScanRules) -> tuple[Tested, int, cointegration.PairsFit]:
    """Return the significant pairs, how many were tried, and the test of all."""
    fit = cointegration.scan(train, lags=rules.lags, log=rules.log)
    y, x, p_value, kept = significant(fit, rules.alpha)
    figures = (fit.hedge_ratio[y, x], fit.intercept[y, x], fit.adf_statistic[y, x])
    tested = Tested(y, x, *figures, p_value, multiplicity.q_values(p_value))
    return tested.take(kept), int(np.count_nonzero(~np.isnan(p_value))), fit


def _test_part(series: Floats, tested: Tested, trained: Trained, cost: Floats, rules: ScanRules) -> _Tests:
    """Return the figures out of sample.

    Args:
        series: (N, T). Before the test part come the bars that a rolling score's first window needs. None of those has
            a score of its own, so that no trade begins there.
        tested: Ranked pairs.
        trained: Of the same pairs.
        cost: (P,) per side.
        rules: What all pairs share.
    """
    n_pairs, warm = tested.y.size, _warm(rules)
    series = series[:, rules.n_train - warm :]
    ratio, gained, drawdown, error = np.full((4, n_pairs), np.nan)
    trades = np.zeros(n_pairs, dtype=np.int64)
    traded = np.flatnonzero(trained.status == TRADED)
    for block in blocks(traded.size, series.shape[1]):
        interruption.check()
        some = traded[block]
        residual = tested.take(some).residual(series)
        pairs = ThresholdPairs(trained.entry_z[some], trained.exit_z[some], cost[some])
        process = trained.mu[some], trained.sigma[some] / np.sqrt(2.0 * trained.theta[some])
        run = trade(residual, pairs, process, rules)
        returns = run.returns[:, warm:]
        ratio[some] = host.sharpe(returns) * np.sqrt(rules.periods_per_year)
        error[some] = standard_errors(returns) * np.sqrt(rules.periods_per_year)
        gained[some] = returns.sum(axis=1)
        trades[some], drawdown[some] = run.trades, run.max_drawdown
    return _Tests(ratio, gained, trades, drawdown, error)


def _notes(
    trained: Trained, trades: NDArray[np.int64], p_values: Floats, n_bars: int, rules: ScanRules
) -> tuple[str, ...]:
    """Return what to beware of in each pair: few bars or trades, a short lookback, a unit root that is not rejected."""
    read = trained.status, trained.trades, trained.half_life, trades, p_values
    found = []
    for status, n_trained, half_life, n_tested, p_value in zip(*(each.tolist() for each in read), strict=True):
        parts: tuple[str, ...] = ()
        if status == TRADED:
            of_train = few(rules.n_train, int(n_trained))
            parts = (f"train part: {of_train}" if of_train else "", few(n_bars, n_tested))
            parts += (lookback_note(rules.lookback, half_life) if rules.score == "rolling" else "",)
            parts += (unit_root_note(p_value),)
        found.append("; ".join(part for part in parts if part))
    return tuple(found)


def _periods(train: Floats, tested: Tested, rules: ScanRules) -> tuple[Floats, Floats]:
    """Return half-lives and p-values (P, 3) of the parts of the train part."""
    half_lives, p_values = np.empty((2, tested.y.size, N_PERIODS))
    edges = [len(train) * part // N_PERIODS for part in range(N_PERIODS + 1)]
    for period, (start, stop) in enumerate(pairwise(edges)):
        interruption.check()
        fit = cointegration.scan(train[start:stop], lags=rules.lags, log=rules.log)
        half_lives[:, period] = fit.half_life[tested.y, tested.x]
        p_values[:, period] = fit.adf_p_value[tested.y, tested.x]
    return half_lives, p_values


def _warm(rules: ScanRules) -> int:
    return rules.lookback - 1 if rules.score == "rolling" else 0
