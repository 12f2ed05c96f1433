"""A client built from the earlier schema gets an answer to each of its calls, under its own spellings."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.earlier.sample import PRICES, RETURNS
from tests.server.serving import serving

EARLIER = Path(__file__).parent / "earlier"


@pytest.fixture(scope="module")
def answers():
    with serving() as address:
        done = subprocess.run(
            [sys.executable, EARLIER / "calls.py", address], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_method_answers_under_both_spellings(answers):
    assert len(answers) == 13
    assert answers["PcaPortfolios"] == answers["PCAPortfolios"]
    assert answers["CaraOptimalWeights"] == answers["CARAOptimalWeights"]


def test_ou_comes_price_by_price_with_the_regressions_numbers(answers):
    estimates = answers["EstimateOUParams"]
    assert [estimate["n_samples"] for estimate in estimates] == list(range(1, len(PRICES) + 1))
    slope, intercept = np.polyfit(PRICES[:25], PRICES[1:26], 1)
    found = estimates[25]
    if 0 < slope < 1:
        assert found["theta"] == pytest.approx(-np.log(slope), rel=1e-9)
        assert found["mu"] == pytest.approx(intercept / (1 - slope), rel=1e-9)
    else:
        assert found["status"] == "error"
        assert found["theta"] == 0


def test_thresholds_and_signal_speak_of_the_same_process(answers):
    levels, signal = answers["OptimalThresholds"], answers["GenerateSignals"]
    assert levels["entry_zscore"] > 0 > levels["exit_zscore"] - 1
    assert levels["win_rate_estimate"] == 1
    assert signal["zscore"] == pytest.approx((PRICES[-1] - 100.0) / (1.5 / 2))
    assert signal["signal"] == "hold"


def test_backtest_metrics_come_every_ten_bars(answers):
    assert [metric["bar_number"] for metric in answers["BacktestWithCosts"]] == [10, 20, 30, 40]


def test_returns_are_logarithms(answers):
    np.testing.assert_allclose(answers["ComputeLogReturns"]["log_returns"], np.diff(np.log(PRICES)), rtol=1e-12)


def test_portfolios_are_those_of_the_sample_moments(answers):
    returns = np.reshape(RETURNS, (6, 2))
    covariance = np.cov(returns.T)
    values = np.sort(np.linalg.eigvalsh(covariance))[::-1]
    assert answers["PCAPortfolios"]["explained_variance_ratio"] == pytest.approx([values[0] / values.sum()])
    tangency = np.linalg.solve(covariance, returns.mean(axis=0))
    assert answers["SharpeOptimalWeights"][0]["weights"] == pytest.approx(list(tangency / tangency.sum()), rel=1e-9)
    assert sum(answers["CARAOptimalWeights"][0]["weights"]) == pytest.approx(1)
    assert len(answers["MultiperiodOptimize"]["weights_sequence"]) == 2
    assert answers["PortfolioStats"]["mean_return"] == pytest.approx(returns.mean())


def test_context_in_metadata_is_reported_and_not_refused(answers):
    ignored = json.loads(answers["CARAOptimalWeights"][0]["metadata"])["ignored_options"]
    assert ignored == ["interval", "source"]


def test_health_watches_what_it_was_asked_to(answers):
    [health] = answers["PortfolioHealthStream"]
    assert health["portfolio_id"] == "main"
    assert health["status"] == "warning"
    assert "no price yet for A" in health["alerts"]
