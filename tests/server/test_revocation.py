"""Certificates of clients that are refused although the CA has signed them."""

import logging
import threading

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from meanrev_server.authentication import Authentication, authentication_of
from meanrev_server.config import ConfigError, Settings, load
from meanrev_server.errors import Unauthenticated
from meanrev_server.records import ClientCertificate
from meanrev_server.revocation import revoked_of
from meanrev_wire import meanrev_pb2
from tests.certificates import CLIENT, Authority, fingerprint
from tests.server.serving import SERVICE, serving

RESEARCH = "/meanrev.MeanRevResearch/"
DIGEST = "ab" * 32
COLONS = ":".join(["AB"] * 32)
ARITIES = {
    "unary_unary": SERVICE + "ComputeLogReturns",
    "unary_stream": SERVICE + "PortfolioHealthStream",
    "stream_unary": RESEARCH + "SubmitJob",
    "stream_stream": SERVICE + "EstimateOUParams",
}


@pytest.fixture
def revoked(tmp_path):
    """Writes a file of revoked certificates, and returns what a server reads of it."""

    def write(text):
        path = tmp_path / "revoked"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return revoked_of(Settings(revoked_file=str(path)))

    return write


def certificate(*names, fingerprint="cd" * 32):
    return ClientCertificate(frozenset(names), bytes.fromhex(fingerprint))


def test_a_line_is_a_name_or_a_fingerprint(revoked):
    text = f"# lost\n\nname:alice\r\n name: our client 2 \nsha256:{COLONS}\nname:spiffe://example.org/bob\n"
    found = revoked(text).value
    assert found.names == {"alice", "our client 2", "spiffe://example.org/bob"}
    assert found.fingerprints == {bytes.fromhex(DIGEST)}
    assert revoked(f"\ufeffsha256:{DIGEST}").value == revoked(f"sha256:{COLONS}").value


def test_a_certificate_is_revoked_by_any_of_its_names_or_by_its_fingerprint(revoked):
    found = revoked(f"name:alice\nsha256:{DIGEST}\n").value
    assert found.has(certificate("alice"))
    assert found.has(certificate("host.example.org", "alice"))
    assert found.has(certificate("bob", fingerprint=DIGEST))
    assert not found.has(certificate("bob", "Alice"))
    assert not revoked("# nobody yet\n").value.has(certificate("alice"))


@pytest.mark.parametrize(
    "line", ["alice", "name:", f"sha256:{DIGEST[:-2]}", f"sha1:{DIGEST[:40]}", DIGEST, COLONS, f"sha256:{DIGEST} lost"]
)
def test_a_line_that_would_revoke_nothing_is_refused(revoked, line):
    with pytest.raises(ConfigError) as refused:
        revoked(f"name:bob\n{line}\n")
    said = str(refused.value)
    assert "revoked_file = " in said
    assert "line 2 must be name:NAME, or sha256: and the 64 hexadecimal digits" in said
    assert repr(line) in said


