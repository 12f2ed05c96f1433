"""Arithmetic at the edges, on every twin: ruin, gaps behind a delay, a unit root, local maxima and large capitals."""

import numpy as np
import pytest

import meanrev as mr
from tests.front_door.series import reverting

TWINS = {"numpy": "numpy", "best": "auto"}


@pytest.fixture(scope="module", params=TWINS.values(), ids=TWINS.keys())
def twin(request):
    """A server on the NumPy twins, and one on the best that this machine has."""
    with mr.serve(backend=request.param, grace_s=0) as where, mr.Client(where) as connected:
        yield connected


RUIN = np.array([1.421, 2.03, 4.06, 2.03, 1.827, 1.624])
RUIN_RULE = {"entry": [0.5], "exit": [0.0], "cost_per_side": [0.001], "lookback": [2], "execution_delay": 0}


LOST = -1.0 - 0.002 / 1.001
"""The equity goes to 0 by the short of 1 / (1 + cost), and the fee of buying it back at twice the price is owed."""


@pytest.mark.parametrize("scale", [1.0, 3.0, 0.1, 1e-9, 1e9])
def test_a_doubling_against_a_full_short_is_ruin(twin, scale):
    """A short of the whole equity loses all of it when the price doubles, by algebra, whatever the rounding."""
    once = twin.backtest(
        RUIN * scale,
        entry_zscore=0.5,
        exit_zscore=0.0,
        cost_per_side=0.001,
        lookback=2,
        execution_delay=0,
    )
    assert once.status == "error"
    assert once.cumulative_return == pytest.approx(LOST, abs=1e-9)
    assert once.max_drawdown == pytest.approx(-LOST, abs=1e-9)
    grid = twin.sweep(RUIN * scale, **RUIN_RULE, figures=["cumulative_return", "max_drawdown", "num_trades"])
    assert grid.figures.cumulative_return[0, 0] == pytest.approx(LOST, abs=1e-9)
    assert grid.figures.max_drawdown[0, 0] == pytest.approx(-LOST, abs=1e-9)
    assert grid.figures.num_trades[0, 0] == 1


def test_a_ruined_column_leaves_the_others_alone(twin):
    """Beside a ruined column the others keep their bits."""
    good = np.round(reverting(6, seed=2, level=2.0, noise=0.3), 3)
    got = twin.sweep(np.column_stack([RUIN, good]), **RUIN_RULE)
    alone = twin.sweep(good[:, None], **RUIN_RULE)
    np.testing.assert_array_equal(got.figures.sharpe_ratio[1], alone.figures.sharpe_ratio[0])


@pytest.mark.parametrize("delay", [2, 5])
@pytest.mark.parametrize("mode", ["compounding", "unit"])
def test_gaps_behind_a_delay_concern_one_series(twin, delay, mode):
    """A gap in one column with a long delay sent the whole batch another way, and changed the others' bits."""
    rows = np.column_stack([reverting(200, seed) for seed in range(6)])
    holed = rows.copy()
    holed[40:44, 3] = np.nan
    holed[90, 3] = np.nan
    options = {"entry": [1.0, 1.5], "exit": [0.0], "lookback": 10, "execution_delay": delay, "mode": mode}
    got, whole = twin.sweep(holed, **options), twin.sweep(rows, **options)
    others = [0, 1, 2, 4, 5]
    for figure in ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades"):
        np.testing.assert_array_equal(got.figures[figure][others], whole.figures[figure][others])
        alone = twin.sweep(holed[:, 3], **options)
        np.testing.assert_allclose(got.figures[figure][3], alone.figures[figure][0], rtol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 0.1, 3.0, 7.0, 1e-7, 1e6])
@pytest.mark.parametrize("shift", [0.0, 0.3, 100.0])
def test_a_slope_of_exactly_zero_is_decided_by_algebra(twin, scale, shift):
    """3, 1, 2, 1, 1, 0 has b = 0 by algebra: its status must not depend on how the last bit was rounded."""
    series = np.array([3.0, 1.0, 2.0, 1.0, 1.0, 0.0])
    right = twin.ou(series)
    got = twin.ou((series + shift) * scale)
    assert (got.status, got.reason) == (right.status, right.reason)
    assert np.isnan(got.theta) == np.isnan(right.theta)


def test_twins_agree_on_the_slope_of_zero():
    """The NumPy twin and the best one say the same of it, alone and in a batch."""
    series = np.array([3.0, 1.0, 2.0, 1.0, 1.0, 0.0])
    said = []
    for backend in TWINS.values():
        with mr.serve(backend=backend, grace_s=0) as where, mr.Client(where) as connected:
            said.append((connected.ou(series).status, *connected.fit_ou(np.column_stack([series] * 9)).status))
    assert len(set(said[0])) == 1
    assert said[0] == said[1]


def profile(theta, x, gaps):
    """Return the log likelihood of x at theta, with mu and sigma at their best; written anew from the density."""
    decay = np.exp(-theta * gaps)
    spread = -np.expm1(-2 * theta * gaps) / (2 * theta)
    weight = (1 - decay) / spread
    mu = np.sum(weight * (x[1:] - decay * x[:-1])) / np.sum(weight * (1 - decay))
    residual = x[1:] - decay * x[:-1] - mu * (1 - decay)
    sigma2 = np.mean(residual**2 / spread)
    return -0.5 * np.sum(np.log(2 * np.pi * sigma2 * spread) + residual**2 / (sigma2 * spread))


@pytest.mark.parametrize("seed", range(12))
def test_irregular_fits_find_the_highest_maximum(client, seed):
    """With heavy-tailed gaps the likelihood has several maxima, and the fit stopped at a lower one."""
    rng = np.random.default_rng(seed)
    gaps = np.ceil(rng.pareto(0.8, 79) * 3).clip(1, 5000)
    x = np.zeros(80)
    for t in range(1, 80):
        decay = np.exp(-0.3 * gaps[t - 1])
        x[t] = decay * x[t - 1] + rng.normal() * np.sqrt((1 - decay**2) / 0.6)
    days = np.r_[0, np.cumsum(gaps)].astype(np.int64)
    fit = client.ou(x, timestamps_ms=1_000_000_000_000 + days * 3_600_000, time_unit_ms=3_600_000.0)
    tried = np.geomspace(1e-4, 20.0, 600)
    highest = max(profile(theta, x, gaps) for theta in tried)
    if np.isfinite(fit.theta):
        assert profile(fit.theta, x, gaps) >= highest - 0.01


@pytest.mark.parametrize("capital", [1e3, 1e6])
def test_a_large_capital_takes_no_digits(twin, capital):
    """In mode "unit" the Sharpe ratio is of changes over a constant: the capital cancels, to the last digits."""
    x = reverting(400, seed=5, level=0.0)
    ask = {"entry": [1.0, 1.5], "exit": [0.0], "lookback": 10, "mode": "unit", "cost_per_side": 0.01}
    right = twin.sweep(x, **ask).figures.sharpe_ratio
    got = twin.sweep(x, **ask, initial_capital=capital).figures.sharpe_ratio
    np.testing.assert_allclose(got, right, rtol=1e-11)
    rule = {"entry_zscore": 1.0, "exit_zscore": 0.0, "cost_per_side": 0.01, "lookback": 10, "mode": "unit"}
    one, large = twin.backtest(x, **rule), twin.backtest(x, **rule, initial_capital=capital)
    assert large.sharpe_ratio == pytest.approx(one.sharpe_ratio, rel=1e-11)
