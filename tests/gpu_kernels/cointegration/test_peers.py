"""The scan equals statsmodels' coint, which solves two least squares problems a pair."""

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import adfuller, coint

from gpu_kernels import cointegration
from tests.gpu_kernels.cointegration.series import directed, market

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"lags": 0}, {"maxlag": 0, "autolag": None}),
        ({}, {"maxlag": 1, "autolag": None}),
        ({"lags": 5}, {"maxlag": 5, "autolag": None}),
        ({"autolag": "aic", "max_lags": 5}, {"maxlag": 5}),
        ({"autolag": "aic"}, {}),
    ],
    ids=["no lag", "one lag", "five lags", "aic up to five", "aic by default"],
)
def test_statistics_and_p_values_are_those_of_coint(ours, theirs, log):
    prices = market(1, 400)
    fit = cointegration.scan(prices, log=log, **ours)
    levels = np.log(prices) if log else prices
    for i, j in directed(4):
        statistic, p_value = tuple(coint(levels[:, i], levels[:, j], return_results=False, **theirs))[:2]
        assert fit.adf_statistic[i, j] == pytest.approx(statistic, rel=1e-8)
        assert fit.adf_p_value[i, j] == pytest.approx(p_value, rel=1e-8, abs=1e-12)


def test_coefficients_and_lags_are_those_of_least_squares():
    prices = market(2, 300)
    fit = cointegration.scan(prices, autolag="aic", max_lags=6)
    for i, j in directed(4):
        design = np.column_stack([np.ones(300), prices[:, j]])
        solved = OLS(prices[:, i], design).fit()
        assert [fit.intercept[i, j], fit.hedge_ratio[i, j]] == pytest.approx(solved.params, rel=1e-9)
        assert fit.residual_std[i, j] == pytest.approx(solved.mse_resid**0.5, rel=1e-9)
        tested = adfuller(solved.resid, maxlag=6, regression="n", autolag="aic", result_object=False)
        assert fit.lags[i, j] == tested[2]
