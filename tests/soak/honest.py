"""Honest clients: each asks its questions again and again, counts its calls, and knows the answers."""

import asyncio
import json
import time
from collections import Counter

import grpc
import numpy as np

from meanrev_wire import codec
from meanrev_wire import meanrev_pb2 as wire
from meanrev_wire import research_pb2 as research
from tests.server.research import chunks, universe

__all__ = ["CLIENTS", "METHODS", "Counted"]

_SERVICE, _RESEARCH = "/meanrev.MeanRevService/", "/meanrev.MeanRevResearch/"
_OF_RESEARCH = {method.name for method in research.DESCRIPTOR.services_by_name["MeanRevResearch"].methods}
_PATIENCE_S = 120
_PRICES = universe(5, 400, seed=3)
_RETURNS = np.diff(_PRICES, axis=0)
_JOBS = 40


class Counted:
    """Makes calls, and keeps what became of them.

    Attributes:
        calls: Calls by (method, code) as the client sees them.
        refused: Refusals with a time after which to come again, which any client has to expect, by method.
        wrong: What went wrong, in words.
        took: Seconds of each unary call that was answered.
    """

    def __init__(self, address, token):
        self._channel = grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self._metadata = [("authorization", f"Bearer {token}")]
        self._first = {}
        self.calls, self.refused, self.wrong, self.took = Counter(), Counter(), [], []

    async def close(self):
        """Close its connection."""
        await self._channel.close()

    async def ask(self, method, *messages, known="", takes=None):
        """Make a call.

        Args:
            method: Name of the method.
            messages: The requests, as messages or bytes.
            known: Name of the question where its answer is the same each time; it is compared with the first.
            takes: Replies after which the client leaves.

        Returns:
            The replies as bytes; none where the call was refused.
        """
        path = (_RESEARCH if method in _OF_RESEARCH else _SERVICE) + method
        began, replies = time.perf_counter(), []
        call = self._channel.stream_stream(path)(timeout=_PATIENCE_S, metadata=self._metadata)
        code = grpc.StatusCode.OK
        try:
            for message in messages:
                await call.write(message if isinstance(message, bytes) else message.SerializeToString())
            await call.done_writing()
            while takes is None or len(replies) < takes:
                if (reply := await call.read()) is grpc.aio.EOF:
                    break
                replies.append(reply)
            else:
                call.cancel()
                code = grpc.StatusCode.CANCELLED
            if takes is None:
                code = await call.code()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            code = await call.code()
        self.calls[method, code.name] += 1
        if code is grpc.StatusCode.OK and takes is None:
            self.took.append(time.perf_counter() - began)
        elif code is not grpc.StatusCode.CANCELLED or takes is None:
            await self._failed(method, call, code)
            return []
        if known and self._first.setdefault(known, replies) != replies:
            self.wrong.append(f"{method} answers {known!r} differently than the first time")
        return replies

    async def _failed(self, method, call, code):
        pushback = [value for key, value in await call.trailing_metadata() or () if key == "grpc-retry-pushback-ms"]
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and pushback and int(pushback[0]) > 0:
            self.refused[method] += 1
            await asyncio.sleep(int(pushback[0]) / 1e3)
        else:
            self.wrong.append(f"{method}: {code.name} {await call.details()}")


async def unary(client, number):
    """Ask small questions."""
    length = 50 + number % 50
    await client.ask("ComputeLogReturns", wire.ReturnsRequest(prices=_PRICES[:length, 0]), known=f"returns {length}")
    process = wire.OuEstimate(theta=0.1, mu=100.0, sigma=1.0 + number % 7)
    request = wire.ThresholdRequest(ou_params=process, transaction_cost=0.1)
    await client.ask("OptimalThresholds", request, known=f"thresholds {number % 7}")
    await client.ask("PortfolioStats", codec.encode(wire.PortfolioStatsRequest, returns=_RETURNS), known="statistics")


async def streams(client, number):
    """Stream prices, a block at a time."""
    column = _PRICES[:, number % 5]
    bars = [wire.BacktestInput(prices=column[start : start + 100], entry_zscore=1.0) for start in range(0, 400, 100)]
    await client.ask("BacktestWithCosts", *bars, known=f"bars {number % 5}")
    prices = [wire.PriceUpdate(asset_id="A", prices=column[start : start + 50]) for start in range(0, 400, 50)]
    await client.ask("EstimateOUParams", *prices, known=f"fits {number % 5}")
    await client.ask(
        "SweepThresholds", *chunks(_PRICES, 200, entry=[0.5, 1.0], exit=[0.0], lookback=[10 + number % 9]), known=""
    )


async def jobs(client, number):
    """Submit a job, watch it to its end, and fetch its result; after a number of others it is a known one."""
    options = {"method": "FitOu", "adf_lags": number % _JOBS}
    if replies := await client.ask("SubmitJob", *chunks(_PRICES, **options)):
        job_id = research.Job.FromString(replies[0]).job_id
        states = await client.ask("WatchJob", research.JobRequest(job_id=job_id))
        if not states or research.Job.FromString(states[-1]).status != "done":
            client.wrong.append(f"a job ended as {states[-1:]}")
        await client.ask("FetchResult", research.JobRequest(job_id=job_id), known=f"job {number % _JOBS}")
        await client.ask("ListJobs", research.ListJobsRequest(limit=10))


async def marks(client, number):
    """Publish prices, and watch a portfolio that they value."""
    request = research.PublishPricesRequest(asset_ids=["KO", "PEP"], prices=[60.0 + number % 9, 170.0])
    await client.ask("PublishPrices", request, known="published")
    metadata = json.dumps({"holdings": {"KO": 10.0, "PEP": -2.0}})
    watched = wire.HealthRequest(portfolio_id="inline", update_frequency_ms=100, metadata=metadata)
    await client.ask("PortfolioHealthStream", watched, takes=2)


async def portfolios(client, number):
    """Store portfolios, and get them back."""
    name, held = f"P{number % 20}", [research.Holding(asset_id="KO", quantity=1.0 + number % 3)]
    await client.ask("PutPortfolio", research.Portfolio(portfolio_id=name, holdings=held, cash=5.0))
    found = await client.ask("GetPortfolio", research.PortfolioRequest(portfolio_id=name))
    if found and list(research.Portfolio.FromString(found[0]).holdings) != held:
        client.wrong.append(f"{name} came back with other holdings")


CLIENTS = (unary, unary, streams, jobs, marks, portfolios)

METHODS = frozenset(
    {
        *("ComputeLogReturns", "OptimalThresholds", "PortfolioStats", "BacktestWithCosts", "EstimateOUParams"),
        *("SweepThresholds", "SubmitJob", "WatchJob", "FetchResult", "ListJobs", "PublishPrices"),
        *("PortfolioHealthStream", "PutPortfolio", "GetPortfolio"),
    }
)
"""What they call; nobody else does, so that their counts are the server's."""
