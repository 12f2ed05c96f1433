"""Where two decisions of a series fill at one bar, that series goes to the NumPy twin, and no other."""

import numpy as np
import pytest

from gpu_kernels import sweep
from gpu_kernels.sweep import host
from tests.gpu_kernels.stand_in import stand
from tests.gpu_kernels.sweep.test_native import walks
from tests.gpu_kernels.sweep.ways import EVERY_WAY, assert_same_bits, way

__all__ = ["stand"]

RULES = {"lookback": 8, "execution_delay": 3}
ENTRY = np.linspace(0.5, 2.0, 7)


def mixed():
    """A whole series, one with a gap at its end alone, and two with gaps at which decisions meet."""
    prices = walks(7, 4, 160, 0.03)
    prices[1, 150:] = np.nan
    prices[2, 60:63] = prices[3, 30:90:5] = np.nan
    return prices


@EVERY_WAY
@pytest.mark.parametrize("mode", sweep.MODES)
def test_no_series_bits_depend_on_its_batch(stand, name, mode):
    prices = mixed()
    with way(name):
        whole = sweep.backtest(prices, ENTRY, 0.1, 1e-3, sweep.Rules(mode=mode, **RULES))
        for series in range(4):
            alone = sweep.backtest(prices[[series]], ENTRY, 0.1, 1e-3, sweep.Rules(mode=mode, **RULES))
            assert_same_bits(whole, alone, [series])
            if name in {"numpy", "dense", "cuda"}:
                moments = sweep.moments(prices, 1.0, 0.1, 1e-3, sweep.Rules(mode=mode, **RULES))
                assert_same_bits(
                    moments, sweep.moments(prices[[series]], 1.0, 0.1, 1e-3, sweep.Rules(mode=mode, **RULES)), [series]
                )


@pytest.mark.parametrize("operation", ["backtest", "moments"])
@EVERY_WAY
def test_the_numpy_twin_gets_the_series_that_need_it(stand, name, operation, monkeypatch):
    if name == "numpy":
        return  # it gets every series
    seen, twin = [], getattr(host, operation)

    def watched(prices, *rest):
        seen.append(prices.copy())
        return twin(prices, *rest)

    monkeypatch.setattr(host, operation, watched)
    with way(name):
        getattr(sweep, operation)(mixed(), 1.0, 0.1, 1e-3, sweep.Rules(**RULES))
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], mixed()[2:])
