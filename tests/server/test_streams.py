"""Streams answer while they are open, and end as they should."""

import itertools
import json
import queue
import threading
import time

import grpc
import pytest

from meanrev_wire import meanrev_pb2
from tests.server.serving import Caller, serving


class Feed:
    """Requests that are sent when the test says so."""

    def __init__(self):
        self._requests = queue.SimpleQueue()

    def send(self, request):
        self._requests.put(request)

    def end(self):
        self._requests.put(None)

    def __iter__(self):
        return iter(self._requests.get, None)


def first_inputs():
    return {
        "EstimateOUParams": meanrev_pb2.PriceUpdate(price=1.0),
        "BacktestWithCosts": meanrev_pb2.BacktestInput(price=1.0, entry_zscore=2.0),
        "CaraOptimalWeights": weights_input(),
        "SharpeOptimalWeights": weights_input(),
    }


def weights_input():
    returns = meanrev_pb2.Matrix(rows=4, cols=2, values=[0.01, 0.02, -0.01, 0.03, 0.02, -0.01, 0.0, 0.01])
    return meanrev_pb2.OptimizationInput(returns=returns)


@pytest.mark.parametrize("method", sorted(first_inputs()))
def test_a_reply_comes_before_the_next_request_is_sent(call, method):
    feed = Feed()
    replies = call.start(method, feed)
    for _ in range(3):
        feed.send(first_inputs()[method])
        next(replies)
    feed.end()
    assert list(replies) == []


@pytest.mark.parametrize("method", sorted(first_inputs()))
def test_an_empty_stream_has_no_reply_and_no_error(call, method):
    assert call(method, []) == []


class TestConflation:
    OPTIONS = '{"conflate": true}'

    def test_a_reader_that_keeps_up_misses_nothing(self, call):
        feed = Feed()
        replies = call.start("EstimateOUParams", feed)
        for n in range(1, 6):
            feed.send(meanrev_pb2.PriceUpdate(price=float(n % 3), metadata=self.OPTIONS))
            assert next(replies).n_samples == n
        feed.end()
        assert list(replies) == []

    def test_a_slow_reader_gets_the_newest_of_each_asset(self, call):
        names = ["A", "B"]
        updates = [
            meanrev_pb2.PriceUpdate(asset_id=names[i % 2], price=float(i % 7), metadata=self.OPTIONS)
            for i in range(6_000)
        ]
        stream = call.start("EstimateOUParams", updates)
        first = next(stream)
        assert first.n_samples <= 2
        time.sleep(0.5)
        replies = list(stream)
        last = {reply.asset_id: reply.n_samples for reply in replies}
        assert last == {"A": 3_000, "B": 3_000}
        for name in names:
            counts = [reply.n_samples for reply in replies if reply.asset_id == name]
            assert counts == sorted(set(counts))

    def test_an_error_ends_the_stream_after_what_was_due(self, call):
        updates = [
            meanrev_pb2.PriceUpdate(price=1.0, metadata=self.OPTIONS),
            meanrev_pb2.PriceUpdate(price=float("inf")),
        ]
        with pytest.raises(grpc.RpcError) as refused:
            call("EstimateOUParams", updates)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("method", "options"),
    [("BacktestWithCosts", {"lookback": 30}), ("CaraOptimalWeights", {"mode": "long_only"})],
)
def test_options_may_be_repeated_but_not_changed(call, method, options):
    first = first_inputs()[method]
    first.metadata = json.dumps(options)
    again = first_inputs()[method]
    again.metadata = " " + json.dumps({**options, "note": "free"})
    assert len(call(method, [first, again, first_inputs()[method]])) == 3
    later = first_inputs()[method]
    later.metadata = json.dumps({name: 31 if name == "lookback" else "budget" for name in options})
    with pytest.raises(grpc.RpcError) as refused:
        call(method, [first, later])
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "must stay" in refused.value.details()


def test_later_metadata_of_prices_is_free(call):
    updates = [meanrev_pb2.PriceUpdate(price=1.0, metadata=text) for text in ('{"dt": 1}', '{"dt": 2}', "noise")]
    assert len(call("EstimateOUParams", updates)) == 3


def test_ignored_options_are_listed_once(call):
    updates = [meanrev_pb2.PriceUpdate(price=1.0, metadata='{"interval": "1h"}') for _ in range(2)]
    first, second = call("EstimateOUParams", updates)
    assert json.loads(first.metadata) == {"ignored_options": ["interval"]}
    assert second.metadata == ""


def test_ignored_options_are_listed_where_the_only_metric_is_the_last(call):
    bar = meanrev_pb2.BacktestInput(price=1.0, entry_zscore=2.0, update_frequency=100, metadata='{"interval": "1h"}')
    [last] = call("BacktestWithCosts", [bar])
    assert json.loads(last.metadata) == {"ignored_options": ["interval"]}


