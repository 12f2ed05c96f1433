"""The tests for reversion, and the slope of dynamic least squares, beside those of arch."""

import math

import numpy as np
import pandas as pd
import pytest

from gpu_kernels import reversion
from gpu_kernels.engle_granger.dynamic_least_squares import dynamic_slope

pytestmark = pytest.mark.peer


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("lags", [0, 1, 4])
def test_statistics_and_p_values_are_those_of_arch(trend, lags):
    peer = pytest.importorskip("arch.unitroot")
    rng = np.random.default_rng(0)
    prices = rng.normal(size=(9, 300))
    for t in range(1, 300):
        prices[:, t] += np.linspace(0.4, 1.0, 9) * prices[:, t - 1]
    prices[4:] += 100.0 + 0.05 * np.arange(300)
    found = reversion.run_tests(prices, trend=trend, adf_lags=lags, bandwidth=7, periods=3)
    kind = "c" if trend == "n" else trend
    for row, each in enumerate(prices):
        adf, pp = peer.ADF(each, lags=lags, trend=trend), peer.PhillipsPerron(each, lags=7, trend=trend)
        kpss, gls = peer.KPSS(each, lags=7, trend=kind), peer.DFGLS(each, lags=lags, trend=kind)
        ratio = peer.VarianceRatio(each, lags=3)
        theirs = {
            "adf_statistic": adf.stat,
            "adf_p_value": adf.pvalue,
            "adf_critical_1": adf.critical_values["1%"],
            "adf_critical_5": adf.critical_values["5%"],
            "pp_statistic": pp.stat,
            "pp_p_value": pp.pvalue,
            "kpss_statistic": kpss.stat,
            "dfgls_statistic": gls.stat,
            "variance_ratio": ratio.vr,
            "variance_ratio_statistic": ratio.stat,
            "variance_ratio_p_value": ratio.pvalue,
        }
        assert {name: getattr(found, name)[row] for name in theirs} == pytest.approx(theirs, rel=1e-8, abs=1e-8)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_bars", [60, 250, 1000])
def test_the_dynamic_slope_is_that_of_arch(n_bars):
    peer = pytest.importorskip("arch.unitroot.cointegration")
    rng = np.random.default_rng(n_bars)
    shocks = rng.standard_normal((2, n_bars))
    spread = np.zeros(n_bars)
    for bar in range(1, n_bars):
        spread[bar] = 0.9 * spread[bar - 1] + 0.6 * shocks[0, bar] + 0.8 * shocks[1, bar]
    x = np.cumsum(shocks[0])
    y = 0.8 * x + spread
    leads = min(12, math.ceil(4 * (n_bars / 100) ** 0.25))
    theirs = peer.DynamicOLS(pd.Series(y), pd.DataFrame({"x": x}), lags=leads, leads=leads).fit()
    assert dynamic_slope(y, x)[0] == pytest.approx(theirs.params["x"], rel=1e-9)
