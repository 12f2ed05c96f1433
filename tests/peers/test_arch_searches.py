"""The reality check, superior predictive ability and StepM beside arch, on the same resamples."""

import numpy as np
import pytest

from gpu_kernels import data_snooping
from gpu_kernels.data_snooping import bootstrap

pytestmark = pytest.mark.peer

RESAMPLES = 300
BLOCK_LENGTH = 14


def draw(seed):
    source = np.random.default_rng(seed)
    returns = 0.01 * source.standard_normal((200, 8)) + 0.004 * source.standard_normal((200, 1))
    returns[:, 0] += 0.002
    returns[:, 1:3] -= 0.002
    return returns * source.uniform(0.5, 2.0, 8)


def replay(bootstrapped, seed):
    """Let arch's bootstrap take the resamples that ours draws."""
    periods, count = bootstrap.draws(200, RESAMPLES, BLOCK_LENGTH, seed), iter(range(10**6))
    bootstrapped.update_indices = lambda: periods[next(count) % RESAMPLES]


def spa_of(losses, seed):
    peer = pytest.importorskip("arch.bootstrap")
    test = peer.SPA(np.zeros(200), losses, block_size=BLOCK_LENGTH, reps=RESAMPLES)
    replay(test.bootstrap, seed)
    test.compute()
    return test.pvalues


@pytest.mark.parametrize("seed", range(6))
def test_the_p_values_are_those_of_arch(seed):
    returns = draw(seed)
    ours = data_snooping.examine(returns, seed=seed, resamples=RESAMPLES, block_length=BLOCK_LENGTH)
    # arch 8 compares means that are not studentised, whatever its argument is, so it gets studentised returns, and the
    # sample is no resample there.
    theirs = spa_of(-returns / ours.std_error, seed)
    for name in ("lower", "consistent", "upper"):
        expected = (1 + RESAMPLES * theirs[name]) / (1 + RESAMPLES)
        assert getattr(ours, f"p_{name}") == pytest.approx(expected, abs=1e-12), name
    expected = (1 + RESAMPLES * spa_of(-returns, seed)["upper"]) / (1 + RESAMPLES)
    assert ours.p_reality_check == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_superior_strategies_are_those_of_arch(seed):
    peer, returns = pytest.importorskip("arch.bootstrap"), draw(seed)
    returns[:, 3] += 0.004 * returns[:, 3].std() / 0.01
    ours = data_snooping.examine(returns, seed=seed, resamples=RESAMPLES, block_length=BLOCK_LENGTH)
    test = peer.StepM(np.zeros(200), -returns / ours.std_error, block_size=BLOCK_LENGTH, reps=RESAMPLES)
    replay(test.spa.bootstrap, seed)
    test.compute()
    assert sorted(test.superior_models) == np.flatnonzero(ours.superior).tolist()
