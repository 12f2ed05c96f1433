"""Bounds an asset, some of them open: None, an infinity and a bound out of reach are the same."""

import numpy as np
import pytest

from gpu_kernels import weights
from gpu_kernels.errors import InvalidInput
from tests.gpu_kernels.weights.test_programs import (
    INFINITE,
    assert_allowed,
    peer_cara,
    peer_sharpe,
    problem,
)


def mixed(seed, n_assets):
    """Return (low, high), each asset bounded below, above, on both sides or on none."""
    kinds = np.random.default_rng(seed).integers(0, 4, n_assets)
    return np.where(kinds % 2 == 0, -0.4, -np.inf), np.where(kinds < 2, 0.9, np.inf)


def out_of_reach(bounds):
    return tuple(np.where(np.isfinite(side), side, np.sign(side) * INFINITE) for side in bounds)


@pytest.mark.parametrize("n_assets", [2, 5, 30])
@pytest.mark.parametrize("seed", range(6))
def test_bounds_that_are_open_for_some_assets_reach_the_peers_utility(seed, n_assets):
    means, matrix = problem(seed, n_assets)
    bounds = mixed(seed, n_assets)
    found = weights.cara(means, matrix, gamma=2.0, bounds=bounds)
    assert_allowed(found.weights, *bounds, np.inf, summing=True)
    peer = peer_cara(means, matrix, 2.0, *out_of_reach(bounds), np.inf, summing=True)
    assert found.utility >= means @ peer - peer @ matrix @ peer - 1e-9 * np.abs(means).max()


@pytest.mark.parametrize("n_assets", [2, 5, 30])
@pytest.mark.parametrize("seed", range(6))
def test_bounds_that_are_open_for_some_assets_reach_the_peers_sharpe_ratio(seed, n_assets):
    means, matrix = problem(seed, n_assets)
    bounds = mixed(seed, n_assets)
    found = weights.sharpe(means, matrix, bounds=bounds, leverage=5.0)
    if found.status == "optimized":
        assert_allowed(found.weights, *bounds, 5.0, summing=True)
        peer = peer_sharpe(means, matrix, *out_of_reach(bounds), 5.0)
        assert found.sharpe_ratio >= (means @ peer) / np.sqrt(peer @ matrix @ peer) * (1 - 1e-7)


@pytest.mark.parametrize("ask", [weights.cara, weights.sharpe])
def test_an_infinity_is_no_bound(ask):
    means, matrix = problem(3, 6)
    for bounds, same in [((0.0, [np.inf] * 6), (0.0, None)), (([-np.inf] * 6, 0.7), (None, 0.7))]:
        np.testing.assert_array_equal(
            ask(means, matrix, bounds=bounds).weights, ask(means, matrix, bounds=same).weights
        )


def test_a_sharpe_ratio_that_only_weights_without_end_reach_is_refused():
    with pytest.raises(InvalidInput, match="bounds must give every asset a lowest weight or every asset a highest one"):
        weights.sharpe([0.1, 0.2, 0.3], np.eye(3), bounds=([0.0, 0.0, -np.inf], [np.inf, 0.2, 0.2]))


@pytest.mark.parametrize("wrong", [(np.inf, None), (None, -np.inf), ([0.0, np.nan], None), ([np.inf, 0.0], None)])
def test_an_infinity_of_the_wrong_sign_is_refused(wrong):
    with pytest.raises(InvalidInput, match="bounds"):
        weights.cara([0.1, 0.2], np.eye(2), gamma=1.0, bounds=wrong)
