"""A stop and a borrow rate reach the operations from every method that trades, and the defaults change nothing."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import sweep
from meanrev_server.handlers.backtest_with_costs import StreamedBacktestOptions
from meanrev_server.research.catalogue import TASKS
from meanrev_wire import codec, meanrev_pb2
from tests.server.research import Research, chunks

PRICES = 100 + np.cumsum(np.random.default_rng(7).normal(0, 1, (400, 3)), axis=0)
COST = 5e-4
RULES = sweep.Rules(stop=2.0, borrow=0.08)
CHANGED = {"stop": 2.0, "borrow": 0.08}


@pytest.fixture
def ask(address):
    with Research(address) as research:
        yield research


def refused(ask, method, messages):
    with pytest.raises(grpc.RpcError) as error:
        list(ask(method, messages))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    return error.value.details()


def test_they_change_what_is_traded():
    plain, changed = (sweep.accounts(PRICES.T, 1.2, 0.0, COST, rules).num_trades for rules in (sweep.Rules(), RULES))
    assert (plain != changed).any()


@pytest.mark.parametrize(("options", "rules"), [({}, sweep.Rules()), ({"stop": None}, sweep.Rules()), (CHANGED, RULES)])
def test_backtest_trades_by_them(ask, options, rules):
    result = ask("Backtest", chunks(PRICES, entry=1.2, exit=0.0, **options))[-1].result
    expected = sweep.accounts(PRICES.T, 1.2, 0.0, COST, rules)
    np.testing.assert_array_equal(result.final_equity, expected.final_equity)
    np.testing.assert_array_equal(result.num_trades, expected.num_trades)


@pytest.mark.parametrize(("options", "rules"), [({}, sweep.Rules()), (CHANGED, RULES)])
def test_a_sweep_trades_by_them(ask, options, rules):
    result = ask("SweepThresholds", chunks(PRICES, entry=[1.0, 1.2], exit=[0.0], **options))[-1].result
    figures = {block.name: codec.matrix(block.values, block.name) for block in result.figures}
    expected = sweep.backtest(PRICES.T, [1.0, 1.2], [0.0, 0.0], COST, rules)
    np.testing.assert_array_equal(figures["cumulative_return"], expected.cumulative_return)
    np.testing.assert_array_equal(figures["num_trades"], expected.num_trades)


@pytest.mark.parametrize("block", [True, False])
@pytest.mark.parametrize(("options", "rules"), [({}, sweep.Rules()), (CHANGED, RULES)])
def test_a_stream_trades_by_them(call, block, options, rules):
    prices = PRICES[:, 0]
    shared = {"entry_zscore": 1.2, "transaction_cost": COST, "metadata": json.dumps(options), "update_frequency": 400}
    messages = [{"prices": prices}] if block else [{"price": price} for price in prices]
    replies = call("BacktestWithCosts", [meanrev_pb2.BacktestInput(**shared, **each) for each in messages])
    expected = sweep.accounts([prices], 1.2, 0.0, COST, rules)
    assert replies[-1].equity == pytest.approx(expected.final_equity[0], rel=1e-12)
    assert replies[-1].num_trades == expected.num_trades[0]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("Backtest", {"entry": 2.0, "exit": 0.0}),
        ("Backtest", {"entry": [1.0, None, 2.0], "exit": 0.0}),
        ("SweepThresholds", {"entry": [1.0, 2.0]}),
    ],
)
@pytest.mark.parametrize("stop", [1.5, 2.0])
def test_a_stop_that_is_not_above_every_entry_is_refused_with_both(ask, method, options, stop):
    details = refused(ask, method, chunks(PRICES, total=400, stop=stop, **options))
    assert details.startswith("metadata.stop must be above every entry level, of which the highest is 2.0")
    assert details.endswith(f"got {stop}")


def test_a_stream_refuses_it_too(call):
    message = meanrev_pb2.BacktestInput(price=1.0, entry_zscore=2.0, metadata='{"stop": 2.0}')
    assert "metadata.stop must be above every entry level" in refused(call, "BacktestWithCosts", [message])


def test_levels_that_no_exit_fits_need_no_stop_above_them(ask):
    options = {"entry": [0.5, 3.0], "exit": [-1.0], "stop": 3.5}
    assert ask("SweepThresholds", chunks(PRICES, **options))[-1].result.n_cells == 1
    details = refused(ask, "SweepThresholds", chunks(PRICES, **{**options, "stop": 3.0}))
    assert "highest is 3.0" in details


@pytest.mark.parametrize(("option", "value"), [("stop", 0), ("stop", -1), ("borrow", -0.01), ("borrow", "3%")])
def test_values_out_of_range_are_refused(ask, option, value):
    assert refused(ask, "SweepThresholds", chunks(PRICES, **{option: value})).startswith(f"metadata.{option} must be a")


@pytest.mark.parametrize(
    "options_type", [StreamedBacktestOptions, TASKS["Backtest"].options_type, TASKS["SweepThresholds"].options_type]
)
def test_the_defaults_are_those_of_the_operations(options_type):
    assert options_type().rules() == sweep.Rules()
