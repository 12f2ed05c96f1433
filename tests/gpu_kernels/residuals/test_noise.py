"""reversion_p beside quantiles of independent simulations, and its table."""

import numpy as np
import pytest

from bench.residuals_noise_table import EXCEEDED, LENGTHS, distances
from gpu_kernels.residuals import noise

QUANTILES = {
    30: (0.313, 0.477, 0.556, 0.775, 0.893),
    60: (0.620, 0.719, 0.764, 0.884, 0.946),
    120: (0.798, 0.853, 0.878, 0.941, 0.973),
    252: (0.902, 0.929, 0.941, 0.972, 0.987),
}
"""Of b over 200,000 bridges of another program, to three digits."""

PROBABILITIES = (0.01, 0.05, 0.10, 0.50, 0.90)


@pytest.mark.parametrize("n_returns", QUANTILES)
@pytest.mark.parametrize("place", range(5))
def test_quantiles_of_another_simulation_have_their_probabilities(n_returns, place):
    b = QUANTILES[n_returns][place]
    low, high = noise.reversion_p(np.array([b - 1.0 - 0.0006, b - 1.0 + 0.0006]), n_returns)
    # Half a unit of the last digit, and five standard errors of 200,000 draws.
    probability = PROBABILITIES[place]
    error = 5.0 * np.sqrt(probability * (1.0 - probability) / 200_000)
    assert low - error <= probability <= high + error


@pytest.mark.parametrize("n_returns", [20, 50, 75, 300])
def test_noise_has_even_probabilities_between_the_lengths_of_the_table(n_returns):
    found = noise.reversion_p(-distances(n_returns, 20_000, seed=5) / (n_returns - 1), n_returns)
    shares = np.histogram(found, bins=np.linspace(0.0, 1.0, 11))[0] / found.size
    np.testing.assert_allclose(shares, 0.1, atol=0.01)
    assert np.median(found) == pytest.approx(0.5, abs=0.015)


def test_the_probabilities_end_with_the_table_and_nan_stays():
    slopes = np.array([-5.0, -1e-6, 0.5, np.nan])
    np.testing.assert_allclose(noise.reversion_p(slopes, 60), [0.0001, 0.9999, 0.9999, np.nan], rtol=1e-4)


def test_a_faster_reversion_has_a_smaller_probability():
    found = noise.reversion_p(np.linspace(-0.6, -0.01, 200), 60)
    assert (np.diff(found[:-10]) > 0).all()
    assert (np.diff(found) >= 0).all()


def test_the_median_of_noise_is_that_of_another_simulation():
    """7.99 bars over 100,000 windows, of those that pass the filter of 30 bars."""
    assert noise.median_reversion(60, 30.0, 1.0) == pytest.approx(7.99, abs=0.05)
    b = 1.0 - distances(60, 20_000, seed=3) / 59
    times = -1.0 / np.log(b[(b > 0) & (b < np.exp(-1.0 / 12.0)) & (noise.reversion_p(b - 1.0, 60) <= 0.4)])
    assert noise.median_reversion(60, 12.0, 0.4) == pytest.approx(np.median(times), rel=0.02)


def test_the_table_is_the_simulations():
    held = noise._table()
    np.testing.assert_allclose(held.pairs, np.array(LENGTHS) - 1)
    np.testing.assert_allclose(held.exceeded, EXCEEDED)
    again = np.quantile(distances(40, 20_000), 1.0 - np.array([0.1, 0.5, 0.9]))
    row = held.distances[list(held.pairs).index(39)]
    np.testing.assert_allclose(np.interp([0.1, 0.5, 0.9], held.exceeded, row), again, rtol=0.02)


def test_residuals_that_revert_in_seven_bars_are_rarely_told_from_noise():
    source, decay = np.random.default_rng(6), np.exp(-1.0 / 7.0)
    level = source.standard_normal(20_000) / np.sqrt(1.0 - decay**2)
    steps = np.empty((20_000, 60))
    for bar in range(60):
        moved = decay * level + source.standard_normal(20_000)
        steps[:, bar], level = moved - level, moved
    paths = np.cumsum(steps - steps.mean(axis=1, keepdims=True), axis=1)
    lags = paths[:, :-1] - paths[:, :-1].mean(axis=1, keepdims=True)
    slope = np.einsum("bt,bt->b", lags, np.diff(paths, axis=1)) / np.einsum("bt,bt->b", lags, lags)
    assert 0.15 < np.mean(noise.reversion_p(slope, 60) <= 0.05) < 0.19
