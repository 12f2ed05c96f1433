"""The table of both generations: arguments, keys, kinds."""

import inspect

import numpy as np
import pandas as pd
import pytest

import meanrev as mr
from meanrev.compat import generation1, generation2, v1, v2

SERIES, FRAME, CLOUD = "series", "frame", "returns"
LEVELS = {"entry_zscore": 1.0, "exit_zscore": 0.0}
PROCESS = {"theta": 0.1, "mu": 50.0, "sigma": 0.5}


@pytest.fixture(scope="module")
def data(prices, returns):
    return {
        "series": prices[:, 0],
        "frame": pd.DataFrame(prices, columns=["KO", "PEP", "XOM"]),
        "returns": returns,
        "mean": returns.mean(axis=0),
        "covariance": np.cov(returns.T),
        "halves": [returns[:200], returns[200:]],
    }


FIRST = {
    "estimate_ou_params": (("series",), "theta mu sigma half_life"),
    "optimal_thresholds": ((0.1, 50.0, 0.5), "optimal_entry optimal_exit expected_holding_period"),
    "backtest_with_costs": (("series",), "returns positions pnl sharpe max_drawdown total_costs"),
    "cara_optimal_weights": (("mean", "covariance"), "weights expected_return expected_variance"),
    "sharpe_optimal_weights": (("mean", "covariance"), "weights sharpe_ratio expected_return expected_std"),
    "multiperiod_optimize": (("returns", "covariance"), "weights_sequence rebalance_times expected_utility"),
}
SECOND = {
    "estimate_ou_params": (("series",), "theta mu sigma half_life r_squared n_samples"),
    "optimal_thresholds": (
        (PROCESS,),
        "entry_zscore exit_zscore expected_holding_periods expected_return_per_trade win_rate_estimate",
    ),
    "backtest_with_costs": (("series", 1.0, 0.0), "returns sharpe max_drawdown num_trades win_rate"),
    "pca_portfolios": (("returns",), "components variance_explained total_variance transformed"),
    "cara_optimal_weights": (
        ("returns",),
        "weights expected_return expected_volatility sharpe_ratio utility",
    ),
    "sharpe_optimal_weights": (("returns",), "weights sharpe_ratio expected_return expected_volatility"),
    "multiperiod_optimize": (("halves",), "weights_sequence cumulative_utility avg_turnover"),
    "portfolio_stats": (("returns",), "mean_return std_return correlation covariance skewness kurtosis"),
    "generate_signals": (
        ("series", PROCESS, LEVELS),
        "signal confidence zscore expected_profit reasoning",
    ),
}
TABLE = [(v1, name, *row) for name, row in FIRST.items()] + [(v2, name, *row) for name, row in SECOND.items()]
IDS = [f"{module.__name__[-2:]}-{name}" for module, name, *_ in TABLE]


def arguments(given, data):
    return [data[one] if isinstance(one, str) else one for one in given]


def same(one, other):
    return all(np.array_equal(np.asarray(one[key]), np.asarray(other[key])) for key in one)


@pytest.mark.parametrize(("module", "name", "given", "keys"), TABLE, ids=IDS)
async def test_every_form_of_a_function_gives_exactly_its_keys(module, name, given, keys, data, address):
    host, _, port = address.rpartition(":")
    plain = getattr(module, name)(*arguments(given, data))
    assert type(plain) is dict
    assert set(plain) == set(keys.split())
    with module.MeanRevClientSync(host, int(port)) as client:
        assert same(getattr(client, name)(*arguments(given, data)), plain)
    async with module.MeanRevClient(host, int(port)) as client:
        assert same(await getattr(client, name)(*arguments(given, data)), plain)


@pytest.mark.parametrize(
    ("declared", "signature"),
    [
        (generation1.estimate_ou_params, "prices"),
        (generation1.optimal_thresholds, "theta, mu, sigma, transaction_cost=0.001"),
        (generation1.backtest_with_costs, "prices, entry_z=2.0, exit_z=0.5, transaction_cost=0.001"),
        (generation1.pca_portfolios, "returns, n_components=10"),
        (generation1.cara_optimal_weights, "expected_returns, covariance, gamma=2.0"),
        (generation1.sharpe_optimal_weights, "expected_returns, covariance, risk_free_rate=0.02"),
        (generation1.multiperiod_optimize, "returns, covariance, gamma=2.0, transaction_cost=0.001, n_periods=10"),
        (generation2.optimal_thresholds, "ou_params, transaction_cost=0.001, optimization_objective='sharpe'"),
        (generation2.backtest_with_costs, "prices, entry_z, exit_z, transaction_cost=0.001, update_frequency=10"),
        (generation2.pca_portfolios, "returns, n_components=3"),
        (generation2.cara_optimal_weights, "returns, covariance=None, gamma=1.0, *, cov=None"),
        (
            generation2.sharpe_optimal_weights,
            "returns, covariance=None, risk_free_rate=None, *, cov=None, rf=None",
        ),
        (
            generation2.multiperiod_optimize,
            "returns_sequence, gamma=1.0, transaction_cost=0.001, rebalance_frequency=5",
        ),
        (generation2.generate_signals, "price_history, ou_params, thresholds, position_state='flat'"),
    ],
)
def test_arguments_are_those_of_the_table(declared, signature):
    found = inspect.signature(declared)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    assert str(inspect.Signature(plain)) == f"({signature})"


