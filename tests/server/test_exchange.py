"""A read of a message that a call no longer waits for goes on to its end, because grpc.aio frees it only then."""

import asyncio

import pytest

from meanrev_server.admission import Admission
from meanrev_server.capacity import Capacity
from meanrev_server.records import CallRecord
from meanrev_server.rpc.exchange import Exchange
from meanrev_server.rpc.overdue import Overdue, Patience, Wait


class Context:
    """A call whose messages come, or fail to, when the test says so."""

    def __init__(self):
        self.message, self.freed = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def read(self):
        try:
            return await self.message
        finally:
            if self.message.done() and not self.message.cancelled():
                self.freed.set()


def exchange(context):
    ticket = Admission(Capacity(9, 1 << 20, 10**9)).admit()
    wait = Wait(ticket, Patience(), sized=True, closes=lambda: True)
    return Exchange(context, CallRecord(), wait, Overdue(4, 1 << 20, 4))


@pytest.mark.parametrize("ends", ["with a message", "with an error"])
async def test_a_read_whose_call_is_cancelled_goes_on_to_its_end(ends):
    reports = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    context = Context()
    reading = asyncio.ensure_future(anext(exchange(context)))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not context.message.cancelled()
    if ends == "with a message":
        context.message.set_result(b"late")
    else:
        context.message.set_exception(RuntimeError("RPC already finished."))
    await asyncio.wait_for(context.freed.wait(), 30)
    await asyncio.sleep(0)
    del context, reading
    assert reports == []
