"""Streams: items go one by one, answers come one by one, and the caller's own errors are the caller's."""

import threading

import numpy as np
import pytest

import meanrev as mr
from gpu_kernels import ou


def test_each_tick_is_answered_and_the_last_estimate_is_the_whole_fit(client, prices):
    estimates = list(client.ou_stream(prices[:60, 0].tolist()))
    assert [estimate.n_samples for estimate in estimates] == list(range(1, 61))
    assert estimates[-1].theta == pytest.approx(ou.fit(prices[None, :60, 0]).theta[0], rel=1e-9)


def test_ticks_come_as_numbers_tuples_or_mappings(client):
    ticks = [1.0, ("A", 2.0), ("A", 3.0, 7), {"asset_id": "B", "prices": np.array([1.0, 2.0])}]
    estimates = list(client.ou_stream(ticks))
    assert [(found.asset_id, found.n_samples, found.timestamp_ms) for found in estimates] == [
        ("", 1, 0),
        ("A", 1, 0),
        ("A", 2, 7),
        ("B", 2, 0),
    ]


def test_fewer_estimates_come_where_they_are_asked_for(client):
    assert [found.n_samples for found in client.ou_stream([1.0, 2.0, 3.0, 4.0, 5.0], emit_every=2)] == [2, 4, 5]


def test_an_answer_comes_before_the_next_tick_is_taken(client):
    taken = []

    def ticks():
        for price in (1.0, 2.0, 3.0):
            taken.append(price)
            yield price
            if len(taken) == 2:
                assert answered.wait(10)

    answered = threading.Event()
    stream = client.ou_stream(ticks())
    assert next(stream).n_samples == 1
    answered.set()
    assert len(list(stream)) == 2


def test_the_callers_own_error_comes_back_to_the_caller(client):
    def ticks():
        yield 1.0
        raise LookupError("no more ticks")

    with pytest.raises(LookupError, match="no more ticks"):
        list(client.ou_stream(ticks()))


def test_what_no_program_should_catch_comes_back_to_the_caller_too(client):
    def ticks():
        yield 1.0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(client.ou_stream(ticks()))


def test_a_tick_that_cannot_be_sent_is_refused(client):
    with pytest.raises(mr.InvalidInput, match="price must be a number"):
        list(client.ou_stream([1.0, "two"]))


def test_a_tick_that_the_server_refuses_ends_the_stream(client):
    with pytest.raises(mr.InvalidInput, match="price must not be infinite"):
        list(client.ou_stream([1.0, float("inf"), 2.0]))


def test_leaving_a_stream_early_leaves_the_client_usable(client):
    for estimate in client.ou_stream(iter([1.0, 2.0, 3.0])):
        assert estimate.n_samples == 1
        break
    assert client.log_returns([1.0, 2.0]).n_periods == 1


def test_an_empty_stream_has_no_answer(client):
    assert list(client.ou_stream([])) == []


def test_asynchronous_ticks_need_the_other_client(client):
    async def ticks():
        yield 1.0

    with pytest.raises(mr.InvalidInput, match="AsyncClient"):
        list(client.ou_stream(ticks()))


def test_streamed_bars_end_where_the_block_ends(client, prices):
    series = prices[:, 0]
    streamed = list(client.backtest_stream(series.tolist(), entry_zscore=1.0, exit_zscore=0.0, cost_per_side=1e-4))
    whole = client.backtest(series, entry_zscore=1.0, exit_zscore=0.0, cost_per_side=1e-4)
    assert len(streamed) == 400
    errors = {"sharpe_std_error", "probability_sharpe_positive"}  # of independent returns, and of autocorrelated ones
    shared = streamed[-1].keys() - errors
    assert {name: streamed[-1][name] for name in shared} == {name: whole[name] for name in shared}


def test_bars_may_change_the_levels_from_then_on(client):
    bars = [(1.0, 10), {"price": 2.0, "timestamp_ms": 20, "update_frequency": 2}, 3.0, 4.0]
    metrics = list(client.backtest_stream(bars, {"entry_zscore": 1.0, "exit_zscore": 0.0}, cost_per_side=0.0))
    assert [(metric.bar_number, metric.timestamp_ms) for metric in metrics] == [(1, 10), (2, 20), (4, 0)]


@pytest.mark.parametrize("method", ["cara", "sharpe"])
def test_each_batch_of_returns_is_answered_with_weights(client, returns, method):
    batches = [returns[:200], {"returns": returns[200:], "timestamp_ms": 9}]
    first, second = getattr(client, f"{method}_stream")(batches, transaction_cost=1e-3)
    np.testing.assert_array_equal(first.weights, getattr(client, method)(returns[:200]).weights)
    assert second.timestamp_ms == 9
    assert second.meta["turnover"] == pytest.approx(np.abs(second.weights - first.weights).sum())


def test_rows_can_be_appended_to_the_streams_window(client, returns):
    rows = [returns[:100], *returns[100:110]]
    *_, last = client.cara_stream(rows, append=True)
    np.testing.assert_allclose(last.weights, client.cara(returns[:110]).weights, rtol=1e-9)


def test_published_prices_value_the_portfolio(client):
    list(client.ou_stream([("HELD", 10.0, 1), ("HELD", 12.0, 2)], publish=True))
    report = next(client.health({"HELD": 3.0}, cash=4.0, portfolio_id="mine", limits={"stale_ms": 1}))
    assert (report.portfolio_id, report.total_value, report.open_positions) == ("mine", 40.0, 1)
    assert any("HELD" in alert for alert in report.alerts)


def test_reports_keep_coming(client):
    reports = client.health(asset_ids=["A"], update_frequency_ms=5)
    assert len([next(reports) for _ in range(3)]) == 3
    reports.close()
