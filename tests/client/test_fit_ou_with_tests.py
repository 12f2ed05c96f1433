"""fit_ou with tests: their figures are fields of the result and columns of its frame, where they were asked for."""

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.results import OuFit, OuFitWithTests, ReversionTests

OF_THE_TESTS = [name for name in ReversionTests.__dataclass_fields__ if name not in {"meta", "column", "n_samples"}]


@pytest.fixture
def frame(prices):
    return pd.DataFrame(prices, columns=["KO", "PEP", "SPY"])


def ours(name):
    """Return the field of a fit that has a figure of the tests."""
    of_both = name in OuFit.__dataclass_fields__ or name.startswith("adf")
    return f"tests_{name}" if of_both else name


def test_the_figures_are_those_of_the_method_tests(client, frame):
    gapped = frame.copy()
    gapped.iloc[50, 1] = np.nan
    fit = client.fit_ou(gapped, tests=True, trend="ct", bandwidth=3, periods=4)
    expected = client.tests(gapped, adf_lags=0, trend="ct", bandwidth=3, periods=4)
    assert set(fit) - set(client.fit_ou(gapped)) == {ours(name) for name in OF_THE_TESTS}
    for name in OF_THE_TESTS:
        np.testing.assert_array_equal(fit[ours(name)], expected[name], err_msg=name)
    assert fit.tests_status == ("ok", "error", "ok")
    assert fit.status[1] != "error"
    shown = fit.to_frame()
    assert list(shown.index) == ["KO", "PEP", "SPY"]
    assert shown.loc["SPY", "kpss_p_value"] == expected.kpss_p_value[2]
    assert shown.loc["PEP", "tests_reason"] == "the price at row 50 is nan: fill it, or leave its row out"


def test_only_the_tests_that_were_asked_for_are_shown(client, frame):
    fit = client.fit_ou(frame, tests=["pp", "hurst"])
    more = ["tests_status", "tests_reason", "pp_statistic", "pp_p_value", "hurst_rescaled_range", "hurst_increments"]
    assert list(fit)[-6:] == list(fit.to_frame().columns)[-6:] == more
    assert fit.kpss_p_value is None
    assert "pp_p_value" in str(fit)
    assert "pp_p_value" in fit._repr_html_()
    for without in (None, False, []):
        plain = client.fit_ou(frame, tests=without)
        assert list(plain) == list(client.ou(frame))
        assert "pp_p_value" not in repr(plain)
        assert plain == client.fit_ou(frame)


def test_one_series_has_scalars(client, prices):
    fit = client.fit_ou(prices[:, 0], tests=True, adf_lags=1)
    assert isinstance(fit, OuFitWithTests)
    assert isinstance(fit.kpss_statistic, float)
    assert (fit.tests_status, fit.tests_reason) == ("ok", "")
    assert fit.tests_adf_statistic == pytest.approx(fit.adf_statistic)
    assert fit.hurst_increments == client.tests(prices[:, 0]).hurst_increments


def test_a_job_and_a_dry_run_take_the_options_too(client, prices):
    asked = {"tests": ["variance_ratio"], "periods": 3}
    assert client.submit("fit_ou", prices, **asked).result() == client.fit_ou(prices, **asked)
    assert client.fit_ou(prices, dry_run=True, **asked).work > client.fit_ou(prices, dry_run=True).work


def test_an_error_names_the_argument(client, prices):
    with pytest.raises(mr.InvalidInput, match=r"^tests\[1\] must be one of 'adf', .*did you mean 'kpss'"):
        client.fit_ou(prices, tests=["pp", "kps"])
    with pytest.raises(mr.InvalidInput, match=r"^trend must be left out where option tests names no test"):
        client.fit_ou(prices, trend="ct")
    with pytest.raises(mr.InvalidInput, match=r"^prices must be .* T >= 32"):
        client.fit_ou(prices[:20], tests=True)
