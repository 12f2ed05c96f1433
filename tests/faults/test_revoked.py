"""A certificate that is revoked, or a token that is removed, while its client has a stream open, without a restart."""

import queue
import threading

import grpc
import pytest

from meanrev_server.authentication import Authentication, Bearer
from meanrev_wire import meanrev_pb2
from tests.certificates import CLIENT, Authority
from tests.server.patience import eventually
from tests.server.serving import SERVICE, serving

WATCHED = meanrev_pb2.HealthRequest(asset_ids=["A"], update_frequency_ms=100).SerializeToString()
ASKED = meanrev_pb2.ReturnsRequest(prices=[1.0, 2.0]).SerializeToString()


class Client:
    """A client with a certificate of its own."""

    def __init__(self, authority, address, name):
        pair = authority.sign(name, f"/CN={name}", CLIENT)
        own = (pair.key.read_bytes(), pair.cert.read_bytes())
        self.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.ca.read_bytes(), *own))
        self.ended = threading.Event()

    def code(self):
        """Return the status of a call."""
        try:
            self.channel.unary_unary(SERVICE + "ComputeLogReturns")(ASKED, timeout=30)
        except grpc.RpcError as error:
            return error.code().name
        return "OK"

    def watch(self):
        """Open a stream, and note its end."""
        reports = self.channel.unary_stream(SERVICE + "PortfolioHealthStream")(WATCHED)
        next(reports)

        def read():
            with pytest.raises(grpc.RpcError):
                list(reports)
            self.ended.set()

        threading.Thread(target=read).start()


def test_its_stream_ends_and_its_calls_are_refused_while_others_go_on(tmp_path):
    authority, revoked = Authority(tmp_path), tmp_path / "revoked"
    revoked.write_text("# nobody yet\n")
    pair = authority.sign("server")
    files = {"tls_cert": pair.cert, "tls_key": pair.key, "tls_client_ca": authority.ca, "revoked_file": revoked}
    with serving(**{setting: str(path) for setting, path in files.items()}) as address:
        alice, bob = (Client(authority, address, name) for name in ("alice", "bob"))
        alice.watch()
        bob.watch()
        assert (alice.code(), bob.code()) == ("OK", "OK")
        revoked.write_text("name:bob\n")
        assert bob.ended.wait(30)
        eventually(lambda: bob.code() == "UNAUTHENTICATED")
        assert alice.code() == "OK"
        assert not alice.ended.is_set()
        revoked.write_text("# bob has another certificate\n")
        eventually(lambda: bob.code() == "OK")
        for client in (alice, bob):
            client.channel.close()
        assert alice.ended.wait(30)


def test_streams_of_a_removed_token_end_while_others_of_their_connection_go_on(tmp_path):
    tokens, file = {name: f"{name}-{'0' * 40}" for name in ("alice", "bob", "carol")}, tmp_path / "tokens"
    lines = {name: f"{name} {token}\n" for name, token in tokens.items()}
    file.write_text("".join(lines.values()))
    file.chmod(0o600)
    price = meanrev_pb2.PriceUpdate(asset_id="A", prices=[1.0, 2.0, 1.5]).SerializeToString()
    with serving(token_file=str(file)) as address, grpc.insecure_channel(address) as channel:

        def opened(method, name, *first):
            sent = queue.SimpleQueue()
            for message in first:
                sent.put(message)
            metadata = [("authorization", f"Bearer {tokens[name]}")]
            replies = channel.stream_stream(SERVICE + method)(iter(sent.get, None), metadata=metadata, timeout=120)
            next(replies)
            return sent, replies

        ending = [opened("PortfolioHealthStream", "bob", WATCHED), opened("EstimateOUParams", "bob", price)]
        going_on = [opened("EstimateOUParams", name, price) for name in ("alice", "carol")]
        file.write_text(lines["alice"] + lines["carol"])
        for _, replies in ending:
            with pytest.raises(grpc.RpcError) as refused:
                list(replies)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert refused.value.details() == "the token is not one of this server's, or is no longer"
        for sent, replies in going_on:
            sent.put(price)
            next(replies)
        for sent, replies in going_on:
            sent.put(None)
            assert list(replies) == []
        for sent, _ in ending:
            sent.put(None)


def test_a_token_that_is_removed_before_its_call_begins_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "tokens"
    file.write_text(f"alice {'0' * 40}\n")
    file.chmod(0o600)
    monkeypatch.setattr(Authentication, "by_token", lambda *_: Bearer("bob", b"of a token that was there before"))
    with serving(token_file=str(file)) as address, grpc.insecure_channel(address) as channel:
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(SERVICE + "ComputeLogReturns")(ASKED, timeout=30)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
