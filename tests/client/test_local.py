"""What is particular to computing in this process."""

import asyncio
import queue
import threading

import pytest

import meanrev as mr
import meanrev.extensions
from meanrev_local import pump, runner
from meanrev_server.rpc.registry import Route


@pytest.fixture
def client():
    return mr.Client("local")


def test_it_is_found_by_entry_point():
    import meanrev_local

    assert meanrev.extensions.local() is meanrev_local.extension


def test_without_the_extension_the_advice_is_a_sentence(monkeypatch):
    monkeypatch.setattr(meanrev.extensions, "entry_points", lambda **_: ())
    meanrev.extensions.local.cache_clear()
    with pytest.raises(mr.MeanRevError, match=r"not installed; pip install '.\[server\]'"):
        mr.Client("local")
    meanrev.extensions.local.cache_clear()


def test_without_the_servers_packages_the_missing_one_is_named(monkeypatch):
    class Point:
        def load(self):
            raise ModuleNotFoundError("no", name="msgspec")

    monkeypatch.setattr(meanrev.extensions, "entry_points", lambda **_: (Point(),))
    meanrev.extensions.local.cache_clear()
    with pytest.raises(mr.MeanRevError, match="needs the package 'msgspec'"):
        mr.Client("local")
    meanrev.extensions.local.cache_clear()


def test_a_callers_generator_runs_in_the_callers_thread(client):
    threads = set()

    def ticks():
        threads.add(threading.current_thread())
        yield 1.0
        threads.add(threading.current_thread())

    list(client.ou_stream(ticks()))
    assert threads == {threading.current_thread()}


async def test_an_asynchronous_generator_runs_in_the_callers_loop():
    loops = set()

    async def ticks():
        loops.add(asyncio.get_running_loop())
        yield 1.0

    async for _ in mr.AsyncClient("local").ou_stream(ticks()):
        pass
    assert loops == {asyncio.get_running_loop()}


def test_a_long_path_is_read_whole(client, prices):
    found = client.backtest(
        [*prices[:, 0], *prices[:, 1]], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0, path=True
    )
    assert len(found.path.equity) == 800


def test_no_handler_runs_far_ahead_of_its_reader(client, monkeypatch):
    """With room for few replies, a reader that waits holds the handler back."""
    monkeypatch.setattr(pump, "_AHEAD", 4)
    told = []
    real = pump.Pump.__init__

    def counted(self, runner, route, tell):
        real(self, runner, route, lambda event: (told.append(event), tell(event)))

    monkeypatch.setattr(pump.Pump, "__init__", counted)
    bars = {"prices": [1.0] * 50, "update_frequency": 1}
    stream = client.backtest_stream([bars], entry_zscore=1.0, exit_zscore=0.0, cost_per_side=0.0)
    next(stream)
    threading.Event().wait(0.2)
    assert sum(isinstance(event, pump.Reply) for event in told) <= 5
    assert len(list(stream)) == 49


def test_a_stream_that_is_left_ends_its_handler(client):
    stream = client.health({"A": 1.0}, update_frequency_ms=5)
    next(stream)
    stream.close()
    shared = runner.shared()

    async def handlers():
        return [task for task in asyncio.all_tasks() if "Pump.run" in repr(task.get_coro())]

    for _ in range(5000):
        if not shared.submit(handlers()).result():
            break
        threading.Event().wait(0.02)
    assert shared.submit(handlers()).result() == []


def test_a_call_that_is_late_is_deadline_exceeded(client, prices):
    with pytest.raises(mr.DeadlineExceeded):
        client.log_returns(prices, timeout=1e-9)


def test_clients_of_this_process_share_their_marks(client):
    list(client.ou_stream([("SHARED", 3.0)], publish=True))
    assert next(mr.Client("local").health({"SHARED": 2.0})).total_value == 6.0


def test_a_runner_that_is_closed_leaves_no_thread():
    from meanrev_server.config import Settings

    own = runner.Runner(Settings())
    thread = own._thread
    own.close()
    assert not thread.is_alive()
    assert own.loop.is_closed()


@pytest.mark.parametrize("work", ["stream", "unary"])
def test_a_caller_of_a_runner_that_is_closed_meanwhile_does_not_wait_for_ever(work, monkeypatch):
    from meanrev_local.transports import LocalTransport
    from meanrev_server.config import Settings
    from meanrev_wire import meanrev_pb2

    own = runner.Runner(Settings(backend="numpy"))
    closing = threading.Timer(0.2, own.close)
    transport = LocalTransport(lambda: own)
    if work == "stream":
        request = meanrev_pb2.HealthRequest(asset_ids=["A"], update_frequency_ms=60_000).SerializeToString()
        replies = transport.stream("/meanrev.MeanRevService/PortfolioHealthStream", iter([request]), None)
        next(replies)
    else:
        from gpu_kernels.returns import host

        monkeypatch.setattr(host, "compute", lambda *arguments: threading.Event().wait(1))
        monkeypatch.setattr("meanrev_server.handlers.compute_log_returns._BRIEF", 0)
        request = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
        path = "/meanrev.MeanRevService/ComputeLogReturns"
        replies = (transport.unary(path, request, 60.0) for _ in range(1))
    closing.start()
    with pytest.raises(mr.ServerError, match="closed"):
        next(replies)
    closing.join()


def test_a_handler_is_only_a_few_large_replies_ahead_of_its_reader():
    """Answers of hundreds of megabytes would otherwise be held twice."""
    made = []

    async def handle(data, call):
        for number in range(100):
            made.append(number)
            yield bytes(1024 * 1024)

    async def turns():
        for _ in range(1000):
            await asyncio.sleep(0)

    route = Route("/a", "A", client_streaming=False, server_streaming=True, handle=handle)
    events = queue.SimpleQueue()
    driven = pump.Pump(runner.shared(), route, events.put)
    running = runner.shared().submit(driven.run())
    assert isinstance(events.get(timeout=30), pump.Wanted)
    driven.give(b"")
    first = events.get(timeout=30)
    runner.shared().submit(turns()).result(30)
    assert len(made) <= 17
    replies, event = 0, first
    while isinstance(event, pump.Reply):
        replies += 1
        driven.read(event.data)
        event = events.get(timeout=30)
    assert (replies, event) == (100, pump.Ended(None))
    running.result(30)
