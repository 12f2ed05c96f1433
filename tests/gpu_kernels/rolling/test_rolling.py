"""Weights and components of windows are those of single calls for each window's rows, whatever the rows are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_kernels import dispatch, interruption, moments, pca, rolling, weights
from gpu_kernels.errors import Degenerate, Interrupted, InvalidInput
from gpu_kernels.moments import host, windows
from gpu_kernels.performance.sharpe_error import portfolio_error
from tests.gpu_kernels.native import needs_compiler
from tests.naive import rolling as naive

BACKENDS = pytest.mark.parametrize("backend", ["numpy", pytest.param("native", marks=needs_compiler)])
FIGURES = ("expected_return", "expected_volatility", "sharpe_ratio", "utility")


def returns_of(n_rows, n_assets, seed=0, market=0.005):
    rng = np.random.default_rng(seed)
    return 5e-4 + 0.01 * rng.normal(size=(n_rows, n_assets)) + market * rng.normal(size=(n_rows, 1))


def alone(rows, objective, covariance="sample", halflife=None, **options):
    """Return what single calls find for a window, or why they refuse it."""
    try:
        estimated = moments.covariance(rows, method=covariance, halflife=halflife)
        found = getattr(weights, objective)(estimated.mean, estimated.matrix, **options)
    except (InvalidInput, Degenerate) as error:
        return error
    reasons = [reason for reason in (found.reason, estimated.fallback) if reason]
    error = portfolio_error(rows, found.weights, options.get("risk_free_rate", 0.0))
    return found._replace(
        reason="; ".join(reasons), status="constrained" if reasons else "optimized"
    ), estimated, error if found.expected_volatility > 0 else np.nan  # fmt: skip


def assert_as_alone(found, returns, objective, window, **options):
    """Compare every window with the single calls for its rows."""
    for k, (start, stop) in enumerate(zip(found.start, found.stop, strict=True)):
        assert stop - start == window
        expected = alone(returns[start:stop], objective, **options)
        if isinstance(expected, Exception):
            assert found.status[k] == "error"
            assert found.reason[k]
            assert np.isnan(found.weights[k]).all()
            continue
        single, estimated, error = expected
        largest = max(1.0, np.abs(single.weights).max())
        np.testing.assert_allclose(found.weights[k], single.weights, rtol=0, atol=1e-10 * largest)
        for name in FIGURES:
            np.testing.assert_allclose(getattr(found, name)[k], getattr(single, name), rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(found.sharpe_std_error[k], error, rtol=1e-7)
        assert (found.status[k], found.reason[k]) == (single.status, single.reason)
        assert (found.dropped_rows[k], found.shrinkage[k]) == (estimated.dropped_rows, estimated.shrinkage)


@BACKENDS
@pytest.mark.parametrize("objective", weights.OBJECTIVES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "unconstrained", "gamma": 4.0},
        {"mode": "long_only", "risk_free_rate": 2e-4},
        {"bounds": (0.0, [0.5, 0.4, np.inf, 0.3, 0.5])},
        {"leverage": 1.5},
        {"covariance": "ledoit_wolf"},
        {"covariance": "oas"},
        {"covariance": "ewma", "halflife": 20.0},
    ],
    ids=str,
)
def test_every_window_has_the_weights_of_its_rows_alone(backend, objective, options):
    returns = returns_of(260, 5)
    with dispatch.using(backend, 2):
        found = rolling.weights(returns, objective, window=60, step=7, **options)
        assert found.start.tolist() == list(range(0, 201, 7))
        assert_as_alone(found, returns, objective, 60, **options)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n_assets=st.integers(1, 9),
    window=st.integers(2, 40),
    step=st.integers(1, 15),
    objective=st.sampled_from(weights.OBJECTIVES),
    mode=st.sampled_from(weights.MODES),
    market=st.sampled_from([0.0, 0.01, 10.0]),
    damage=st.sampled_from(["", "gaps", "constant", "copy", "outlier", "infinite", "jump", "tiny", "level"]),
)
def test_any_returns_have_the_weights_of_single_calls(seed, n_assets, window, step, objective, mode, market, damage):
    returns = returns_of(70, n_assets, seed, market)
    rng = np.random.default_rng(seed)
    match damage:
        case "gaps":
            returns[rng.random(returns.shape) < 0.05] = np.nan
        case "constant":
            returns[20:50, 0] = 0.01
        case "copy":
            returns[:, -1] = returns[:, 0]
        case "outlier":
            returns[30, -1] = 1e40
        case "infinite":
            returns[30, 0] = np.inf
        case "jump":
            returns[:35] *= 1e-9
        case "tiny":
            returns *= 1e-160
        case "level":
            returns += 1e6
    found = rolling.weights(returns, objective, window=window, step=step, mode=mode)
    assert_as_alone(found, returns, objective, window, mode=mode)


def test_weights_are_those_of_exact_arithmetic():
    returns = returns_of(45, 3, seed=3)
    found = rolling.weights(returns, "sharpe", window=20, step=5)
    expected = naive.tangencies(returns, 20, 5)
    scaled = found.weights / found.weights.sum(axis=1)[:, None]
    np.testing.assert_allclose(scaled, expected, rtol=1e-9)
    assert rolling.turnover(expected).tolist()[1:] == pytest.approx(naive.turnover(expected)[1:])


def test_windows_that_overlap_are_summed_once_and_others_by_themselves(monkeypatch):
    """Sums of steps replace the products of whole windows; where they would cost digits, they do not."""
    seen = []
    covariance = host.covariance
    monkeypatch.setattr(host, "covariance", lambda *given: seen.append(given) or covariance(*given))
    returns = returns_of(400, 6)
    rolling.weights(returns, "cara", window=100, step=5)
    assert not seen
    returns[:, 5] = returns[:, 4] + 1e-6 * returns[:, 3]
    rolling.weights(returns, "cara", window=100, step=5)
    assert len(seen) == 61
    seen.clear()
    rolling.weights(returns[:, :5], "cara", window=100, step=30)
    assert len(seen) == 11


@pytest.mark.parametrize("step", [1, 3, 10])
def test_covariances_are_those_of_windows_alone(step):
    returns = np.asfortranarray(returns_of(300, 8, seed=5))
    returns[40, 2] = np.nan
    found = windows.covariances(returns, 90, step, "sample", 63.0)
    for k, matrix in enumerate(found.matrix):
        single = moments.covariance(returns[k * step : k * step + 90])
        np.testing.assert_allclose(matrix, single.matrix, rtol=0, atol=1e-13 * single.matrix.max())
        np.testing.assert_allclose(found.mean[k], single.mean, rtol=0, atol=1e-15)
        assert found.dropped_rows[k] == single.dropped_rows
        np.testing.assert_array_equal(matrix, matrix.T)


@pytest.mark.parametrize("scaling", pca.SCALINGS)
@pytest.mark.parametrize(("n_components", "window"), [(0, 30), (2, 30), (9, 30), (0, 4)])
def test_components_are_those_of_windows_alone(scaling, n_components, window):
    returns = returns_of(80, 6, seed=2)
    returns[50, 1] = np.nan
    found = rolling.components(returns, window=window, step=8, n_components=n_components, scaling=scaling)
    for k, start in enumerate(found.start):
        rows = returns[start : start + window]
        if np.isnan(rows).any():
            assert (found.status[k], found.reason[k]) == ("error", "returns[50, 1] must be finite, got nan")
            assert np.isnan(found.components[k]).all()
            continue
        single = pca.fit(rows, n_components=n_components, scaling=scaling)
        np.testing.assert_array_equal(found.components[k], single.components)
        np.testing.assert_array_equal(found.explained_variance_ratio[k], single.explained_variance_ratio)
        assert found.total_variance_explained[k] == single.total_variance_explained
    assert set(found.status) == {"ok", "error"}


def test_groups_of_windows_are_the_windows_of_the_whole():
    returns = returns_of(200, 4)
    returns[120, 2] = np.inf
    whole = rolling.weights(returns, "sharpe", window=50, step=10)
    parts = [rolling.weights(returns[first : first + 90], "sharpe", window=50, step=10, first_row=first)
             for first in (0, 50, 100)]  # fmt: skip
    for name in ("start", "stop", "weights", "sharpe_std_error"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(joined, getattr(whole, name)[: len(joined)], rtol=1e-10, err_msg=name)
    assert tuple(reason for part in parts for reason in part.reason) == whole.reason[:15]
    assert "returns[120, 2] must not be infinite" in whole.reason[8]


def test_turnover_skips_windows_without_weights():
    held = np.array([[np.nan, np.nan], [1.0, 0.0], [np.nan, np.nan], [0.5, 0.5]])
    np.testing.assert_array_equal(rolling.turnover(held), [np.nan, np.nan, np.nan, 1.0])


@pytest.mark.parametrize("window", [2, 100, 1000])
@pytest.mark.parametrize("step", [1, 7, 2000])
def test_groups_share_sums_and_stay_small(window, step):
    for n_assets in (1, 100, 3000):
        count = rolling.windows_at_once(n_assets, window, step)
        assert 1 <= count <= 256
        assert count == 1 or count * n_assets**2 <= 1 << 22
        assert count % max(1, window // step) == 0 or count < window // step


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 1}, "window must be >= 2, got 1"),
        ({"window": 31}, "window must be at most the 30 rows of returns, got 31"),
        ({"step": 0}, "step must be >= 1, got 0"),
        ({"first_row": -1}, "first_row must be >= 0, got -1"),
        ({"gamma": 0.0}, "gamma"),
        ({"mode": "free"}, "mode must be"),
        ({"covariance": "none"}, "covariance must be"),
        ({"halflife": 3.0}, "halflife applies to covariance 'ewma' only"),
        ({"bounds": (0.6, 0.1)}, "bounds"),
        ({"bounds": (0.6, 1.0)}, "bounds"),
        ({"mode": "unconstrained", "leverage": 2.0}, "mode must be 'budget' or 'long_only'"),
    ],
)
def test_an_option_that_breaks_its_rule_is_refused_for_all(options, message):
    with pytest.raises(InvalidInput, match=message):
        rolling.weights(returns_of(30, 3), "sharpe", **{"window": 10, **options})


def test_other_arguments_are_refused_by_name():
    with pytest.raises(InvalidInput, match="objective must be"):
        rolling.weights(returns_of(30, 3), "pca", window=10)
    with pytest.raises(InvalidInput, match="returns must have at least one column"):
        rolling.weights(np.empty((30, 0)), "cara", window=10)
    with pytest.raises(InvalidInput, match="scaling must be"):
        rolling.components(returns_of(30, 3), window=10, scaling="rank")
    with pytest.raises(InvalidInput, match="covariances must have shape"):
        weights.batch("cara", np.zeros((2, 3)), np.zeros((2, 2, 3)))


@pytest.mark.parametrize("work", ["weights", "components"])
def test_an_interrupt_ends_it_between_windows(work):
    interrupt = interruption.Interrupt()
    interrupt.set()
    run = (lambda r: rolling.weights(r, "cara", window=10)) if work == "weights" else (
        lambda r: rolling.components(r, window=10))  # fmt: skip
    with interruption.using(interrupt), pytest.raises(Interrupted):
        run(returns_of(60, 3))
