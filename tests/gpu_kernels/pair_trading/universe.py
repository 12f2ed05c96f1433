"""Universes that the tests of scans share, and how they compare tables."""

import numpy as np

from gpu_kernels.pair_trading import PairTable

TEST_FIELDS = (
    "test_sharpe",
    "test_return",
    "test_trades",
    "test_max_drawdown",
    "test_sharpe_std_error",
    "probability_sharpe_positive",
    "test_note",
)
OF_THE_SCAN = ("n_pairs", "n_significant", "n_untested", "null_universes", "null_reason")
INTEGERS = ("y", "x", "test_trades", "status", "reason", "test_note", *OF_THE_SCAN)


def universe(seed, n_bars=400, n_series=8, n_planted=2, theta=0.2):
    """Prices whose logarithms walk; of the first 2 n_planted columns each odd one reverts to the one before it."""
    rng = np.random.default_rng(seed)
    logs = 4 + np.cumsum(rng.normal(0, 0.01, (n_bars, n_series)), axis=0)
    decay, deviation = np.exp(-theta), 0.02
    for pair in range(n_planted):
        spread = np.empty(n_bars)
        spread[0] = deviation * rng.normal()
        shocks = deviation * np.sqrt(1 - decay**2) * rng.normal(size=n_bars)
        for bar in range(1, n_bars):
            spread[bar] = decay * spread[bar - 1] + shocks[bar]
        logs[:, 2 * pair + 1] = 0.3 + (0.6 + 0.2 * pair) * logs[:, 2 * pair] + spread
    return np.exp(logs)


def names(table):
    return [frozenset((int(y), int(x))) for y, x in zip(table.y, table.x, strict=True)]


def assert_same(found, expected, rtol=1e-8, atol=1e-11):
    assert found.notes == expected.notes
    for name in set(PairTable._fields) - {"notes"}:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if name in INTEGERS:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=name)
