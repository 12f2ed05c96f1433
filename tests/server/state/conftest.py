import pytest

from meanrev_server.admission import Ticket
from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_server.research import job_run
from meanrev_wire import research_pb2 as wire
from tests.server.research import METHODS, NAMES, PRICES, SERVICE, chunks


class Server:
    """An App that does not listen; its handlers are called directly. A caller's identity goes with each call."""

    def __init__(self, folder="", **settings):
        self.app = App(Settings(backend="numpy", state_dir=str(folder), **settings))
        self.call = self.app.call

    async def __aenter__(self):
        await self.call.state.open("numpy")
        job_run.resume(self.call, lambda _: Ticket())
        return self

    async def __aexit__(self, *exc):
        self.call.stopping.set()
        for work in tuple(self.call.background):
            work.cancel()
        await self.call.state.close()
        self.app.close()

    async def ask(self, name, request, identity=""):
        """Call a method; returns its reply, or the list of its replies."""
        from dataclasses import replace

        from meanrev_server.records import Caller, CallRecord

        method, handle = METHODS[name], self.app.routes[SERVICE + name].handle
        reply = getattr(wire, method.output_type.name)
        call = replace(self.call, record=CallRecord(caller=Caller(identity)), ticket=Ticket())
        data = serialised(request) if method.client_streaming else request.SerializeToString()
        if method.server_streaming:
            return [reply.FromString(each) async for each in handle(data, call)]
        return reply.FromString(await handle(data, call))

    async def submit(self, method="FitOu", identity="", prices=PRICES, **options):
        request = chunks(prices, 100, columns=NAMES, total=len(prices), method=method, **options)
        return await self.ask("SubmitJob", request, identity)

    async def watch(self, job_id, identity=""):
        return (await self.ask("WatchJob", wire.JobRequest(job_id=job_id), identity))[-1]

    async def fetch(self, job_id, identity=""):
        parts = await self.ask("FetchResult", wire.JobRequest(job_id=job_id), identity)
        return b"".join(part.data for part in parts)

    async def result(self, job_id, identity=""):
        state = await self.watch(job_id, identity)
        assert state.status == "done", state.error
        return await self.fetch(job_id, identity)


async def serialised(messages):
    for message in messages:
        yield message.SerializeToString()


@pytest.fixture
def server():
    """The class of servers."""
    return Server
