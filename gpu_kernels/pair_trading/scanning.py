"""One scan by its steps: tiles of pairs are tested, and those that pass are fitted, traded and ranked."""

import numpy as np

from gpu_kernels import interruption
from gpu_kernels.checks import Floats
from gpu_kernels.pair_trading import columns, multiplicity, significance, tiles
from gpu_kernels.pair_trading.model import PairTable, Progress, ScanRules
from gpu_kernels.pair_trading.out_of_sample import test_part
from gpu_kernels.pair_trading.reporting import Report, reporting, within
from gpu_kernels.pair_trading.steps import described
from gpu_kernels.pair_trading.sub_periods import sub_periods
from gpu_kernels.pair_trading.trading_levels import TRADED
from gpu_kernels.pair_trading.train_part import Hedged, Trained, costs, train_part

__all__ = ["scan"]

SIDE = 512
"""Columns of a tile's block: large enough for a matrix product, and few enough for its tests to stay below 20 MB."""

TESTED, TRAINED, TRADED_OUT, DIVIDED = 0.35, 0.7, 0.8, 0.95
"""Shares of a scan at which the tests, the train part, the test part and the sub-periods are done, before the table."""


def scan(prices: Floats, rules: ScanRules, progress: Progress | None = None) -> PairTable:
    """Test, trade and rank; see the contract."""
    n_series, n_train = prices.shape[1], rules.n_train
    total = n_series * (n_series - 1) // 2
    report = reporting(progress, total, total * (1 + rules.null_universes))
    tests = _tested(prices[:n_train], rules, within(report, 0.0, TESTED))
    pairs = Hedged(tests.y, tests.x, tests.hedge_ratio, tests.intercept)
    series = np.ascontiguousarray((np.log(prices) if rules.log else prices).T)
    train = series[:, :n_train]
    cost = costs(train, pairs[:3], rules)
    whole = train_part(train, pairs, cost, rules, within(report, TESTED, TRAINED))
    shape, tries = (whole.sharpe, whole.skewness, whole.kurtosis), multiplicity.tries_of(whole.sharpe)
    ranks = multiplicity.ranked_by(rules.rank_by, tests.adf_statistic, shape, n_train, tries)
    ranks = np.where(whole.status == TRADED, ranks, np.nan)
    order = multiplicity.ranking(ranks, tests.p_value, tests.y, tests.x)[: rules.top]
    first, kept = pairs.take(order), Trained._make(column[order] for column in whole)
    out = test_part(series, first, kept, cost[order], rules, within(report, TRAINED, TRADED_OUT))
    periods = sub_periods(prices, series, first, rules, within(report, TRADED_OUT, DIVIDED))
    interruption.check()
    p_value = tests.p_value[order]
    q_value = multiplicity.q_values_among(p_value, tests.p_values)
    found = described(kept, out, periods, p_value, len(prices) - n_train, rules)
    deflated = multiplicity.deflated(kept.sharpe, kept.skewness, kept.kurtosis, n_train, tries)[0]
    report(1.0)
    varies = np.ones(n_series, dtype=np.bool_)
    varies[tests.constant] = False
    compared = significance.compare(train[varies], ranks[order], rules, lambda universes: report(1.0 + universes))
    return PairTable(
        **first._asdict(),
        adf_statistic=tests.adf_statistic[order],
        p_value=p_value,
        q_value=q_value,
        deflated_sharpe=deflated,
        **{name: value for name, value in found._asdict().items() if name in PairTable._fields},
        p_best=compared.p_best,
        n_pairs=tests.n_pairs,
        n_significant=tests.y.size,
        n_untested=tests.n_untested,
        null_universes=compared.n_universes,
        null_reason=compared.reason,
        notes=tuple(columns.untested(tests, n_series, log=rules.log)),
    )


def _tested(train: Floats, rules: ScanRules, report: Report) -> tiles.PairTests:
    """Test all pairs, tile by tile."""
    n_series = train.shape[1]
    blocks = [range(start, min(n_series, start + SIDE)) for start in range(0, n_series, SIDE)]
    found, done = [], 0
    for place, rows in enumerate(blocks):
        for others in blocks[place:]:
            interruption.check()
            found.append(tiles.tile(train, rows, others, rules.lags, rules.alpha, log=rules.log))
            done += found[-1].n_pairs + found[-1].n_untested
            report(done / (n_series * (n_series - 1) // 2))
    return tiles.joined(found)