def test_the_first_generations_returns_are_a_frame_with_its_columns(data):
    found = v1.compute_log_returns(data["frame"])
    assert isinstance(found, pd.DataFrame)
    assert (found.shape, list(found.columns), list(found.index[:2])) == ((399, 3), ["KO", "PEP", "XOM"], [1, 2])


def test_the_second_generations_returns_are_a_frame_of_three_columns(data):
    found = v2.compute_log_returns(data["series"])
    assert list(found.columns) == ["log_returns", "mean", "std"]
    assert found["mean"].iloc[0] == pytest.approx(found["log_returns"].mean())
    dated = v2.compute_log_returns(pd.Series(data["series"], index=pd.date_range("2020-01-01", periods=400)))
    assert dated.index[0] == pd.Timestamp("2020-01-02")
    with pytest.raises(mr.InvalidInput, match=r"v1 takes frames"):
        v2.compute_log_returns(data["frame"])


def test_the_first_generations_components_come_with_their_ratios(data):
    components, about = v1.pca_portfolios(pd.DataFrame(data["returns"], columns=["KO", "PEP", "XOM"]))
    assert list(components.columns) == ["KO", "PEP", "XOM"]
    assert sum(about["explained_variance_ratio_"]) == pytest.approx(1.0)


def test_the_first_generations_backtest_adds_up_bar_by_bar(data):
    found = v1.backtest_with_costs(data["series"], 1.0, 0.0)
    assert {len(found[name]) for name in ("returns", "positions", "pnl")} == {400}
    assert set(found["positions"]) <= {-1, 0, 1}
    cumulative = np.prod(1 + np.asarray(found["returns"])) - 1
    assert cumulative == pytest.approx(sum(found["pnl"]), abs=1e-12)
    assert cumulative == pytest.approx(v2.backtest_with_costs(data["series"], 1.0, 0.0)["returns"])


def test_costs_are_per_side(data):
    client = mr.Client("local")
    found = mr.optimal_thresholds(PROCESS, 0.002)
    assert found["entry_zscore"] == client.thresholds(PROCESS, cost_per_side=0.002).entry_zscore


def test_short_names_of_arguments_do_as_well_but_not_both(data):
    square = data["covariance"]
    assert same(
        v2.sharpe_optimal_weights(data["returns"], cov=square, rf=1e-4),
        v2.sharpe_optimal_weights(data["returns"], square, 1e-4),
    )
    with pytest.raises(mr.InvalidInput, match="cov is another name of covariance"):
        v2.cara_optimal_weights(data["returns"], square, cov=square)


def test_a_plan_takes_expected_returns_too(data):
    found = v1.multiperiod_optimize(data["mean"], data["covariance"], n_periods=4)
    assert np.shape(found["weights_sequence"]) == (4, 3)
    assert found["rebalance_times"] == [0, 1, 2, 3]


async def test_health_is_a_stream_of_plain_dictionaries(address):
    report = next(v2.portfolio_health_stream(holdings={"A": 1.0}))
    assert type(report) is dict
    assert type(report["alerts"]) is list
    async with v2.MeanRevClient(address) as client:
        async for other in client.portfolio_health_stream(asset_ids=["A"], update_frequency_ms=5):
            assert set(other) == set(report)
            break


def test_with_a_server_named_nothing_is_computed_here(monkeypatch, closed_address, address):
    monkeypatch.setenv("MEANREV_TIMEOUT", "0.3")
    monkeypatch.setenv("MEANREV_HOST", closed_address)
    with pytest.raises(mr.ConnectionFailed, match=closed_address):
        mr.estimate_ou_params([1.0, 2.0, 3.0])
    monkeypatch.setenv("MEANREV_HOST", address)
    assert mr.estimate_ou_params([1.0, 2.0, 3.0])["n_samples"] == 3


@pytest.mark.parametrize("module", [v1, v2])
def test_get_client_takes_host_and_port(module, address, data):
    host, _, port = address.rpartition(":")
    for client in (module.get_client(host, int(port)), module.get_client(address), module.get_client()):
        assert np.isnan(client.estimate_ou_params([1.0, 2.0])["theta"])
        assert client.estimate_ou_params(data["series"])["theta"] > 0.0
        client.close()
    assert module.get_client(port=7).address == "localhost:7"
