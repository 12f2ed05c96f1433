"""Every method announces what it takes: at least the memory that is measured, and not many times as much.

Whatever it computes waits in the name of its caller.
"""

import asyncio
import json
import tracemalloc
from contextlib import aclosing
from dataclasses import replace

import numpy as np
import pytest

from meanrev_server.admission import SMALL_BYTES, SMALL_PEAK_BYTES, Ticket
from meanrev_server.app import App
from meanrev_server.batcher import Batcher
from meanrev_server.config import Settings
from meanrev_server.records import Caller, CallRecord
from meanrev_wire import codec, research_pb2
from meanrev_wire import meanrev_pb2 as wire
from meanrev_wire.matrix_ids import matrix_id
from tests.server.research import chunks

TIMES_THE_MEASURED = 12
"""A method may announce so many times what it takes: its formula covers options that take more."""

LEAST_BYTES = 4 * SMALL_PEAK_BYTES
"""Bytes below which the factor does not matter; a scan announces the memory of a whole group of pairs."""

PROCESS = wire.OuEstimate(theta=2.0, mu=100.0, sigma=3.0)
RNG = np.random.default_rng(7)


def walk(*shape):
    return 100 * np.exp(np.cumsum(RNG.normal(0, 0.01, shape), axis=0))


def returns(*shape):
    return RNG.normal(0, 0.01, shape)


def names(n):
    return [f"asset {i}" for i in range(n)]


def book(n):
    return research_pb2.Portfolio(
        portfolio_id="book", holdings=[research_pb2.Holding(asset_id=name, quantity=1.0) for name in names(n)]
    )


def block(message, **fields):
    return lambda n: [codec.encode(message, **{name: value(n) for name, value in fields.items()})]


def matrix(n_columns, **options):
    return lambda n: [one.SerializeToString() for one in chunks(walk(n, n_columns), total=n, **options)]


def metadata(**options):
    return lambda _: json.dumps(options)


def of_size(n):
    """Return the matrix that is kept, with timestamps."""
    return 100 + np.cumsum(np.sin(np.arange(20 * n)).reshape(n, 20), axis=0)


def id_of(n):
    return matrix_id(of_size(n), list(map(str, range(20))), np.arange(n))


def kept(columns=(), **options):
    """Name the matrix that case() keeps, or some columns of it."""
    chunk = {"columns": list(map(str, columns)), "metadata": json.dumps(options)}
    return lambda n: [research_pb2.MatrixChunk(matrix_id=id_of(n), **chunk).SerializeToString()]


def further(n):
    first, *rest = chunks(of_size(n), stamps=range(n, 2 * n), total=n)
    first.matrix_id = id_of(n)
    return [each.SerializeToString() for each in (first, *rest)]