def test_a_file_of_something_else_is_refused(revoked, tmp_path):
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        revoked(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        revoked_of(Settings(revoked_file=str(tmp_path / "nowhere")))


def test_it_needs_certificates_of_clients():
    with pytest.raises(ConfigError, match=r"revoked_file = 'revoked' needs tls_client_ca .* which is not set"):
        load(None, {}, {"revoked_file": "revoked"})


def test_without_the_file_no_certificate_is_looked_at():
    assert revoked_of(Settings()) is None
    assert Authentication(certificates=True).unrevoked({"x509_pem_cert": [b"nonsense"]}) is None
    assert not Authentication(certificates=True).is_revoked(certificate("alice"))


def test_a_broken_change_keeps_what_was_revoked_and_is_logged(revoked, tmp_path, caplog):
    found = revoked("name:alice")
    (tmp_path / "revoked").write_text("alice")
    assert [found.refresh() for _ in range(3)] == [False, False, False]
    assert found.value.names == {"alice"}
    assert not found.usable
    assert [(record.message, record.files) for record in caplog.records] == [
        ("changed files are not used", "revoked certificates")
    ]
    caplog.set_level(logging.INFO)
    (tmp_path / "revoked").write_text("name:bob")
    assert [found.refresh() for _ in range(3)] == [False, True, False]
    assert (found.value.names, found.usable) == ({"bob"}, True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def clients(authority):
    """Certificates of clients, by their names."""
    return {
        "alice": authority.sign("alice", "/CN=alice", CLIENT),
        "bob": authority.sign("bob", "/CN=bob", CLIENT),
        "carol": authority.sign("carol", "/CN=carol", f"{CLIENT}\nsubjectAltName=DNS:laptop.example.org"),
    }


@pytest.fixture(scope="module")
def served(authority, clients, tmp_path_factory):
    """The settings of a server that has revoked bob's certificate and all with the name of carol's."""
    path = tmp_path_factory.mktemp("revoked") / "revoked"
    path.write_text(f"sha256:{fingerprint(clients['bob'])}\nname:laptop.example.org\n")
    pair = authority.sign("server")
    return {
        "tls_cert": str(pair.cert),
        "tls_key": str(pair.key),
        "tls_client_ca": str(authority.ca),
        "revoked_file": str(path),
    }


@pytest.fixture(scope="module")
def address(served):
    with serving(**served) as address:
        yield address


@pytest.fixture
def connect(address, authority, clients):
    """Opens a channel with a client's certificate."""
    channels = []

    def channel(name):
        pair = clients[name]
        own = (pair.key.read_bytes(), pair.cert.read_bytes())
        channels.append(grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.ca.read_bytes(), *own)))
        return channels[-1]

    yield channel
    for each in channels:
        each.close()


def silence(until):
    """Send nothing, and do not end either."""
    until.wait()
    yield from ()


def refusal(channel, arity, path):
    """Return the code, the text and the trailing metadata of a call that is refused before it has sent anything."""
    call, answered = getattr(channel, arity)(path), threading.Event()
    requests = silence(answered)
    with pytest.raises(grpc.RpcError) as refused:
        list(call(requests, timeout=30))
    answered.set()
    error = refused.value
    return error.code(), error.details(), dict(error.trailing_metadata())


@pytest.mark.parametrize("name", ["bob", "carol"])
@pytest.mark.parametrize("arity", ARITIES)
def test_a_revoked_certificate_is_refused_by_every_arity_before_a_message_came(connect, arity, name):
    channel = connect(name)
    sends = "stream" + arity[arity.index("_") :]  # on the wire, a stream that sends nothing yet suits every method
    code, text, trailing = refusal(channel, sends, ARITIES[arity])
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "the client's certificate is revoked" in text
    assert trailing["meanrev-error"] == "{}"


def test_reflection_is_refused_and_health_answered(connect):
    channel = connect("bob")
    with pytest.raises(grpc.RpcError, match="the client's certificate is revoked"):
        ProtoReflectionDescriptorDatabase(channel).get_services()
    asked = health_pb2.HealthCheckRequest()
    assert health_pb2_grpc.HealthStub(channel).Check(asked, timeout=30).status == health_pb2.HealthCheckResponse.SERVING


def test_others_are_served(connect):
    channel = connect("alice")
    request = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()
    assert channel.unary_unary(ARITIES["unary_unary"])(request, timeout=30)
    assert "meanrev.MeanRevService" in ProtoReflectionDescriptorDatabase(channel).get_services()


def test_a_token_does_not_make_up_for_a_revoked_certificate(served, clients, tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"bob {'b' * 40}\n")
    path.chmod(0o600)
    asked = authentication_of(Settings(**served, token_file=str(path)))
    pem = clients["alice"].cert.read_bytes()
    assert not asked.certificates  # the token names the caller
    with pytest.raises(Unauthenticated, match="revoked"):
        asked.unrevoked({"x509_common_name": [b"laptop.example.org"], "x509_pem_cert": [pem]})
