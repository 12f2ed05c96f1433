"""Units of the data change no figure that has none: dust and giants trade, fit and weigh like prices near 1."""

import numpy as np
import pytest

import meanrev as mr
from tests.front_door.series import A, B, C

PRICES = np.column_stack([A, B, C])
RETURNS = np.diff(np.log(PRICES), axis=0)
SCALES = [2.0**-40, 2.0**-80, 2.0**30]
"""Powers of two, so that the data's own digits stay."""
WEIGHED = [2.0**-40, 2.0**-70, 2.0**30]
"""The same for weights and plans, whose variances have to be at least 1e-50."""


@pytest.fixture(scope="module", params=["numpy", "auto"])
def twin(request):
    """A server on the NumPy twins, and one on the best that this machine has."""
    with mr.serve(backend=request.param, grace_s=0) as where, mr.Client(where) as connected:
        yield connected


def close(got, right, rel=1e-9):
    np.testing.assert_allclose(np.asarray(got, float), np.asarray(right, float), rtol=rel, equal_nan=True)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("mode", ["compounding", "unit"])
def test_backtests(twin, scale, mode):
    """A coin near 2.5e-10 made no trade at all: its deviation was taken for zero."""
    ask = lambda x, cost: twin.backtest(  # noqa: E731 - one line, used twice
        x, entry_zscore=1.0, exit_zscore=0.0, cost_per_side=cost, lookback=10, mode=mode
    )
    got, right = ask(A * scale, 0.0), ask(A, 0.0)
    assert got.num_trades == right.num_trades > 0
    close(got.sharpe_ratio, right.sharpe_ratio)
    close(got.win_rate, right.win_rate)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("mode", ["compounding", "unit"])
def test_sweeps_and_their_walk_forwards(twin, scale, mode):
    """The same through the kernels of a grid, the choice and the steps included."""
    ask = lambda x: twin.sweep(  # noqa: E731 - as above
        x, entry=[1.0, 1.5], exit=[0.0], cost_per_side=0.0, lookback=10, mode=mode, walk_forward=(60, 30)
    )
    got, right = ask(PRICES * scale), ask(PRICES)
    close(got.figures.sharpe_ratio, right.figures.sharpe_ratio)
    close(got.figures.num_trades, right.figures.num_trades)
    close(got.best.deflated_sharpe, right.best.deflated_sharpe, rel=1e-7)
    assert got.walk_forward.cell.tolist() == right.walk_forward.cell.tolist()


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("options", [{}, {"bias": "jackknife"}, {"adf_lags": 2}])
def test_fits(twin, scale, options):
    """theta, its errors, the test and the status have no unit of the price; mu and sigma have it."""
    got, right = twin.fit_ou(PRICES * scale, **options), twin.fit_ou(PRICES, **options)
    assert got.status == right.status
    assert got.reason == right.reason
    for name in ("theta", "half_life", "r_squared", "theta_std_error", "adf_statistic", "adf_p_value"):
        close(got[name], right[name], rel=1e-7)
    for name in ("mu", "sigma", "sigma_std_error"):
        close(got[name], np.asarray(right[name]) * scale, rel=1e-7)


@pytest.mark.parametrize("scale", SCALES)
def test_fits_with_irregular_times_and_streams(twin, scale):
    """The same by maximum likelihood over gaps, and one price at a time."""
    stamps = 1_577_836_800_000 + np.cumsum(np.random.default_rng(4).integers(1, 5, 120)) * 86_400_000
    ask = lambda x: twin.ou(x, timestamps_ms=stamps, time_unit_ms=86_400_000.0)  # noqa: E731 - as above
    close(ask(A * scale).theta, ask(A).theta, rel=1e-5)
    assert ask(A * scale).status == ask(A).status
    last = [list(twin.ou_stream((x).tolist(), emit_every=120))[-1] for x in (A * scale, A)]
    close(last[0].theta, last[1].theta, rel=1e-7)
    assert last[0].status == last[1].status


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("log", [True, False])
def test_scans(twin, scale, log):
    """Cointegration of prices, or of their logarithms, does not depend on the currency's unit."""
    ask = lambda x: twin.scan(x, alpha=1.0, lookback=10, log=log, cost_per_side=0.0)  # noqa: E731 - as above
    got, right = ask(PRICES * scale), ask(PRICES)
    assert (got.y, got.x, got.n_pairs) == (right.y, right.x, right.n_pairs)
    for name in ("hedge_ratio", "p_value", "theta", "train_sharpe"):
        close(got[name], right[name], rel=1e-6)


@pytest.mark.parametrize("scale", WEIGHED)
@pytest.mark.parametrize("method", ["cara", "sharpe"])
@pytest.mark.parametrize("estimator", ["sample", "ledoit_wolf", "ewma"])
def test_weights(twin, scale, method, estimator):
    """Returns times s with risk aversion over s ask the same question; Sharpe weights have no unit at all."""
    ask = lambda s: getattr(twin, method)(RETURNS * s, gamma=2.0 / s, estimator=estimator)  # noqa: E731 - as above
    got, right = ask(scale), ask(1.0)
    assert got.status == right.status
    close(got.weights, right.weights, rel=1e-6)


@pytest.mark.parametrize("scale", WEIGHED)
def test_plans(twin, scale):
    """A plan of returns times s, with costs times s and risk aversion over s, is the same plan."""
    ask = lambda s: twin.multiperiod(  # noqa: E731 - as above
        RETURNS * s, n_periods=2, gamma=2.0 / s, transaction_cost=0.001 * s, bounds=(0.0, 1.0)
    )
    np.testing.assert_allclose(ask(scale).weights_sequence, ask(1.0).weights_sequence, atol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_components_and_moments(twin, scale):
    """Shares of variance, correlations, skewness and kurtosis have no unit."""
    for scaling in ("none", "zscore"):
        got, right = twin.pca(RETURNS * scale, scaling=scaling), twin.pca(RETURNS, scaling=scaling)
        close(got.explained_variance_ratio, right.explained_variance_ratio)
        close(np.abs(got.components), np.abs(right.components), rel=1e-6)
    got, right = twin.portfolio_stats(RETURNS * scale), twin.portfolio_stats(RETURNS)
    close(got.correlation, right.correlation)
    close([got.skewness, got.kurtosis], [right.skewness, right.kurtosis])
    close(got.meta["sharpe_ratio"], right.meta["sharpe_ratio"])


@pytest.mark.parametrize("scale", SCALES)
def test_thresholds_and_signals(twin, scale):
    """Levels in deviations, and what they say of the last price, have no unit of the price."""
    fit = {"theta": 0.1, "mu": 50.0, "sigma": 0.5}
    scaled = {"theta": 0.1, "mu": 50.0 * scale, "sigma": 0.5 * scale}
    for objective in ("sharpe", "profit"):
        got = twin.thresholds(scaled, round_trip_cost=0.1 * scale, objective=objective)
        right = twin.thresholds(fit, round_trip_cost=0.1, objective=objective)
        close(got.entry_zscore, right.entry_zscore, rel=1e-6)
    got, right = twin.signals(A * scale), twin.signals(A)
    assert got.signal == right.signal
    close(got.zscore, right.zscore)
