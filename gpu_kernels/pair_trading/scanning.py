"""One scan: pairs are tested all at once, and those that pass are fitted and traded in blocks."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels import cointegration, interruption, ou, return_moments
from gpu_kernels.checks import Floats
from gpu_kernels.dispatch import Twins
from gpu_kernels.ou.unit_root_note import unit_root_note
from gpu_kernels.pair_trading import columns, host, multiplicity, native
from gpu_kernels.pair_trading.model import N_PERIODS, STATUSES, ColumnNote, PairTable, Progress, ScanRules
from gpu_kernels.pair_trading.trading_levels import NO_PROCESS, TRADED, cost_per_side, trading_levels
from gpu_kernels.performance.sharpe_error import few, probability_positive, standard_errors
from gpu_kernels.sweep.model import Rules, ThresholdPairs
from gpu_kernels.sweep.rolling_loss import lookback_note

__all__ = ["scan"]

_ENTRIES = 1 << 18
"""Entries of the residuals held at once: some 2 MB, and about ten such arrays beside them."""

TRADE_TWINS = Twins(host=host.trade, native=native.trade)

Indices = NDArray[np.int64]


class _Tested(NamedTuple):
    """Significant pairs: columns, hedge and test, all (P,)."""

    y: Indices
    x: Indices
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats
    q_value: Floats

    def residual(self, series: Floats) -> Floats:
        """Return (P, bars) residuals at some bars of the series (N, bars)."""
        return series[self.y] - self.intercept[:, None] - self.hedge_ratio[:, None] * series[self.x]

    def take(self, chosen: Indices | slice) -> "_Tested":
        return _Tested._make(column[chosen] for column in self)


class _Trained(NamedTuple):
    """Figures of significant pairs on the train part, all (P,); NaN behind a status that ends the work."""

    theta: Floats
    theta_std_error: Floats
    half_life: Floats
    mu: Floats
    sigma: Floats
    entry_z: Floats
    exit_z: Floats
    sharpe: Floats
    skewness: Floats
    kurtosis: Floats
    sharpe_error: Floats
    trades: Floats
    status: Indices
    reason: NDArray[np.object_]


class _Tests(NamedTuple):
    """Figures of ranked pairs on the test part, all (P,)."""

    sharpe: Floats
    gained: Floats
    trades: NDArray[np.int64]
    drawdown: Floats
    sharpe_error: Floats


def scan(prices: Floats, rules: ScanRules, progress: Progress | None = None) -> PairTable:
    """Test, trade and rank; see the contract."""
    n_series = prices.shape[1]
    total = n_series * (n_series - 1) // 2
    series = np.ascontiguousarray((np.log(prices) if rules.log else prices).T)
    tested, n_pairs, notes = _test(prices[: rules.n_train], rules)
    n_significant = tested.y.size
    cost = _costs(series[:, : rules.n_train], tested, rules)
    trained = []
    _report(progress, total - n_significant, total)
    for block in _blocks(n_significant, rules.n_train):
        interruption.check()
        trained.append(_train(tested.take(block).residual(series[:, : rules.n_train]), cost[block], rules))
        _report(progress, total - n_significant + block.stop, total)
    whole = _Trained._make(np.concatenate(columns) for columns in zip(*trained, strict=True))
    probability, distance = multiplicity.deflated(whole.sharpe, whole.skewness, whole.kurtosis, rules.n_train)
    order = np.lexsort((tested.x, tested.y, tested.p_value, np.where(np.isnan(distance), np.inf, -distance)))
    order = order[: rules.top]
    first, kept = tested.take(order), _Trained._make(column[order] for column in whole)
    half_lives, p_values = _periods(prices[: rules.n_train], first, rules)
    tests = _test_part(series, first, kept, cost[order], rules)
    return PairTable(
        *first,
        *kept[:7],
        kept.sharpe * np.sqrt(rules.periods_per_year),
        probability[order],
        *tests[:4],
        period_half_life=half_lives,
        period_p_value=p_values,
        status=tuple(STATUSES[code] for code in kept.status),
        reason=tuple(kept.reason),
        train_sharpe_std_error=kept.sharpe_error * np.sqrt(rules.periods_per_year),
        test_sharpe_std_error=tests.sharpe_error,
        probability_sharpe_positive=probability_positive(tests.sharpe, tests.sharpe_error),
        test_note=_notes(kept, tests.trades, first.p_value, series.shape[1] - rules.n_train, rules),
        n_pairs=n_pairs,
        n_significant=n_significant,
        n_untested=total - n_pairs,
        notes=tuple(notes),
    )


def _report(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _blocks(n_pairs: int, n_bars: int) -> Iterator[slice]:
    """Cut pairs into blocks of bounded residuals; one empty block where there is no pair."""
    size = max(1, _ENTRIES // n_bars)
    for first in range(0, max(1, n_pairs), size):
        yield slice(first, min(first + size, n_pairs))


def _costs(train: Floats, tested: _Tested, rules: ScanRules) -> Floats:
    """Return the cost per side (P,) in units of each residual: a fraction of the notional of each leg.

    Args:
        train: (N, bars) what was regressed.
        tested: The pairs.
        rules: What all pairs share.
    """
    notional = np.ones(len(train)) if rules.log else np.abs(train).mean(axis=1)
    second = np.abs(tested.hedge_ratio) * notional[tested.x]
    return cost_per_side(rules.cost, notional[tested.y], second, log=rules.log, legs=rules.cost_legs)


def _test(train: Floats, rules: ScanRules) -> tuple[_Tested, int, list[ColumnNote]]:
    """Return the significant pairs, how many were tried, and notes on the columns that were not."""
    fit = cointegration.scan(train, lags=rules.lags, log=rules.log)
    y, x = cointegration.best_direction(fit)
    p_value = fit.adf_p_value[y, x]
    figures = (fit.hedge_ratio[y, x], fit.intercept[y, x], fit.adf_statistic[y, x])
    tested = _Tested(y, x, *figures, p_value, multiplicity.q_values(p_value))
    tried = ~np.isnan(p_value)
    significant = p_value < rules.alpha if rules.alpha < 1.0 else tried
    notes = columns.untested(fit, log=rules.log)
    return tested.take(np.flatnonzero(significant)), int(np.count_nonzero(tried)), notes


def _train(residual: Floats, cost: Floats, rules: ScanRules) -> _Trained:
    """Fit and trade a block of residuals (P, n), each at its cost per side (P,)."""
    fit = ou.fit(residual, bias=rules.bias)
    levels = trading_levels(fit, cost, rules.objective)
    traded = np.flatnonzero(levels.status == TRADED)
    pairs = ThresholdPairs(levels.entry_z[traded], levels.exit_z[traded], cost[traded])
    process = fit.mu[traded], fit.sigma[traded] / np.sqrt(2.0 * fit.theta[traded])
    run = _trade(residual[traded], pairs, process, rules)
    shape = return_moments.moments(run.returns)
    ratios = host.sharpe(run.returns), *shape, standard_errors(run.returns), run.trades.astype(np.float64)
    fitted = (fit.theta, fit.theta_std_error, fit.half_life, fit.mu, fit.sigma)
    described = [np.where(levels.status == NO_PROCESS, np.nan, column) for column in fitted]
    earned = [_spread_out(column, traded, len(residual)) for column in ratios]
    return _Trained._make([*described, levels.entry_z, levels.exit_z, *earned, levels.status, levels.reason])


def _test_part(series: Floats, tested: _Tested, trained: _Trained, cost: Floats, rules: ScanRules) -> _Tests:
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
    for block in _blocks(traded.size, series.shape[1]):
        interruption.check()
        some = traded[block]
        residual = tested.take(some).residual(series)
        pairs = ThresholdPairs(trained.entry_z[some], trained.exit_z[some], cost[some])
        process = trained.mu[some], trained.sigma[some] / np.sqrt(2.0 * trained.theta[some])
        run = _trade(residual, pairs, process, rules)
        returns = run.returns[:, warm:]
        ratio[some] = host.sharpe(returns) * np.sqrt(rules.periods_per_year)
        error[some] = standard_errors(returns) * np.sqrt(rules.periods_per_year)
        gained[some] = returns.sum(axis=1)
        trades[some], drawdown[some] = run.trades, run.max_drawdown
    return _Tests(ratio, gained, trades, drawdown, error)


def _notes(
    trained: _Trained, trades: NDArray[np.int64], p_values: Floats, n_bars: int, rules: ScanRules
) -> tuple[str, ...]:
    """Return what to beware of in each pair: few bars or trades, a short lookback, a unit root that is not rejected."""
    read = trained.status, trained.trades, trained.half_life, trades, p_values
    found = []
    for status, n_trained, half_life, n_tested, p_value in zip(*(each.tolist() for each in read), strict=True):
        parts: tuple[str, ...] = ()
        if status == TRADED:
            train = few(rules.n_train, int(n_trained))
            parts = (f"train part: {train}" if train else "", few(n_bars, n_tested))
            parts += (lookback_note(rules.lookback, half_life) if rules.score == "rolling" else "",)
            parts += (unit_root_note(p_value),)
        found.append("; ".join(part for part in parts if part))
    return tuple(found)


def _periods(train: Floats, tested: _Tested, rules: ScanRules) -> tuple[Floats, Floats]:
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


def _trade(residual: Floats, pairs: ThresholdPairs, process: tuple[Floats, Floats], rules: ScanRules) -> host.Traded:
    """Trade residuals (P, n); process has the mean and the stationary deviation of each."""
    if not len(residual):
        return host.Traded(np.zeros(residual.shape), np.zeros(0, dtype=np.int64), np.zeros(0))
    shared = Rules(lookback=rules.lookback, mode="unit")
    if rules.score == "fixed":
        shared = shared._replace(score="fixed", mean=process[0], deviation=process[1])
    return TRADE_TWINS.run(residual, pairs, shared)


def _spread_out(values: Floats, places: Indices, size: int) -> Floats:
    out = np.full(size, np.nan)
    out[places] = values
    return out
