"""The client's scans compare pairs with the null universes that are asked for."""

import numpy as np

import meanrev as mr
from gpu_kernels import pair_trading

PRICES = 50 * np.exp(np.cumsum(np.random.default_rng(8).normal(0, 0.01, (200, 4)), axis=0))


def test_null_universes_are_those_that_are_asked_for():
    options = {"rank_by": "train_sharpe", "null_kind": "bootstrap", "seed": 3, "null_universes": 19, "alpha": 0.5}
    expected = pair_trading.scan(PRICES, lookback=30, **options)
    with mr.Client("local") as client:
        found = client.scan(PRICES, lookback=30, **options)
        few = client.scan(PRICES, null_universes=5, alpha=0.5)
        off = client.scan(PRICES, null_universes=0, alpha=0.5)
    assert (found.null_universes, found.null_reason) == (19, "")
    np.testing.assert_array_equal(found.p_best, expected.p_best)
    assert len(found.p_best) == len(found.y) > 0
    assert few.null_universes == off.null_universes == 0
    assert "at least 19 null universes, got 5" in few.null_reason
    assert off.null_reason == ""
    assert np.isnan(few.p_best).all()