def test_thresholds_and_costs_of_a_backtest_may_change_at_any_bar(call):
    bars = [
        meanrev_pb2.BacktestInput(price=10 + i % 3, entry_zscore=1 + i % 2, transaction_cost=1e-4 * (i % 3))
        for i in range(60)
    ]
    assert len(call("BacktestWithCosts", bars)) == 60


def test_a_bad_bar_ends_the_stream_after_the_replies_before_it(call):
    good = meanrev_pb2.BacktestInput(price=1.0, entry_zscore=2.0)
    replies = call.start("BacktestWithCosts", [good, good, meanrev_pb2.BacktestInput(price=-1.0, entry_zscore=2.0)])
    assert [next(replies).bar_number, next(replies).bar_number] == [1, 2]
    with pytest.raises(grpc.RpcError) as refused:
        next(replies)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "price must be > 0" in refused.value.details()


def test_a_stream_carries_only_so_many_assets():
    updates = [meanrev_pb2.PriceUpdate(asset_id=str(i), price=1.0) for i in range(4)]
    with serving(max_assets_per_stream=3) as address, Caller(address) as call:
        with pytest.raises(grpc.RpcError) as refused:
            call("EstimateOUParams", updates)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "MEANREV_MAX_ASSETS_PER_STREAM" in refused.value.details()


class TestHealth:
    """A portfolio's health follows the prices that are published."""

    HOLDINGS = json.dumps({"holdings": {"KO": 2.0, "PEP": -1.0}, "cash": 100.0})

    @staticmethod
    def publish(call, prices):
        updates = [
            meanrev_pb2.PriceUpdate(asset_id=name, price=price, timestamp_ms=i, metadata='{"publish": true}')
            for i, (name, price) in enumerate(prices, start=1)
        ]
        call("EstimateOUParams", updates)

    def test_marks_arrive_while_the_stream_is_open(self):
        with serving() as address, Caller(address) as call:
            request = meanrev_pb2.HealthRequest(portfolio_id="book", update_frequency_ms=20, metadata=self.HOLDINGS)
            stream = call.start("PortfolioHealthStream", [request])
            before = next(stream)
            assert before.status == "warning"
            assert list(before.alerts) == ["no price yet for KO", "no price yet for PEP"]
            self.publish(call, [("KO", 60.0), ("PEP", 170.0), ("KO", 61.0), ("XOM", 9.0)])
            value = [next(stream).total_value for _ in range(20)][-1]
            assert value == 100.0 + 2 * 61.0 - 170.0
            stream.cancel()

    def test_a_large_portfolio_takes_marks_too(self):
        names = [f"A{i}" for i in range(250)]
        request = meanrev_pb2.HealthRequest(
            update_frequency_ms=5, metadata=json.dumps({"holdings": dict.fromkeys(names, 1.0)})
        )
        with serving() as address, Caller(address) as call:
            stream = call.start("PortfolioHealthStream", [request])
            assert next(stream).total_value == 0.0
            for price in (1.0, 2.0):
                self.publish(call, [(name, price) for name in names])
            assert 2.0 * len(names) in (report.total_value for report in itertools.islice(stream, 5_000))
            stream.cancel()

    def test_prices_that_do_not_ask_to_be_published_mark_nothing(self):
        with serving() as address, Caller(address) as call:
            call("EstimateOUParams", [meanrev_pb2.PriceUpdate(asset_id="KO", price=1.0)])
            stream = call.start("PortfolioHealthStream", [meanrev_pb2.HealthRequest(metadata=self.HOLDINGS)])
            assert "no price yet for KO" in next(stream).alerts
            stream.cancel()

    def test_watching_without_holdings_says_so(self, call):
        stream = call.start("PortfolioHealthStream", [meanrev_pb2.HealthRequest(asset_ids=["UNSEEN"])])
        reply = next(stream)
        stream.cancel()
        assert reply.total_value == 0
        assert set(reply.alerts) == {"no holdings", "no price yet for UNSEEN"}

    def test_an_unknown_portfolio_is_not_found(self, call):
        with pytest.raises(grpc.RpcError) as refused:
            call("PortfolioHealthStream", portfolio_id="nobody")
        assert refused.value.code() is grpc.StatusCode.NOT_FOUND
        assert "metadata.holdings" in refused.value.details()


def test_long_windows_are_summarised_beside_the_event_loop(monkeypatch):
    from gpu_kernels import sweep

    threads, update = set(), sweep.OnlineBacktest.update

    def watched(self, *arguments):
        threads.add(threading.current_thread().name.partition("_")[0])
        update(self, *arguments)

    monkeypatch.setattr(sweep.OnlineBacktest, "update", watched)
    bar = meanrev_pb2.BacktestInput(price=1.0, entry_zscore=2.0, metadata='{"lookback": 20000}')
    with serving() as address, Caller(address) as call:
        assert len(call("BacktestWithCosts", [bar])) == 1
    assert threads == {"meanrev-compute"}
