"""The test part of a scan: pairs traded with what the train part gave them, and warnings about their figures."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpu_kernels.checks import Floats
from gpu_kernels.ou.unit_root_note import SIZE, unit_root_note
from gpu_kernels.pair_trading.host import Earned, TradeTerms
from gpu_kernels.pair_trading.model import ScanRules
from gpu_kernels.pair_trading.reporting import Report
from gpu_kernels.pair_trading.trading_levels import TRADED
from gpu_kernels.pair_trading.train_part import EARN_TWINS, Hedged, Trained, blocks, deviations
from gpu_kernels.performance.sharpe_error import FEW_BARS, FEW_TRADES, few
from gpu_kernels.sweep.rolling_loss import lookback_note

__all__ = ["OutOfSample", "notes", "test_part"]


class OutOfSample(NamedTuple):
    """Figures of pairs on the test part, all (P,)."""

    sharpe: Floats
    gained: Floats
    trades: NDArray[np.int64]
    drawdown: Floats
    sharpe_error: Floats


def test_part(
    series: Floats, pairs: Hedged, trained: Trained, cost: Floats, rules: ScanRules, report: Report
) -> OutOfSample:
    """Return the figures out of sample.

    Args:
        series: (N, T). Before the test part come the bars that a rolling score's first window needs. None of those has
            a score of its own, so that no trade begins there.
        pairs: Of rows of series.
        trained: Of the same pairs.
        cost: (P,) per side.
        rules: What all pairs share.
        report: Called with the share of the pairs that is done.
    """
    n_pairs, warm = pairs.y.size, _warm(rules)
    bars = series[:, rules.n_train - warm :]
    earned = Earned._make(np.full((len(Earned._fields), n_pairs), np.nan))
    earned.trades[:] = 0.0
    traded = np.flatnonzero(trained.status == TRADED)
    for block in blocks(traded.size, bars.shape[1]):
        some = traded[block]
        thresholds = trained.entry_z[some], trained.exit_z[some], cost[some]
        terms = TradeTerms(trained.mu[some], deviations(trained, some), *thresholds)
        for all_of, found in zip(earned, EARN_TWINS.run(bars, warm, pairs.take(some), terms, rules), strict=True):
            all_of[some] = found
        report(block.stop / traded.size)
    annual, trades = np.sqrt(rules.periods_per_year), earned.trades.astype(np.int64)
    ratio, error = earned.sharpe * annual, earned.sharpe_error * annual
    return OutOfSample(ratio, earned.gained, trades, earned.max_drawdown, error)


def notes(
    trained: Trained, trades: NDArray[np.int64], p_values: Floats, n_bars: int, rules: ScanRules
) -> tuple[str, ...]:
    """Return the warning about each pair: few bars or trades, a short lookback, a unit root that is not rejected."""
    rolling, traded = rules.score == "rolling", trained.status == TRADED
    few_trades = (trained.trades < FEW_TRADES) | (trades < FEW_TRADES) | (min(rules.n_train, n_bars) < FEW_BARS)
    noted = traded & (few_trades | rolling | ~(p_values < SIZE))
    found = [""] * traded.size
    read = trained.trades, trained.half_life, trades, p_values
    places = np.flatnonzero(noted)
    for place, n_trained, half_life, n_tested, p_value in zip(
        places.tolist(), *(each[places].tolist() for each in read), strict=True
    ):
        of_train = few(rules.n_train, int(n_trained))
        parts = [f"train part: {of_train}" if of_train else "", few(n_bars, n_tested)]
        parts += [lookback_note(rules.lookback, half_life) if rolling else "", unit_root_note(p_value)]
        found[place] = "; ".join(filter(None, parts))
    return tuple(found)


def _warm(rules: ScanRules) -> int:
    return rules.lookback - 1 if rules.score == "rolling" else 0
