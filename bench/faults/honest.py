"""An honest caller in a process of its own: short calls, one after the other, and how late its own timer is.

Its timer is the control of the measurement: an event loop without a server, on the same machine at the same time.
Prints JSON once its input ends.
"""

import asyncio
import json
import sys
import time
from collections import Counter

import grpc
import numpy as np

from meanrev_wire import codec, meanrev_pb2

_EVERY_S = 0.02
_PROBE_S = 0.002
_PATIENCE_S = 30
_SERVICE = "/meanrev.MeanRevService/"
_CALLS = (
    ("ComputeLogReturns", codec.encode(meanrev_pb2.ReturnsRequest, prices=np.array([1.0, 2.0]))),
    (
        "OptimalThresholds",
        meanrev_pb2.ThresholdRequest(
            ou_params=meanrev_pb2.OuEstimate(theta=1.0, mu=0.0, sigma=1.0), transaction_cost=0.01
        ).SerializeToString(),
    ),
    (
        "PcaPortfolios",
        codec.encode(meanrev_pb2.PcaRequest, returns_matrix=np.random.default_rng(0).standard_normal((50, 4))),
    ),
)


async def _probe(lags: list[float]) -> None:
    while True:
        began = time.monotonic()
        await asyncio.sleep(_PROBE_S)
        lags[0] = max(lags[0], time.monotonic() - began - _PROBE_S)


async def _ask(address: str, over: asyncio.Event) -> dict[str, object]:
    lags, times, codes = [0.0], [], Counter[str]()
    async with grpc.aio.insecure_channel(address, [("grpc.enable_retries", 0)]) as channel:
        asks = [(channel.unary_unary(_SERVICE + name), data) for name, data in _CALLS]
        for ask, data in asks:
            await ask(data, timeout=_PATIENCE_S)
        print("ready", flush=True)
        probing = asyncio.create_task(_probe(lags))
        while not over.is_set():
            for ask, data in asks:
                began = time.monotonic()
                try:
                    await ask(data, timeout=_PATIENCE_S)
                    codes["OK"] += 1
                except grpc.aio.AioRpcError as error:
                    codes[error.code().name] += 1
                times.append(time.monotonic() - began)
                await asyncio.sleep(_EVERY_S)
        probing.cancel()
    return {
        "answered": codes.pop("OK", 0),
        "failed": dict(codes),
        "median_s": float(np.median(times)),
        "slowest_s": max(times),
        "own_lag_s": lags[0],
    }


async def _main(address: str) -> None:
    over = asyncio.Event()
    asking = asyncio.create_task(_ask(address, over))
    await asyncio.to_thread(sys.stdin.read)
    over.set()
    print(json.dumps(await asking), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
