"""A refused option is called what the caller called it, with what is allowed and what was probably meant."""

import numpy as np
import pytest

import meanrev as mr
from gpu_kernels import choices as of_the_maths
from meanrev import choices as of_the_client

RETURNS = np.random.default_rng(5).normal(0, 0.01, (50, 3))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda c: c.cara(RETURNS, estimator="ledoit-wolf"), r"^estimator must be one of .*did you mean 'ledoit_wolf'"),
        (lambda c: c.sharpe(RETURNS, mode="LongOnly"), r"^mode must be one of .*did you mean 'long_only'"),
        (lambda c: next(c.cara_stream([RETURNS], estimator="ewm")), r"^estimator must be one of .*did you mean 'ewma'"),
        (
            lambda c: c.backtest([1.0, 2.0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0, mode="units"),
            r"^mode must be one of 'compounding', 'unit' .did you mean 'unit'",
        ),
        (
            lambda c: c.backtest([1.0, 2.0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=-1.0),
            r"^cost_per_side must be",
        ),
        (
            lambda c: c.backtest([1.0, 2.0], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0, lookback=2.5),
            r"^lookback must be a whole number from 2 to 1000000, got 2.5",
        ),
        (lambda c: next(c.health({"A": 1.0}, limits={"max_drawdwn": 1})), r"^limits.max_drawdwn .*'max_drawdown'"),
        (
            lambda c: c.put_portfolio("p", {"A": 1.0}, limits={"stale": 1}),
            r"^limits.stale is not known .*max_drawdown, max_abs_z, stale_ms",
        ),
        (
            lambda c: c.thresholds({"theta": 0.1, "mu": 1.0, "sigma": 1.0}, round_trip_cost=0.1, objective="sharp"),
            r"^objective must be one of .*did you mean 'sharpe'",
        ),
        (
            lambda c: c.thresholds({"theta": 0.1, "mu": 1.0, "sigma": 1.0}, round_trip_cost=-0.1),
            r"^round_trip_cost must be",
        ),
        (
            lambda c: c.signals([1.0, 2.0], {"theta": 0.1, "mu": 1.0, "sigma": 1.0}, position="longg"),
            r"^position must be one of .*did you mean 'long'",
        ),
        (lambda c: c.pca(RETURNS, scaling="z-score"), r"^scaling must be one of .*did you mean 'zscore'"),
        (lambda c: c.sweep(RETURNS + 1, figures=["sharp_ratio"]), r"^figures must be .*did you mean 'sharpe_ratio'"),
        (lambda c: c.submit("sweeps", RETURNS), r"^method must be one of .*did you mean 'sweep'"),
        (lambda c: c.ou([1.0, 2.0, 1.5], bias="tang-chen"), r"^bias must be one of .*did you mean 'tang_chen'"),
    ],
)
def test_the_callers_own_word_is_used(client, ask, said):
    with pytest.raises(mr.InvalidInput, match=said):
        ask(client)


@pytest.mark.parametrize(
    "bounds", [(0, None), (0, np.inf), (None, None), (-np.inf, 0.9), [(0, 1), (0, 0.5), (0, None)]]
)
def test_open_bounds_are_taken_as_others_take_them(client, bounds):
    found = client.cara(RETURNS, bounds=bounds)
    assert found.weights.sum() == pytest.approx(1)
    pairs = bounds if isinstance(bounds, list) else [bounds] * 3
    for weight, (low, high) in zip(found.weights, pairs, strict=True):
        assert (-np.inf if low is None else low) - 1e-9 <= weight <= (np.inf if high is None else high) + 1e-9


def test_a_pair_for_each_asset_is_the_pair_for_all():
    with mr.Client("local") as client:
        one = client.cara(RETURNS, bounds=(0.1, 0.6))
        assert np.array_equal(one.weights, client.cara(RETURNS, bounds=[(0.1, 0.6)] * 3).weights)
        plan = client.multiperiod(RETURNS, bounds=(0, None), n_periods=2)
        assert (np.asarray(plan.weights_sequence) >= -1e-9).all()


@pytest.mark.parametrize("bounds", [0.5, "01", (0, 1, 2), [(0, 1), (0,)], {"KO": (0, 1)}, [], [(0, 1), 0.5]])
def test_bounds_of_another_form_are_refused_by_name(client, bounds):
    with pytest.raises(
        mr.InvalidInput, match=r"^bounds(\[\d\])? (must (be a pair \(lowest, highest\)|hold one pair)|is labelled)"
    ):
        client.cara(RETURNS, bounds=bounds)


@pytest.mark.parametrize("bounds", [(np.nan, 1), (np.inf, None), (0, -np.inf), [(0, 1), (0, "x"), (0, 1)]])
def test_bounds_that_are_no_numbers_are_refused_by_name(client, bounds):
    with pytest.raises(mr.InvalidInput, match=r"^bounds(\[1\])? must be"):
        client.cara(RETURNS, bounds=bounds)


@pytest.mark.parametrize("value", ["Ledoit-Wolf", "xyz", 7.0, "", None])
@pytest.mark.parametrize("allowed", [["sample", "ledoit_wolf"], [0.0, 7.5], [f"cell {i}" for i in range(60)]])
def test_both_sides_of_the_wire_word_a_choice_alike(value, allowed):
    """The client may not import the maths, so that each side has its own copy."""
    assert of_the_client.choice_rule(value, allowed) == of_the_maths.choice_rule(value, allowed)
