"""Calls with and without a token or a certificate: who is served, who is refused, and who sees what."""

import asyncio
from contextlib import contextmanager

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from meanrev_server.admission import Admission
from meanrev_server.app import App
from meanrev_server.authentication import authentication_of
from meanrev_server.capacity import Capacity
from meanrev_server.config import Settings
from meanrev_server.records import Calls
from meanrev_server.rpc.adapter import Service
from meanrev_server.rpc.overdue import Patience
from meanrev_server.rpc.pushback import Pushback
from meanrev_server.rpc.registry import Route
from meanrev_wire import meanrev_pb2, research_pb2
from tests.certificates import CLIENT, Authority
from tests.server.patience import eventually
from tests.server.serving import SERVICE, serving

ALICE, BOB = "alice-" + "a" * 32, "bob-" + "b" * 32
RESEARCH = "/meanrev.MeanRevResearch/"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
MIB = 1024 * 1024
ARITIES = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    path.write_text(f"alice {ALICE}\nbob {BOB}\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(scope="module")
def address(token_file):
    with serving(token_file=token_file) as address:
        yield address


@pytest.fixture(scope="module")
def channel(address):
    with grpc.insecure_channel(address) as channel:
        yield channel


def bearer(token):
    return None if token is None else (("authorization", f"Bearer {token}"),)


def status(call, data=b"", token=None):
    """Return the code, the text and the trailing metadata of a call of any arity that is refused."""
    with pytest.raises(grpc.RpcError) as refused:
        list(call(data, metadata=bearer(token), timeout=30))
    error = refused.value
    return error.code(), error.details(), dict(error.trailing_metadata())


REFUSED = [(None, "this server needs one bearer token with every call"), ("x" * 40, "is not one of this server's")]


@pytest.mark.parametrize(("token", "said"), REFUSED)
@pytest.mark.parametrize("arity", ARITIES)
@pytest.mark.parametrize("path", [SERVICE + "ComputeLogReturns", RESEARCH + "Sweep", REFLECTION, "/no/such"])
def test_every_arity_and_path_is_refused_alike(channel, arity, path, token, said):
    call = getattr(channel, arity)(path)
    code, text, trailing = status(call, iter([b"x"]) if arity.startswith("stream") else b"x", token)
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert said in text
    assert trailing["meanrev-error"] == "{}"


def test_a_known_token_is_served(channel):
    request = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
    reply = channel.unary_unary(SERVICE + "ComputeLogReturns")(request, metadata=bearer(ALICE), timeout=30)
    assert meanrev_pb2.ReturnsResponse.FromString(reply).n_periods == 1
    stream = channel.stream_stream(SERVICE + "EstimateOUParams")
    prices = [meanrev_pb2.PriceUpdate(asset_id="A", price=price).SerializeToString() for price in (1.0, 2.0, 1.5)]
    assert len(list(stream(iter(prices), metadata=bearer(ALICE), timeout=30))) == 3


def test_an_unknown_method_is_known_to_be_one_with_a_token(channel):
    assert status(channel.unary_unary("/no/such"), token=ALICE)[0] is grpc.StatusCode.UNIMPLEMENTED


def test_probes_need_no_token(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    assert stub.Check(health_pb2.HealthCheckRequest(), timeout=30).status == health_pb2.HealthCheckResponse.SERVING
    watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=30)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
    watch.cancel()


class _Bearing(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Adds a token to every call, as grpcurl does with -H."""

    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(details._replace(metadata=bearer(ALICE)), requests)

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(details._replace(metadata=bearer(ALICE)), request)


def test_reflection_needs_the_token(channel):
    with pytest.raises(grpc.RpcError, match="needs one bearer token"):
        ProtoReflectionDescriptorDatabase(channel).get_services()
    seen = ProtoReflectionDescriptorDatabase(grpc.intercept_channel(channel, _Bearing()))
    assert "meanrev.MeanRevService" in seen.get_services()
    assert "ReturnsRequest" in str(seen.FindFileContainingSymbol("meanrev.MeanRevService"))


async def body(data):
    return data if isinstance(data, bytes) else b"".join([message async for message in data])


@contextmanager
def refusing(token_file, records=None):
    """A server with a route of each arity that notes what reaches it; yields (loop, address, what came)."""
    came, app = [], App(Settings(backend="numpy"))

    async def single(data, call):
        came.append((call.caller.identity, await body(data)))
        return b"done"

    async def several(data, call):
        came.append((call.caller.identity, await body(data)))
        yield b"done"

    routes = {
        f"/s/{arity}": Route(f"/s/{arity}", arity, arity[:6] == "stream", arity[-6:] == "stream", handle)
        for arity, handle in zip(ARITIES, (single, several, single, several), strict=True)
    }
    calls = Calls()
    if records is not None:
        calls.observers.append(records.append)
    asked = authentication_of(Settings(token_file=token_file))
    service = Service(routes, app.call, Admission(Capacity()), Patience(), Pushback(1), calls, asked)
    yield service, came
    app.close()


async def over_a_socket(service, ask):
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 64 * MIB)])
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.max_send_message_length", -1)]) as channel:
            return await ask(channel)
    finally:
        await server.stop(0)


def test_the_four_arities_carry_the_name_and_reach_no_handler_without_one(token_file):
    async def ask(channel):
        codes = []
        for arity in ARITIES:
            for token in (None, "x" * 40, ALICE):
                call = getattr(channel, arity)(f"/s/{arity}")
                streams = arity[:6] == "stream"
                # grpc.aio puts INTERNAL in place of a refusal that comes while it writes: such a stream is empty.
                request = b"x" if not streams else iter([b"x"]) if token == ALICE else None
                answer = call(request, metadata=bearer(token), timeout=30)
                if arity[-6:] == "stream" and token == ALICE:
                    assert [reply async for reply in answer] == [b"done"]
                codes.append((await answer.code()).name)
        return codes

    records = []
    with refusing(token_file, records) as (service, came):
        codes = asyncio.run(over_a_socket(service, ask))
    assert codes == ["UNAUTHENTICATED", "UNAUTHENTICATED", "OK"] * 4
    assert came == [("alice", b"x")] * 4
    assert [(record.code, record.reason) for record in records] == [
        ("UNAUTHENTICATED", "unauthenticated"),
        ("UNAUTHENTICATED", "unauthenticated"),
        ("OK", ""),
    ] * 4
    assert [record.method for record in records[::3]] == list(ARITIES)
    assert [record.caller.identity for record in records] == ["", "", "alice"] * 4
    assert all(record.caller.peer.startswith("ipv4:127.0.0.1:") for record in records)


def test_a_refusal_waits_for_no_message(token_file):
    """The caller has sent its headers alone, and gets its answer nevertheless."""

    async def ask(channel):
        codes = []
        for arity in ("stream_unary", "stream_stream"):
            for path in ARITIES:
                call = getattr(channel, arity)(f"/s/{path}")(timeout=30)  # nothing is written
                codes.append(await call.code())
        return codes

    with refusing(token_file) as (service, came):
        codes = asyncio.run(over_a_socket(service, ask))
    assert codes == [grpc.StatusCode.UNAUTHENTICATED] * 8
    assert came == []


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def secure(address, authority, pair=None):
    own = (pair.key.read_bytes(), pair.cert.read_bytes()) if pair else ()
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.ca.read_bytes(), *own))


def tls(authority, **more):
    pair = authority.sign("server")
    return {"tls_cert": str(pair.cert), "tls_key": str(pair.key), **more}


@contextmanager
def asking_for_certificates(authority, **more):
    with serving(**tls(authority, tls_client_ca=str(authority.ca), **more)) as address:
        yield address


def put(channel, token=None, portfolio="mine"):
    request = research_pb2.Portfolio(portfolio_id=portfolio, holdings=[research_pb2.Holding(asset_id="A", quantity=1)])
    channel.unary_unary(RESEARCH + "PutPortfolio")(request.SerializeToString(), metadata=bearer(token), timeout=30)


def watched(channel, token=None, portfolio="mine"):
    """Return the status of asking for the health of a stored portfolio."""
    request = meanrev_pb2.HealthRequest(portfolio_id=portfolio, update_frequency_ms=100).SerializeToString()
    stream = channel.unary_stream(SERVICE + "PortfolioHealthStream")(request, metadata=bearer(token), timeout=30)
    try:
        next(stream)
    except grpc.RpcError as error:
        return error.code().name
    finally:
        stream.cancel()
    return "OK"


def test_what_one_caller_leaves_another_does_not_find(channel):
    put(channel, ALICE)
    assert watched(channel, ALICE) == "OK"
    assert watched(channel, BOB) == "NOT_FOUND"


def test_a_revoked_token_is_refused_and_a_new_one_served_without_a_restart(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"alice {ALICE}\n")
    path.chmod(0o600)
    request = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
    with serving(token_file=str(path)) as address, grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(SERVICE + "ComputeLogReturns")

        def code(token):
            try:
                call(request, metadata=bearer(token), timeout=30)
            except grpc.RpcError as error:
                return error.code().name
            return "OK"

        assert (code(ALICE), code(BOB)) == ("OK", "UNAUTHENTICATED")
        path.write_text(f"bob {BOB}\n")
        eventually(lambda: code(ALICE) == "UNAUTHENTICATED")
        assert code(BOB) == "OK"


def test_a_certificate_names_its_caller(authority):
    alice = authority.sign("alice", "/CN=alice", CLIENT)
    bob = authority.sign("bob", "/", f"{CLIENT}\nsubjectAltName=URI:spiffe://example.org/bob")
    with asking_for_certificates(authority) as address:
        with secure(address, authority, alice) as channel:
            put(channel)
            assert watched(channel) == "OK"
        with secure(address, authority, bob) as channel:
            assert watched(channel) == "NOT_FOUND"
            put(channel)
            assert watched(channel) == "OK"


def test_a_certificate_without_one_name_is_refused(authority):
    several = authority.sign("several", "/CN=alice", f"{CLIENT}\nsubjectAltName=DNS:a,DNS:b")
    with asking_for_certificates(authority) as address, secure(address, authority, several) as channel:
        for arity in ("unary_unary", "stream_stream"):
            path = "ComputeLogReturns" if arity == "unary_unary" else "EstimateOUParams"
            call = getattr(channel, arity)(SERVICE + path)
            code, text, trailing = status(call, iter([]) if arity == "stream_stream" else b"")
            assert code is grpc.StatusCode.UNAUTHENTICATED
            assert "has 2 alternative names" in text
            assert trailing["meanrev-error"] == "{}"


@pytest.mark.parametrize("kind", ["none", "expired", "of another CA"])
def test_a_client_without_a_good_certificate_does_not_connect(authority, tmp_path, kind):
    pair = {
        "none": lambda: None,
        "expired": lambda: authority.sign("late", "/CN=alice", CLIENT, days=-1),
        "of another CA": lambda: Authority(tmp_path).sign("alice", "/CN=alice", CLIENT),
    }[kind]()
    with asking_for_certificates(authority) as address, secure(address, authority, pair) as channel:
        code, _, trailing = status(channel.unary_unary(SERVICE + "ComputeLogReturns"))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "meanrev-error" not in trailing


def test_with_certificates_and_tokens_both_are_needed_and_the_token_names_the_caller(authority, token_file):
    pair = authority.sign("machine", "/CN=machine", CLIENT)
    with asking_for_certificates(authority, token_file=token_file) as address:
        with secure(address, authority, pair) as channel:
            assert status(channel.unary_unary(RESEARCH + "Info"))[0] is grpc.StatusCode.UNAUTHENTICATED
            put(channel, ALICE)
            assert (watched(channel, ALICE), watched(channel, BOB)) == ("OK", "NOT_FOUND")
        with secure(address, authority) as channel:
            assert status(channel.unary_unary(RESEARCH + "Info"), token=ALICE)[0] is grpc.StatusCode.UNAVAILABLE
