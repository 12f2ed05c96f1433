"""Tests of a search beside arch, which has the reality check, superior predictive ability and StepM."""

import numpy as np
import pytest

from gpu_kernels.data_snooping import bootstrap, repeated_search

RESAMPLES, BLOCK_LENGTH = 1_000, 50
CASES = {"100 strategies x 1,000": (100, 1_000), "10,000 strategies x 2,500": (10_000, 2_500)}


def draw(case):
    n_strategies, n_periods = CASES[case]
    return 0.01 * np.random.default_rng(1).standard_normal((n_periods, n_strategies))


def by_meanrev(returns):
    rows = np.ascontiguousarray(returns.T)
    mean = rows.mean(axis=1)
    centred = rows - mean[:, None]
    deviation = bootstrap.long_run_deviations(centred, BLOCK_LENGTH)
    periods = bootstrap.draws(len(returns), RESAMPLES, BLOCK_LENGTH, 1)
    found = bootstrap.resample(centred, mean, deviation, np.ones_like(mean), periods)
    statistics = np.sqrt(len(returns)) * mean / deviation
    bootstrap.superior(statistics, found.each, 0.05)
    return [bootstrap.p_value(statistics.max(), values) for values in (found.lower, found.consistent, found.upper)]


def by_arch(returns):
    peer = pytest.importorskip("arch.bootstrap")
    deviation = bootstrap.long_run_deviations(np.ascontiguousarray((returns - returns.mean(axis=0)).T), BLOCK_LENGTH)
    test = peer.StepM(np.zeros(len(returns)), -returns / deviation, block_size=BLOCK_LENGTH, reps=RESAMPLES, seed=1)
    test.compute()
    return list(test.spa.pvalues)


def overfitting_by_meanrev(returns):
    return repeated_search.overfitting(np.ascontiguousarray(returns.T), 16)


def test_both_agree():
    returns = draw("100 strategies x 1,000")
    # Each draws its own resamples, so that the p-values differ by the simulation's error.
    np.testing.assert_allclose(by_meanrev(returns), by_arch(returns), atol=0.06)


@pytest.mark.benchmark(group="data snooping")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("test", [by_meanrev, by_arch], ids=["meanrev", "peer: arch StepM"])
def test_search(benchmark, test, case):
    if test is by_arch and CASES[case][0] > 1_000:
        pytest.skip("arch takes many minutes for so many strategies: the loop over all lags of its variance")
    benchmark.group = f"data snooping: {case}"
    benchmark.pedantic(test, args=(draw(case),), rounds=3)


@pytest.mark.benchmark(group="overfitting, 16 blocks")
@pytest.mark.parametrize("case", CASES)
def test_overfitting(benchmark, case):
    benchmark.group = f"overfitting: {case}"
    benchmark.pedantic(overfitting_by_meanrev, args=(draw(case),), rounds=3)
