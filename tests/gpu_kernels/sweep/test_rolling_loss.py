"""The note on a rolling score of few half-lives: where it stands, and that a simulation gives the loss it states."""

import math
from pathlib import Path

import numpy as np
import pytest

from gpu_kernels import ou
from gpu_kernels.sweep.rolling_loss import COSTS, kept_share, lookback_note, lookback_notes
from tests.gpu_kernels.native import needs_compiler
from tests.gpu_kernels.sweep.test_scores import reverting

CHECKOUT = (Path(__file__).resolve().parents[3] / "bench").is_dir()


@pytest.mark.parametrize(
    ("lookback", "half_life", "noted"),
    [(99, 10.0, True), (100, 10.0, False), (101, 10.0, False), (20, 2.0, False), (20, math.nextafter(2.0, 3.0), True)],
)
def test_the_note_begins_below_ten_half_lives(lookback, half_life, noted):
    assert bool(lookback_note(lookback, half_life)) == noted


@pytest.mark.parametrize("half_life", [math.inf, math.nan, 0.0, -1.0])
def test_prices_that_are_not_known_to_revert_have_no_note(half_life):
    assert lookback_note(20, half_life) == ""


def test_the_note_states_the_losses_of_the_table_and_the_way_out():
    said = lookback_note(30, 20.0, (12.0, math.inf))
    losses = [100 * (1 - kept_share(1.5, cost)) for cost in COSTS]
    assert losses == sorted(losses)
    assert f"{losses[0]:.0f} %, {losses[1]:.0f} % and {losses[2]:.0f} % below that of score 'fixed'" in said
    assert "round-trip costs of 0.02, 0.1 and 0.3 stationary deviations, and further below at higher costs" in said
    assert "1.5 half-lives of 20 bars (95 %: 12 to inf)" in said
    assert "a lookback of 200 bars or more" in said
    assert lookback_note(2, 1e9)[60:180] == lookback_note(2, 1e8)[60:180]  # beyond the table its end counts
    assert "1e+10 bars or more" in lookback_note(2, 1e9)


def test_a_longer_lookback_keeps_more_and_a_higher_cost_less():
    for cost in (0.001, 0.02, 0.05, 0.3, 1.0):
        shares = [kept_share(half_lives, cost) for half_lives in np.geomspace(0.01, 100, 200)]
        assert shares == sorted(shares)
        assert 0.9 < shares[-1] < 1
    for half_lives in (0.5, 1.0, 5.0, 20.0):
        shares = [kept_share(half_lives, cost) for cost in np.geomspace(0.001, 1.0, 60)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] == kept_share(half_lives, 0.02) > kept_share(half_lives, 0.3) == shares[-1]


@needs_compiler
@pytest.mark.skipif(not CHECKOUT, reason="needs the checkout, and this run has the wheel alone")
@pytest.mark.parametrize(("half_lives", "place"), [(1.0, 0), (3.0, 1), (1.0, 2)])
def test_a_simulation_gives_the_share_of_the_table(half_lives, place):
    from bench.calibration.rolling import DESIGNS, shares

    [(share, error)] = shares(DESIGNS[place], (half_lives,), 60)
    assert DESIGNS[place][1] == COSTS[place]
    assert error < 0.03
    assert share == pytest.approx(kept_share(half_lives, COSTS[place]), abs=4 * error)


def test_the_half_life_is_the_one_without_bias_of_the_prices_that_are_traded(twin):
    prices = reverting(12, 3, 400, seed=4)
    prices[1] = np.cumsum(np.ones(400))
    prices[2, 100:] = np.nan
    fit = ou.fit(prices, bias="median_unbiased")
    with twin.running():
        found = lookback_notes(prices, [20, 20, 0])
    assert found[0].startswith(f"score 'rolling' over 20 bars has {20 / fit.half_life[0]:.2g} half-lives")
    assert found[1:] == ["", ""]  # a line has no half-life, and lookback 0 is no rolling score
