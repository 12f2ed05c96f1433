"""The server keeps a record of every call, however it ends."""

import asyncio
import time

import grpc
import pytest

from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_wire import meanrev_pb2

_LOG_RETURNS = "/meanrev.MeanRevService/ComputeLogReturns"
_HEALTH = "/meanrev.MeanRevService/PortfolioHealthStream"


def _recorded(calls):
    """Return the records of the calls that a function makes on a channel."""
    records = []

    async def run():
        app = App(Settings(listen="127.0.0.1:0", backend="numpy"))
        app.calls.observers.append(records.append)
        try:
            async with grpc.aio.insecure_channel(await app.start()) as channel:
                await calls(channel)
                for _ in range(600):  # half a minute, for a busy machine
                    if records:
                        break
                    await asyncio.sleep(0.05)
        finally:
            await app.stop(1)

    asyncio.run(run())
    return records


def test_an_answered_call_is_recorded_with_its_sizes():
    request = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0, 4.0]).SerializeToString()
    sent = []

    async def calls(channel):
        sent.append(await channel.unary_unary(_LOG_RETURNS)(request))

    (record,) = _recorded(calls)
    assert (record.method, record.code) == ("ComputeLogReturns", "OK")
    assert (record.received_bytes, record.sent_bytes) == (len(request), len(sent[0]))
    assert record.caller.peer.startswith("ipv4:127.0.0.1:")
    assert 0 < record.elapsed_s <= time.monotonic() - record.began


def test_a_refused_call_is_recorded_with_its_code():
    async def calls(channel):
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(_LOG_RETURNS)(b"\xff\xff")

    assert [record.code for record in _recorded(calls)] == ["INVALID_ARGUMENT"]


def test_a_call_whose_caller_leaves_is_recorded_as_cancelled():
    request = meanrev_pb2.HealthRequest(asset_ids=["A"], update_frequency_ms=10).SerializeToString()

    async def calls(channel):
        stream = channel.unary_stream(_HEALTH)(request)
        await stream.read()
        stream.cancel()

    (record,) = _recorded(calls)
    assert record.code == "CANCELLED"
    assert record.sent_bytes > 0
