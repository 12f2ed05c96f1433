"""The options stop and borrow, from the client's argument to the account."""

import numpy as np
import pytest

import meanrev as mr
from gpu_kernels import sweep
from meanrev.results import BacktestMetric

LEVELS = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 1e-4}
OTHERS = {"meta", "timestamp_ms", "sharpe_std_error", "probability_sharpe_positive"}
METRICS = [name for name in BacktestMetric.__dataclass_fields__ if name not in OTHERS]


def expected(prices, **rules):
    return sweep.accounts(prices.T, 1.0, 0.0, 1e-4, sweep.Rules(**rules), trades=True)


@pytest.mark.parametrize("options", [{"stop": 1.5}, {"borrow": 0.25}, {"stop": 2.0, "borrow": 0.5}])
@pytest.mark.parametrize("mode", ["compounding", "unit"])
def test_a_backtest_hands_them_to_the_account(client, prices, options, mode):
    account = expected(prices, mode=mode, **options)
    many = client.backtest(prices, mode=mode, **LEVELS, **options)
    np.testing.assert_array_equal(many.equity, account.final_equity)
    one = client.backtest(prices[:, 0], mode=mode, **LEVELS, **options)
    assert one.equity == pytest.approx(account.final_equity[0], rel=1e-12)
    plain = client.backtest(prices[:, 0], mode=mode, **LEVELS)
    assert one.equity != plain.equity
    assert client.backtest(prices[:, 0], mode=mode, **LEVELS, stop=float("inf"), borrow=0) == plain


def test_a_stream_tells_what_a_backtest_tells(client, prices):
    options = {"stop": 1.5, "borrow": "30%"}
    last = list(client.backtest_stream(prices[:, 0].tolist(), **LEVELS, **options))[-1]
    found = client.backtest(prices[:, 0], **LEVELS, **options)
    assert {name: found[name] for name in METRICS} == {name: last[name] for name in METRICS}


@pytest.mark.parametrize("rate", ["3%", "300bp", "0.03"])
def test_a_borrow_rate_may_be_written_in_its_unit(client, prices, rate):
    expected = client.backtest(prices[:, 0], **LEVELS, borrow=0.03)
    assert client.backtest(prices[:, 0], **LEVELS, borrow=rate) == expected


def test_a_sweep_trades_by_them_too(client, prices):
    options = {"stop": 2.5, "borrow": "25%"}
    found = client.sweep(prices, entry=[1.0, 2.0], exit=[0.0], cost_per_side=1e-4, **options)
    account = expected(prices, stop=2.5, borrow=0.25)
    np.testing.assert_allclose(found.figures.cumulative_return[:, 0], account.final_equity - 1, rtol=1e-9, atol=1e-12)
    job = client.submit("sweep", prices, entry=[1.0, 2.0], exit=[0.0], cost_per_side=1e-4, **options)
    assert job.result() == found


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stop": 1.0}, r"^stop must be .*entry"),
        ({"stop": float("nan")}, r"^stop must be"),
        ({"borrow": -0.01}, r"^borrow must be"),
        ({"borrow": "3 percent"}, r"^borrow must be a fraction, such as 0.03, '3%' or '300bp', got '3 percent'"),
    ],
)
def test_what_cannot_be_one_is_refused_by_name(client, prices, options, said):
    with pytest.raises(mr.InvalidInput, match=said):
        client.backtest(prices[:, 0], **LEVELS, **options)
    with pytest.raises(mr.InvalidInput, match=said):
        client.sweep(prices, entry=[1.0, 2.0], exit=[0.0], **options)
