"""The server as its surroundings see it: health, reflection, an application's own loop, and a graceful stop."""

import asyncio
import socket
import threading
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from meanrev_server.app import App, run_grpc_server
from meanrev_server.config import ConfigError, Settings
from meanrev_server.rpc.guard import guarded
from meanrev_server.rpc.registry import Route
from meanrev_wire import meanrev_pb2
from tests.server.serving import SERVICE, Caller, serving


def test_health_knows_the_whole_and_the_service(call):
    stub = health_pb2_grpc.HealthStub(call.channel)
    for name in ("", "meanrev.MeanRevService"):
        assert stub.Check(health_pb2.HealthCheckRequest(service=name)).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as unknown:
        stub.Check(health_pb2.HealthCheckRequest(service="other"))
    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


def test_reflection_shows_the_service(call):
    stub = reflection_pb2_grpc.ServerReflectionStub(call.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    [answer] = stub.ServerReflectionInfo(iter([request]))
    names = {service.name for service in answer.list_services_response.service}
    assert "meanrev.MeanRevService" in names


def test_a_unix_socket_serves_its_owner(tmp_path):
    async def ask():
        app = App(Settings(listen=f"unix:{tmp_path}/meanrev.sock"))
        address = await app.start()
        assert (tmp_path / "meanrev.sock").stat().st_mode & 0o777 == 0o600
        async with grpc.aio.insecure_channel(address) as channel:
            ask = channel.unary_unary(SERVICE + "ComputeLogReturns")
            data = await ask(meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString())
        await app.stop(0)
        return meanrev_pb2.ReturnsResponse.FromString(data)

    assert asyncio.run(ask()).n_periods == 1


async def test_a_unix_socket_is_not_taken_from_who_listens_on_it(tmp_path):
    listen = f"unix:{tmp_path}/meanrev.sock"
    first, second = App(Settings(listen=listen)), App(Settings(listen=listen))
    await first.start()
    with pytest.raises(ConfigError, match="a server answers there already"):
        await second.start()
    await second.stop(0)
    await first.stop(0)


async def test_a_unix_socket_that_a_dead_server_left_is_used_again(tmp_path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"{tmp_path}/meanrev.sock")
        dead.listen()
    app = App(Settings(listen=f"unix:{tmp_path}/meanrev.sock"))
    assert await app.start() == f"unix:{tmp_path}/meanrev.sock"
    await app.stop(0)


async def test_it_runs_inside_an_applications_own_loop():
    port = free_port()
    serving = asyncio.create_task(run_grpc_server(port=port))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask = channel.unary_unary(SERVICE + "ComputeLogReturns")
        data = await ask(meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString(), wait_for_ready=True)
        assert meanrev_pb2.ReturnsResponse.FromString(data).n_periods == 1
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_an_address_that_others_reach_needs_insecure():
    with pytest.raises(ConfigError, match="--insecure"):
        await run_grpc_server(host="0.0.0.0", port=0)


def test_an_address_in_use_is_said_to_be(address):
    async def start():
        app = App(Settings(listen=address))
        try:
            await app.start()
        finally:
            app.close()

    with pytest.raises(ConfigError, match=r"cannot listen on .* in use"):
        asyncio.run(start())


def test_a_stop_answers_the_calls_in_flight(monkeypatch):
    """A call that has begun when the stop begins gets its answer; one that comes later does not."""
    from gpu_kernels.returns import host

    entered, compute = threading.Event(), host.compute

    def slowly(*args):
        entered.set()
        time.sleep(0.3)
        return compute(*args)

    answers = []
    with serving() as address:
        monkeypatch.setattr(host, "compute", slowly)
        call = Caller(address)
        asking = threading.Thread(target=lambda: answers.append(call("ComputeLogReturns", prices=[1.0, 2.0])))
        asking.start()
        entered.wait(60)
    asking.join()
    call.channel.close()
    assert answers[0].n_periods == 1


def test_a_stop_ends_streams_that_have_no_end_of_their_own():
    with serving() as address:
        caller = Caller(address)
        stream = caller.start("PortfolioHealthStream", [meanrev_pb2.HealthRequest(asset_ids=["A"])])
        next(stream)
        began = threading.Event()
        ended = []

        def drain():
            began.set()
            try:
                list(stream)
            except grpc.RpcError as error:
                ended.append(error.code())

        draining = threading.Thread(target=drain)
        draining.start()
        began.wait(60)
    draining.join(20)
    caller.channel.close()
    assert ended == [grpc.StatusCode.UNAVAILABLE]


def test_the_routes_work_without_a_socket():
    app = App(Settings())
    route = app.routes[SERVICE + "ComputeLogReturns"]
    data = asyncio.run(route.handle(meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString(), app.call))
    app.close()
    assert meanrev_pb2.ReturnsResponse.FromString(data).n_periods == 1


async def test_a_stream_that_is_left_ends_its_handler_at_once():
    ended = []

    async def handle(data, call):
        try:
            yield b"1"
            yield b"2"
        finally:
            ended.append(data)

    route = guarded(Route("/p.S/M", "M", client_streaming=False, server_streaming=True, handle=handle))
    replies = route.handle(b"request", None)
    assert await anext(replies) == b"1"
    await replies.aclose()
    assert ended == [b"request"]


def test_a_message_above_the_limit_is_refused_and_the_next_one_answered():
    with serving(max_message_bytes=4096) as address, Caller(address) as call:
        with pytest.raises(grpc.RpcError) as refused:
            call("ComputeLogReturns", prices=[1.0] * 1000)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert call("ComputeLogReturns", prices=[1.0] * 10).n_periods == 9