JOB = block(research_pb2.JobRequest, job_id=lambda _: "0" * 64)
CASES = {
    "EstimateOUParams": (block(wire.PriceUpdate, asset_id=lambda _: "A", prices=walk), (5, 300_000)),
    "OptimalThresholds": (
        block(wire.ThresholdRequest, ou_params=lambda _: PROCESS, transaction_cost=lambda _: 0.1),
        (1,),
    ),
    "BacktestWithCosts": (
        block(wire.BacktestInput, prices=walk, entry_zscore=lambda _: 1.5, update_frequency=lambda n: n),
        (5, 5_000),
    ),
    "ComputeLogReturns": (block(wire.ReturnsRequest, prices=walk), (5, 500_000)),
    "PcaPortfolios": (block(wire.PcaRequest, returns_matrix=lambda n: returns(2 * n, n)), (5, 200)),
    "CaraOptimalWeights": (block(wire.OptimizationInput, returns=lambda n: returns(2 * n, n)), (5, 200)),
    "SharpeOptimalWeights": (block(wire.OptimizationInput, returns=lambda n: returns(2 * n, n)), (5, 200)),
    "MultiperiodOptimize": (
        block(
            wire.MultiperiodRequest,
            n_periods=lambda _: 20,
            expected_returns=lambda n: np.full(n, 1e-3),
            covariance=lambda n: np.eye(n) * 1e-4,
            gamma=lambda _: 1.0,
            metadata=metadata(cost_model="proportional"),
        ),
        (3, 40),
    ),
    "PortfolioStats": (block(wire.PortfolioStatsRequest, returns=lambda n: returns(n, 20)), (50, 20_000)),
    "GenerateSignals": (
        block(wire.SignalRequest, price_history=lambda n: {"prices": 100 + np.sin(np.arange(n)) + returns(n)}),
        (50, 300_000),
    ),
    "PortfolioHealthStream": (block(wire.HealthRequest, asset_ids=names), (5, 4_000)),
    "FitOu": (matrix(20), (50, 10_000)),
    "FitOu, with tests": (matrix(20, tests=["adf", "pp", "kpss", "dfgls", "hurst"]), (50, 10_000)),
    "SweepThresholds": (matrix(4, entry=[1.0, 1.5, 2.0], lookback=[20]), (100, 200)),
    "ScanPairs": (matrix(4, lookback=10), (200, 1_000)),
    "Backtest": (matrix(5, entry=1.5, exit=0.3, lookback=10), (100, 3_000)),
    "ReturnStats": (matrix(20), (50, 20_000)),
    "RunTests": (matrix(20), (50, 10_000)),
    "RealityCheck": (matrix(20, resamples=99), (50, 10_000)),
    "TradeResiduals": (matrix(20, factors=[5], entry=[1.0, 1.5, 2.0]), (300, 1_500)),
    "FitResiduals": (matrix(20, factors=5, days=[260, 270]), (300, 1_500)),
    "FitPair": (block(research_pb2.FitPairRequest, prices=lambda n: walk(n, 2)), (50, 50_000)),
    "FitJohansen": (block(research_pb2.FitJohansenRequest, prices=lambda n: walk(n, 3)), (50, 50_000)),
    "PublishPrices": (block(research_pb2.PublishPricesRequest, asset_ids=names, prices=np.ones), (5, 6_000)),
    "PutPortfolio": (lambda n: [book(n).SerializeToString()], (5, 5_000)),
    "GetPortfolio": (block(research_pb2.PortfolioRequest, portfolio_id=lambda _: "book"), (5_000,)),
    "SubmitJob": (matrix(20, method="FitOu"), (50, 20_000)),
    "FitOu, of a kept matrix": (kept(), (50, 10_000)),
    "ScanPairs, of a kept matrix": (kept(columns=[3, 1, 0, 2], lookback=10), (200, 1_000)),
    "PutMatrix": (matrix(20), (50, 20_000)),
    "AppendRows": (further, (50, 20_000)),
    "ListMatrices": (block(research_pb2.ListMatricesRequest), (1,)),
    "ListMatrices, one": (
        lambda n: [research_pb2.ListMatricesRequest(matrix_id=id_of(n)).SerializeToString()],
        (50, 20_000),
    ),
    "DropMatrix": (lambda n: [research_pb2.MatrixRequest(matrix_id=id_of(n)).SerializeToString()], (50,)),
    "ListJobs": (block(research_pb2.ListJobsRequest), (1,)),
    "WatchJob": (JOB, (1,)),
    "FetchResult": (JOB, (1,)),
    "CancelJob": (JOB, (1,)),
    "Info": (block(research_pb2.InfoRequest), (1,)),
}


class Recording(Ticket):
    """Keeps what was announced."""

    def __init__(self):
        super().__init__()
        self.announced = []

    def announce(self, demand):
        self.announced.append(demand)
        super().announce(demand)


@pytest.fixture(scope="module")
def app():
    return App(Settings(backend="numpy"))


