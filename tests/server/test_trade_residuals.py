"""TradeResiduals and FitResiduals on the server: the operation's answers, options, refusals, dry runs and jobs."""

import json

import grpc
import numpy as np
import pytest

from gpu_kernels import residuals
from meanrev_wire import codec, research_pb2
from tests.gpu_kernels.residuals.universe import universe
from tests.server.research import chunks

PRICES = universe(11, 260, 8, reversion=0.2)
NAMES = [f"name {i}" for i in range(8)]
STAMPS = (np.datetime64("2022-06-01") + np.arange(260)).astype("datetime64[ms]").astype(np.int64).tolist()
SMALL = {"window": [40], "regression": [25], "min_dof": 5}
FEW = residuals.Filters(min_dof=5)


def traded(ask, prices=PRICES, **options):
    return ask("TradeResiduals", chunks(prices, 100, columns=NAMES, stamps=STAMPS, **{**SMALL, **options}))[-1]


def assert_figures(message, figures):
    for name, values in figures._asdict().items():
        np.testing.assert_array_equal(getattr(message, name), values, err_msg=name)


EVERY = {
    "factors": [2, "60%"],
    "max_reversion": [8.0, 12.5],
    "max_p": [0.9, 1.0],
    "entry": "0.8:1.2:0.2",
    "exit_long": [0.2],
    "exit_short": [0.4, 0.9],
    "cost": [0.0, 0.001],
    "delay": 2,
    "cost_basis": "stocks",
    "size": 0.1,
    "borrow": 0.01,
    "periods_per_year": 260.0,
    "train": 80,
    "test": 30,
    "purge": 4,
    "positions": True,
    "min_r2": 0.1,
    "centre": False,
    "drift": True,
    "refit": 3,
    "members": {"name 3": [0, 120, 150, 260], "name 5": []},
}
"""A value for every option of TradeResiduals."""


def expected_of_every_option():
    members = np.ones(PRICES.shape)
    members[120:150, 3], members[:, 5] = 0.0, 0.0
    return residuals.trade(
        PRICES,
        factors=[2, "60%"],
        window=[40],
        regression=[25],
        max_reversion=[8.0, 12.5],
        max_p=[0.9, 1.0],
        entry=[0.8, 1.0, 1.2],
        exit_long=0.2,
        exit_short=[0.4, 0.9],
        cost=[0.0, 0.001],
        rules=residuals.Rules(2, "stocks", 0.1, 0.01, 260.0),
        filters=residuals.Filters(0.1, False, True, 5, 3),
        members=members,
        spans=residuals.Spans(80, 30, 4),
        years=np.where(np.arange(260) < 214, 2022, 2023),
    )


def test_the_answer_is_the_operations_with_every_option(ask):
    expected = expected_of_every_option()
    result = traded(ask, **EVERY).result
    assert list(result.columns) == NAMES
    assert list(result.factors) == ["2"] * 4 + ["60%"] * 4
    assert_figures(result.cells, expected.figures)
    assert_figures(result.controls, expected.controls.figures)
    assert expected.years is not None
    assert_figures(result.years, expected.years.figures)
    assert list(result.year) == [2022, 2023]
    np.testing.assert_array_equal(result.structure, expected.cells.structure)
    np.testing.assert_array_equal(result.exit_short, expected.cells.exit_short)
    np.testing.assert_array_equal(result.returns, expected.returns)
    np.testing.assert_array_equal(codec.matrix(result.positions, "positions"), expected.positions)
    assert result.best == expected.choice.cell >= 0
    assert result.deflated_sharpe == expected.choice.deflated_sharpe
    assert [step.test_sharpe for step in result.walk_forward] == [each.test_sharpe for each in expected.walk_forward]
    assert result.walk_forward[0].train_first_ms == STAMPS[40]
    assert result.pooled[0].sharpe_ratio == expected.pooled[0].sharpe_ratio
    np.testing.assert_array_equal(result.today.dollars, expected.today.dollars)
    reasons = [result.today.reasons[place] for place in result.today.reason]
    assert reasons == [residuals.NAME_REASONS[each] for each in expected.today.why]
    assert "not eligible" in reasons[5]
    assert (result.days, result.fits, result.scores) == expected.counts[:1] + expected.counts[5:7]
    assert result.median_reversion_all == pytest.approx(expected.counts.median_reversion, rel=1e-12)


