"""Series that the tests of pairs share, and how they compare figures."""

import numpy as np

from gpu_kernels.cointegration import PairFigures
from tests.naive import cointegration as naive

NAMES = [name for name in PairFigures._fields if name != "status"]


def market(seed, n_samples=120, n_series=4):
    """Random walks, of which the second follows the first, the third the second's opposite, closely or loosely."""
    rng = np.random.default_rng(seed)
    prices = 100 + np.cumsum(rng.normal(size=(n_samples, n_series)), axis=0)
    if n_series > 1:
        prices[:, 1] = 2 * prices[:, 0] + rng.normal(size=n_samples)
    if n_series > 2:
        noise = np.convolve(rng.normal(size=n_samples + 3), [1, 0.6, -0.5, 0.4], "valid")
        prices[:, 2] = 300 - prices[:, 1] + noise
    return prices


def directed(n_series):
    return [(i, j) for i in range(n_series) for j in range(n_series) if i != j]


def assert_matches_oracle(fit, prices, rtol=1e-9, atol=1e-11, **options):
    for i, j in directed(prices.shape[1]):
        expected = naive.fit(prices[:, i], prices[:, j], **options)
        found = {name: getattr(fit, name)[i, j] for name in NAMES}
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=rtol, atol=atol, err_msg=f"{name}[{i}, {j}]")


def assert_same(found, expected, rtol=1e-10, atol=1e-12):
    for name in PairFigures._fields:
        ours, theirs = getattr(found, name), getattr(expected, name)
        if name in {"lags", "status"}:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        else:
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=name)
