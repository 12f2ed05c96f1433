"""Rows 3 and 4: small requests that ask for much, and requests that take long where nobody computes."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import grpc
import numpy as np

from bench.faults.rows import MIB, Figure, attack
from bench.faults.trial import Trial
from meanrev_wire import codec, meanrev_pb2, research_pb2
from tests.faults.test_demands import plan
from tests.server import research
from tests.server.serving import SERVICE

DEMANDS = "`capacity.Demand` of each method, `max_bytes_in_flight`, `max_work_in_flight`, `max_message_bytes`"
NEVER = "tests/faults/test_demands.py::test_what_can_never_be_answered_is_not_computed"
ANNOUNCED = "tests/faults/test_demands.py::test_research_is_refused_by_the_memory_that_it_announces"
WEIGHTS = "tests/faults/test_demands.py::test_weights_of_too_many_assets_are_refused"
REFUSED = "RESOURCE_EXHAUSTED before it is computed: in a second, memory flat"
LARGE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def refusal(address: str, path: str, messages: Iterable[bytes], timeout: float = 120) -> tuple[grpc.StatusCode, float]:
    """Return how a call ends, and after how many seconds; its replies are dropped."""
    with grpc.insecure_channel(address, LARGE) as channel:
        began = time.monotonic()
        call = channel.stream_stream(path)(iter(messages), timeout=timeout)
        try:
            for _ in call:
                pass
        except grpc.RpcError:
            pass
        return call.code(), time.monotonic() - began


def refused(path: str, messages: Iterable[bytes], times: int = 1, **settings: Any) -> Iterator[Figure]:
    """Send a request that must be refused, and measure."""
    data = list(messages)
    with Trial(**settings) as trial:
        ends = [refusal(trial.address, path, data) for _ in range(times)]
        codes = sorted({code.name for code, _ in ends})
        yield Figure(f"refused ({', '.join(codes)})", sum(c is REFUSAL for c, _ in ends), least=times)
        yield Figure("slowest refusal", 1e3 * max(seconds for _, seconds in ends), "ms", 1000)
        yield from trial.figures(growth_mb=128)


REFUSAL = grpc.StatusCode.RESOURCE_EXHAUSTED


def table(values: Any, rows: int | None = None, **options: Any) -> list[bytes]:
    """Return the messages of a matrix, with so many rows in each."""
    return [chunk.SerializeToString() for chunk in research.chunks(values, rows, total=len(values), **options)]


@attack("3.1", "PortfolioStats of 12,000 assets, 188 kB", REFUSED, defence=DEMANDS, test=NEVER)
def many_assets() -> Iterator[Figure]:
    returns = np.random.default_rng(1).normal(0, 0.01, (2, 12_000))
    data = codec.encode(meanrev_pb2.PortfolioStatsRequest, returns=returns)
    yield from refused(SERVICE + "PortfolioStats", [data])


GRID = {"entry": "0.1:10:0.01", "exit": "-0.09:0.09:0.0002", "lookback": [4]}


@attack("3.2", "a sweep of 100 x 20 prices with 890,000 cells", REFUSED, defence=DEMANDS, test=ANNOUNCED)
def many_cells() -> Iterator[Figure]:
    yield from refused(research.SERVICE + "SweepThresholds", table(np.full((20, 100), 100.0), **GRID))


@attack("3.3", "a scan of 5,000 columns of 20 prices", REFUSED, defence=DEMANDS, test=ANNOUNCED)
def many_pairs() -> Iterator[Figure]:
    yield from refused(research.SERVICE + "ScanPairs", table(np.full((20, 5000), 100.0), lookback=5))


@attack("3.4", "a plan of 10,000 periods of 200 assets", REFUSED, defence=DEMANDS, test=NEVER)
def long_plan() -> Iterator[Figure]:
    yield from refused(SERVICE + "MultiperiodOptimize", [plan(10_000, 200)])


@attack(
    "3.5",
    "a plan of 20 assets that is made anew in each of 10,000 periods",
    REFUSED,
    defence=DEMANDS,
    test=NEVER,
    settings="`max_work_in_flight` = 10^12",
)
def plan_in_each_period() -> Iterator[Figure]:
    yield from refused(SERVICE + "MultiperiodOptimize", [plan(10_000, 20, mode="mpc")], max_work_in_flight=10**12)


@attack("3.6", "weights of 4,500 assets", REFUSED, defence=DEMANDS, test=WEIGHTS)
def many_weights() -> Iterator[Figure]:
    data = codec.encode(meanrev_pb2.OptimizationInput, returns=np.random.default_rng(1).normal(size=(2, 4500)))
    yield from refused(SERVICE + "SharpeOptimalWeights", [data])


ADMITTED = {
    "a sweep of 5 x 16 prices, 890,000 cells": ("SweepThresholds", (16, 5), GRID),
    "a scan of 26 x 2,000 prices": ("ScanPairs", (26, 2000), {"lookback": 5, "alpha": 1.0}),
}


def announced(name: str) -> Iterator[Figure]:
    """Compare what a request announces with what it takes."""
    method, shape, options = ADMITTED[name]
    prices = 100 + np.cumsum(np.random.default_rng(1).normal(0, 0.1, shape), axis=0)
    with Trial(max_bytes_in_flight=4096 * MIB, max_reply_bytes_in_flight=1024 * MIB) as trial:
        with research.Research(trial.address) as ask:
            [dry] = ask(method, research.chunks(prices, total=len(prices), dry_run=True, **options))
        code, seconds = refusal(trial.address, research.SERVICE + method, table(prices, **options), 100)
        yield Figure("answered", code is grpc.StatusCode.OK, least=1)
        yield Figure("after", seconds, "s")
        yield from trial.figures(growth_mb=dry.estimate.peak_bytes / 1e6 + 64)


ESTIMATE = "takes at most the memory that it announces, and 64 MB"


@attack(
    "3.7",
    "a sweep of 5 x 16 prices with 890,000 cells that is admitted",
    ESTIMATE,
    defence="`server/meanrev_server/research/grid_sweep.py`: columns in groups",
    test="tests/server/test_sizes.py::test_memory_stays_below_what_was_said",
    settings="`max_bytes_in_flight` = 4 GiB, `max_reply_bytes_in_flight` = 1 GiB",
)
def admitted_sweep() -> Iterator[Figure]:
    yield from announced("a sweep of 5 x 16 prices, 890,000 cells")


@attack(
    "3.8",
    "a scan of 2,000 columns of 26 prices that is admitted",
    ESTIMATE,
    defence="`server/meanrev_server/research/tasks/scan_pairs.py`",
    test="tests/server/test_sizes.py::test_memory_stays_below_what_was_said",
    settings="`max_bytes_in_flight` = 4 GiB, `max_reply_bytes_in_flight` = 1 GiB",
)
def admitted_scan() -> Iterator[Figure]:
    yield from announced("a scan of 26 x 2,000 prices")


@attack(
    "4.1",
    "two ranges of a million points each, in 40 bytes of options; six at once",
    "INVALID_ARGUMENT; lag < 20 ms",
    defence="`gpu_kernels/threshold_grid`: ranges are counted by arithmetic",
    test="tests/faults/test_metadata.py::test_a_grid_is_sized_before_its_ranges_are_expanded",
)
def ranges() -> Iterator[Figure]:
    data = table(np.full((20, 5), 100.0), entry="1:1000000:1", exit="0:999999:1")[0]
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        began = time.monotonic()
        calls = [
            channel.stream_stream(research.SERVICE + "SweepThresholds")(iter([data]), timeout=60) for _ in "123456"
        ]
        codes = [call.code() for call in calls]
        yield Figure("INVALID_ARGUMENT", sum(c is grpc.StatusCode.INVALID_ARGUMENT for c in codes), least=6)
        yield Figure("all after", 1e3 * (time.monotonic() - began), "ms")
        yield from trial.figures(growth_mb=32, lag_ms=20)


MANY_NAMES = "tests/faults/test_demands.py::test_many_names_and_watchers_leave_the_loop_to_others"


@attack(
    "4.2",
    "PublishPrices of 100,000 names",
    "lag < 20 ms",
    defence="names are checked in a compute thread; `server/meanrev_server/rpc/pace.py`",
    test=MANY_NAMES,
)
def many_names() -> Iterator[Figure]:
    names = [f"name {i}" for i in range(100_000)]
    data = research_pb2.PublishPricesRequest(asset_ids=names, prices=[1.0] * len(names)).SerializeToString()
    with Trial() as trial:
        code, seconds = refusal(trial.address, research.SERVICE + "PublishPrices", [data])
        yield Figure("answered", code is grpc.StatusCode.OK, least=1)
        yield Figure("after", 1e3 * seconds, "ms")
        yield from trial.figures(lag_ms=20)


@attack(
    "4.3",
    "20,000 prices of one asset that 100 callers watch",
    "lag < 20 ms",
    defence="`server/meanrev_server/rpc/pace.py`",
    test=MANY_NAMES,
)
def many_watchers() -> Iterator[Figure]:
    data = research_pb2.PublishPricesRequest(asset_ids=["A"] * 20_000, prices=[1.0] * 20_000).SerializeToString()
    watch = meanrev_pb2.HealthRequest(asset_ids=["A"], update_frequency_ms=1000).SerializeToString()
    with Trial() as trial, grpc.insecure_channel(trial.address) as channel:
        watching = [channel.unary_stream(SERVICE + "PortfolioHealthStream")(watch, timeout=100) for _ in range(100)]
        for stream in watching:
            next(stream)
        code, seconds = refusal(trial.address, research.SERVICE + "PublishPrices", [data])
        yield Figure("answered", code is grpc.StatusCode.OK, least=1)
        yield Figure("after", 1e3 * seconds, "ms")
        yield from trial.figures(lag_ms=20)
        for stream in watching:
            stream.cancel()


@attack(
    "4.4",
    "PutPortfolio of 10,000 holdings, and its GetPortfolio",
    "lag < 20 ms",
    defence="holdings are checked in a compute thread",
    test=MANY_NAMES,
)
def many_holdings() -> Iterator[Figure]:
    holdings = [research_pb2.Holding(asset_id=f"name {i}", quantity=1.0) for i in range(10_000)]
    book = research_pb2.Portfolio(portfolio_id="book", holdings=holdings).SerializeToString()
    wanted = research_pb2.PortfolioRequest(portfolio_id="book").SerializeToString()
    with Trial() as trial:
        asked = (("PutPortfolio", book), ("GetPortfolio", wanted))
        codes = [refusal(trial.address, research.SERVICE + name, [data])[0] for name, data in asked]
        yield Figure("answered", sum(code is grpc.StatusCode.OK for code in codes), least=2)
        yield from trial.figures(lag_ms=20)
