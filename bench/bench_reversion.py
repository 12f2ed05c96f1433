"""Tests of a thousand series for reversion, beside a loop over arch, and beside the Dickey-Fuller column alone."""

import os

import numpy as np
import pytest

from gpu_kernels import dispatch, ou, reversion

B, T = 1_000, 1_000
PRICES = np.cumsum(np.random.default_rng(1).normal(size=(B, T)), axis=1)
OF_PEER = 50
THREADS = len(os.sched_getaffinity(0))


def natively(prices=PRICES):
    with dispatch.using("native", THREADS):
        return reversion.run_tests(prices)


def dickey_fuller_natively():
    with dispatch.using("native", THREADS):
        return ou.fit(PRICES, adf_lags=1)


def by_arch(prices=PRICES):
    peer = pytest.importorskip("arch.unitroot")
    out = np.empty((len(prices), 5))
    for row, each in enumerate(prices):
        tests = (peer.ADF(each, lags=1), peer.PhillipsPerron(each, lags=22), peer.KPSS(each, lags=22))
        out[row] = [test.stat for test in (*tests, peer.DFGLS(each, lags=1), peer.VarianceRatio(each, lags=2))]
    return out


@pytest.mark.parametrize("run", [natively, reversion.run_tests], ids=["native", "numpy"])
def test_both_agree(run):
    found = run(PRICES[:20])
    ours = np.column_stack(
        [
            found.adf_statistic,
            found.pp_statistic,
            found.kpss_statistic,
            found.dfgls_statistic,
            found.variance_ratio_statistic,
        ]
    )
    np.testing.assert_allclose(ours, by_arch(PRICES[:20]), rtol=1e-8)


@pytest.mark.benchmark(group="reversion 1000 x 1000")
@pytest.mark.parametrize(
    "run",
    [
        natively,
        dickey_fuller_natively,
        lambda: reversion.run_tests(PRICES),
        lambda: ou.fit(PRICES, adf_lags=1),
        lambda: by_arch(PRICES[:OF_PEER]),
    ],
    ids=[
        "meanrev native",
        "meanrev native, fit with Dickey-Fuller alone",
        "meanrev",
        "meanrev, fit with Dickey-Fuller alone",
        f"peer: arch loop, {OF_PEER} series",
    ],
)
def test_tests(benchmark, run):
    benchmark.pedantic(run, rounds=20 if run in {natively, dickey_fuller_natively} else 3, warmup_rounds=1)
