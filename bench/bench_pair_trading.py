"""Scans of many assets, beside a loop over statsmodels' coint that does the first step alone, on the train part.

The peer's rows include no fit, trade or ranking; ours include all of them.
"""

import json
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from statsmodels.tsa.stattools import coint

from gpu_kernels import dispatch, pair_trading
from gpu_kernels.pair_trading import significance

THREADS = 2


def draw(n_bars, n_series):
    """Return prices whose logarithms are random walks; a twentieth of them revert to another one."""
    source = np.random.default_rng(1)
    walks = 4 + np.cumsum(source.normal(0, 0.01, (n_bars, n_series)), axis=0)
    for column in range(0, n_series, 20):
        spread = source.normal(0, 0.01, n_bars)
        for bar in range(1, n_bars):
            spread[bar] += 0.8 * spread[bar - 1]
        walks[:, column + 1] = 0.8 * walks[:, column] + spread
    return np.exp(walks)


FEW, YEARS = draw(1_258, 20), draw(1_258, 100)


def by_statsmodels(prices):
    """Return (statistic, p-value) of the better direction of every pair."""
    train = np.log(prices[: int(0.7 * len(prices))])
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(train.shape[1]):
            for j in range(i):
                both = [
                    tuple(coint(train[:, y], train[:, x], maxlag=1, autolag=None, return_results=False))[:2]
                    for y, x in ((i, j), (j, i))
                ]
                found[j, i] = min(both)
    return found


def by_kernel(prices, **options):
    with dispatch.using("native", THREADS):
        return pair_trading.scan(prices, cost=0.001, **options)


def by_numpy(prices, **options):
    return pair_trading.scan(prices, cost=0.001, **options)


@pytest.mark.parametrize("scan", [by_kernel, by_numpy])
def test_all_agree(scan):
    table, expected = scan(FEW, alpha=1.0), by_statsmodels(FEW)
    assert table.n_pairs == len(expected)
    for y, x, *figures in zip(table.y, table.x, table.adf_statistic, table.p_value, strict=True):
        np.testing.assert_allclose(figures, expected[min(y, x), max(y, x)], rtol=1e-8)
    assert {tuple(sorted(pair)) for pair in zip(table.y[:1].tolist(), table.x[:1].tolist(), strict=True)} == {(0, 1)}


@pytest.mark.benchmark(group="scan, 20 names x 1,258 bars, 190 pairs")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [(lambda: by_kernel(FEW), 20), (lambda: by_numpy(FEW), 10), (lambda: by_statsmodels(FEW), 3)],
    ids=["meanrev", "meanrev, numpy", "peer: statsmodels coint, the test alone"],
)
def test_few_names(benchmark, scan, rounds):
    benchmark.pedantic(scan, rounds=rounds, warmup_rounds=1)


@pytest.mark.benchmark(group="scan, 100 names x 1,258 bars, 4,950 pairs")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [(lambda: by_kernel(YEARS), 10), (lambda: by_numpy(YEARS), 5), (lambda: by_statsmodels(YEARS), 1)],
    ids=["meanrev", "meanrev, numpy", "peer: statsmodels coint, the test alone"],
)
def test_many_names(benchmark, scan, rounds):
    benchmark.pedantic(scan, rounds=rounds, warmup_rounds=rounds > 1)


@pytest.mark.benchmark(group="scan, 20 companies of the S&P 500 x 8,313 days, 190 pairs")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [(by_kernel, 10), (by_numpy, 10), (by_statsmodels, 1)],
    ids=["meanrev", "meanrev, numpy", "peer: statsmodels coint, the test alone"],
)
def test_real_prices(benchmark, scan, rounds):
    datasets = pytest.importorskip("skfolio.datasets")
    prices = datasets.load_sp500_dataset().to_numpy()
    benchmark.pedantic(scan, (prices,), rounds=rounds, warmup_rounds=rounds > 1)


MANY, SAMPLE = 4_000, 15

CHILD = """
import json, resource, sys, time
from bench.bench_pair_trading import MANY, by_kernel, draw
prices = draw(2_520, MANY)
peak = lambda: 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, began = peak(), time.process_time()
table = by_kernel(prices, null_universes=0)
found = {"cpu_s": time.process_time() - began, "peak_bytes": peak(), "bytes_beside_the_prices": peak() - before}
json.dump({**found, "n_pairs": table.n_pairs, "n_significant": table.n_significant}, sys.stdout)
"""


def in_a_process():
    return json.loads(subprocess.run([sys.executable, "-c", CHILD], capture_output=True, check=True).stdout)


def sample_by_statsmodels():
    began = time.process_time()
    n_pairs = len(by_statsmodels(draw(2_520, SAMPLE)))
    return {"cpu_s": time.process_time() - began, "n_pairs": n_pairs}


@pytest.mark.benchmark(group=f"scan, {MANY:,} names x 2,520 bars, 7,998,000 pairs")
@pytest.mark.parametrize(
    "scan",
    [in_a_process, sample_by_statsmodels],
    ids=["meanrev, with start and prices", "peer: statsmodels coint of 105 pairs, the test alone"],
)
def test_a_universe(benchmark, scan):
    """CPU seconds, and the peak of memory, are among the extra figures."""
    benchmark.extra_info |= benchmark.pedantic(scan, rounds=1)
    print(benchmark.extra_info)


def by_loop(prices, n_universes):
    """Return p_best of the best pair by a loop that scans each null universe by the public operation."""
    n_train = pair_trading.train_rows(len(prices), 0.7)
    steps = np.diff(np.log(prices[:n_train]), axis=0)
    source = np.random.default_rng(0)
    table = by_kernel(prices, null_universes=0)
    best = []
    for _ in range(n_universes):
        walks = np.cumsum(source.standard_normal((len(prices), prices.shape[1])) * steps.std(axis=0), axis=0)
        best.append(by_kernel(np.exp(walks), null_universes=0).train_sharpe.max())
    return (1 + sum(each >= table.train_sharpe.max() for each in best)) / (1 + n_universes)


def with_nulls(prices, n_universes):
    significance._found.clear()  # noqa: SLF001 - what was found before costs no time
    return by_kernel(prices, null_universes=n_universes)


@pytest.mark.benchmark(group="scan with 500 null universes, 100 names x 1,258 bars")
@pytest.mark.parametrize(
    ("scan", "rounds"),
    [(with_nulls, 3), (by_loop, 1)],
    ids=["meanrev", "peer: a loop over scans of drawn universes"],
)
def test_null_universes(benchmark, scan, rounds):
    benchmark.pedantic(scan, (YEARS, 500), rounds=rounds)