@pytest.fixture
def askers(monkeypatch):
    """The identities whose computations wait for a thread meanwhile."""
    found, add = set(), Batcher.add

    def adding(self, computation, now):
        found.add(computation.identity)
        add(self, computation, now)

    monkeypatch.setattr(Batcher, "add", adding)
    return found


ROUTES = {route.method: route for route in App(Settings(backend="numpy")).routes.values()}


def of_alice(call, **others):
    return replace(call, record=CallRecord(caller=Caller(identity="alice")), **others)


async def answered(app, method, messages):
    """Call a method in this process; returns what it announced, and the bytes of its replies."""
    ticket, route = Recording(), ROUTES[method]
    call = of_alice(app.call, ticket=ticket)

    async def streamed():
        for data in messages:
            yield data

    handling = app.routes[route.path].handle(streamed() if route.client_streaming else messages[0], call)
    if not route.server_streaming:
        replies = [await handling]
    else:
        async with aclosing(handling) as found:
            replies = [await anext(found)] if method in ENDLESS else [reply async for reply in found]
    while call.background:
        await asyncio.gather(*call.background)
    return ticket.announced, [len(reply) for reply in replies]


def method_of(name):
    """Return the method of a case; what stands behind a comma says how its requests differ."""
    return name.partition(",")[0]


ENDLESS = {"PortfolioHealthStream", "WatchJob"}
NEEDS_A_JOB = {"WatchJob", "FetchResult", "CancelJob"}
NEEDS_A_MATRIX = {name for name in CASES if "kept matrix" in name} | {"AppendRows", "ListMatrices, one", "DropMatrix"}


async def case(app, name, size):
    make, _ = CASES[name]
    method, messages = method_of(name), make(size)
    if method in NEEDS_A_JOB:
        job = research_pb2.Job.FromString(
            await app.routes[ROUTES["SubmitJob"].path].handle(_each(CASES["SubmitJob"][0](50)), of_alice(app.call))
        )
        await asyncio.gather(*app.call.background)
        messages = [research_pb2.JobRequest(job_id=job.job_id).SerializeToString()]
    if method == "GetPortfolio":
        await answered(app, "PutPortfolio", [book(size).SerializeToString()])
    if name in NEEDS_A_MATRIX:
        put = [one.SerializeToString() for one in chunks(of_size(size), stamps=range(size), total=size)]
        await answered(app, "PutMatrix", put)
    await answered(app, method, messages)  # modules are imported and tables made
    if method in {"PutMatrix", "AppendRows", "DropMatrix"}:
        await forgotten(app)
        if name in NEEDS_A_MATRIX:
            await answered(app, "PutMatrix", put)
    tracemalloc.start()
    try:
        announced, replies = await answered(app, method, messages)
        return announced, replies, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def forgotten(app):
    """Drop what is kept, so that it is kept anew."""
    matrices = app.call.state.matrices.matrices
    for found in matrices.listed("alice", 100):
        matrices.forget(found)


async def _each(messages):
    for data in messages:
        yield data


def test_every_method_is_tried():
    assert set(map(method_of, CASES)) == set(ROUTES)


@pytest.mark.parametrize(("name", "size"), [(name, size) for name in CASES for size in CASES[name][1]])
def test_what_is_announced_covers_what_is_taken(app, askers, name, size):
    announced, replies, taken = asyncio.run(case(app, name, size))
    assert announced, f"{name} announces nothing"
    assert max(demand.work for demand in announced) > 0
    peak = max(demand.peak_bytes for demand in announced)
    assert taken <= max(peak, SMALL_PEAK_BYTES)
    assert peak <= TIMES_THE_MEASURED * max(taken, LEAST_BYTES)
    expected = max(demand.reply_bytes for demand in announced)
    assert ROUTES[method_of(name)].chunked or max(replies) <= max(expected, SMALL_BYTES)
    assert askers <= {"alice"}, "computations of nobody take one turn together, so callers would wait for each other's"