def test_a_panel_is_the_operations(ask):
    prices = PRICES.copy()
    prices[100:110, 2] = np.nan
    options = {"factors": 2, "window": 40, "regression": 25, "min_dof": 5, "days": [60, 259]}
    result = ask("FitResiduals", chunks(prices, 100, columns=NAMES, **options))[-1].result
    expected = residuals.panel(prices, factors=2, window=40, regression=25, filters=FEW, rows=[60, 259])
    for name in ("score", "theta", "reversion_p", "alpha", "r_squared", "hedged"):
        found = codec.matrix(getattr(result, name), name)
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-10, atol=1e-13, err_msg=name)
    np.testing.assert_array_equal(result.n_factors, expected.n_factors)
    for name, values in (("windows", expected.windows), ("portfolios", expected.Q), ("loadings", expected.B)):
        found = codec.matrix(getattr(result, name), name).reshape(values.shape)
        np.testing.assert_array_equal(found, values, err_msg=name)


def test_a_preset_has_the_conventions_of_the_paper_and_an_option_overrules_it(ask):
    result = traded(ask, factors=[2], preset="paper", delay=1).result
    expected = residuals.trade(
        PRICES, factors=[2], window=[40], regression=[25], filters=FEW, rules=residuals.PAPER._replace(delay=1)
    )
    np.testing.assert_array_equal(result.returns, expected.returns)


@pytest.mark.parametrize(
    ("options", "field", "rule"),
    [
        ({"factors": [0]}, "metadata.factors", "whole number from 1 to 100"),
        ({"factors": ["most"]}, "metadata.factors", "a share of the variance"),
        ({"factors": [5]}, "metadata.factors", "take fewer factors"),
        ({"regression": [50]}, "metadata.regression", "at most the window, 40"),
        ({"entry": "1:2"}, "metadata.entry", "a:b:step"),
        ({"entry": [0.5], "exit_long": [0.5]}, "metadata.entry", "no cell is valid"),
        ({"entry": "1:2:0.0001", "cost": [0.1 * i for i in range(11)]}, "cells", "at most 100000"),
        ({"cost": [-1.0]}, "metadata.cost", ">= 0"),
        ({"train": 50}, "metadata.test", "the other part of a walk-forward"),
        ({"train": 300, "test": 20}, "block", "train + purge + test"),
        ({"delay": 101}, "metadata.delay", "got 101"),
        ({"members": {"XOM": [0, 4]}}, "metadata.members['XOM']", "must be the name of a column"),
        ({"members": {"name 1": [4, 4]}}, "metadata.members['name 1']", "ascending and at most 260"),
        ({"members": {"name 1": [4]}}, "metadata.members['name 1']", "pairs of a first row and an end"),
    ],
)
def test_options_out_of_range_are_refused(ask, options, field, rule):
    with pytest.raises(grpc.RpcError) as error:
        traded(ask, **{"factors": [2], **options})
    assert field in error.value.details()
    assert rule in error.value.details()


def test_a_price_below_0_is_refused_by_its_place(ask):
    prices = PRICES.copy()
    prices[50, 3] = -1.0
    with pytest.raises(grpc.RpcError, match=r"block\[50, 3\] must be positive, or NaN where there is no price"):
        traded(ask, prices, factors=[2])


@pytest.mark.parametrize("method", ["TradeResiduals", "FitResiduals"])
def test_a_dry_run_computes_nothing(ask, method):
    asked = research_pb2.MatrixChunk(
        columns=NAMES, total_rows=500, total_columns=8, metadata=json.dumps({"dry_run": True})
    )
    (reply,) = ask(method, [asked])
    assert not reply.HasField("result")
    assert reply.estimate.work > 0


def test_progress_counts_rows(ask):
    replies = ask("TradeResiduals", chunks(PRICES, 100, columns=NAMES, factors=[2], **SMALL))
    assert (replies[-1].done, replies[-1].total) == (220, 220)
