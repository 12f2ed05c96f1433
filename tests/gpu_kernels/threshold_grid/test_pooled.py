"""One out-of-sample Sharpe ratio of a walk-forward, its error, and what it warns of."""

import math

import numpy as np
import pytest

from gpu_kernels import sweep, threshold_grid
from gpu_kernels.errors import InvalidInput
from gpu_kernels.performance.sharpe_error import standard_errors

SOURCE = np.random.default_rng(6)
NOISE = SOURCE.standard_normal((2, 400))
PRICES = np.empty_like(NOISE)
PRICES[:, 0] = NOISE[:, 0]
for _bar in range(1, 400):
    PRICES[:, _bar] = 0.93 * PRICES[:, _bar - 1] + NOISE[:, _bar]
CELLS = threshold_grid.expand(np.array([0.5, 1.0]), np.array([0.0]), np.array([0.01]), np.array([20]))
SPANS = {"train": 120, "test": 70, "purge": 0}


def walk(**rules):
    return threshold_grid.walk_forward(PRICES, CELLS, sweep.Rules(mode="unit", **rules), **SPANS)


@pytest.mark.parametrize("score", ["rolling", "fixed"])
def test_the_pooled_ratio_is_the_mean_of_the_steps_by_their_bars(score):
    steps = walk(score=score)
    pooled = threshold_grid.pool(steps)
    assert [part.series for part in pooled] == [0, 1]
    own = [step for step in steps if step.series == 1]
    assert pooled[1].n_steps == len(own)
    assert pooled[1].n_bars == 70 * len(own)
    assert pooled[1].sharpe_ratio == pytest.approx(np.mean([step.test_sharpe for step in own]))
    errors = np.array([step.test_sharpe_std_error for step in own])
    assert pooled[1].sharpe_std_error == pytest.approx(np.sqrt((errors**2).sum()) / len(own))
    assert pooled[1].sharpe_lower < pooled[1].sharpe_ratio < pooled[1].sharpe_upper


def test_a_step_trades_the_process_of_its_own_train_part():
    step = walk(score="fixed")[1]
    mean, deviation = sweep.stationary(PRICES[:1, step.train_start : step.train_stop])
    rules = sweep.Rules(mode="unit", score="fixed", mean=mean, deviation=deviation)
    test = PRICES[:1, step.test_start : step.test_stop]
    ran = sweep.accounts(test, CELLS.entry_z[step.cell], 0.0, 0.01, rules, path=True)
    assert step.test_sharpe == pytest.approx(float(ran.returns.figures.sharpe_ratio[0]))
    assert step.test_sharpe_std_error == pytest.approx(math.sqrt(252) * standard_errors(ran.paths.returns)[0])


def test_few_trades_are_noted():
    cells = threshold_grid.expand(np.array([2.5]), np.array([0.0]), np.array([0.01]), np.array([20]))
    steps = threshold_grid.walk_forward(PRICES, cells, sweep.Rules(mode="unit", score="fixed"), **SPANS)
    few = next(step for step in steps if step.test_trades < 5)
    assert few.note.endswith(f"closed trades: {few.test_trades}, which is fewer than 5")


def test_a_score_that_is_fitted_on_the_way_is_refused():
    with pytest.raises(InvalidInput, match="score must be 'rolling' or 'fixed' for a walk-forward"):
        walk(score="online")
