"""The server's certificate: what is refused at the start, and what a change of the files does."""

import logging
import subprocess

import grpc
import pytest

from meanrev_server.config import ConfigError, Settings
from meanrev_server.tls import certificate_of
from tests.certificates import CLIENT, Authority
from tests.server.patience import eventually
from tests.server.serving import Caller, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def good(authority):
    return authority.sign("good")


@pytest.fixture(scope="module")
def other(authority):
    return authority.sign("other")


def settings(pair, **more):
    return Settings(tls_cert=str(pair.cert), tls_key=str(pair.key), **more)


def connected(address, authority, pair=None):
    own = (pair.key.read_bytes(), pair.cert.read_bytes()) if pair else ()
    caller = Caller(address)
    caller.channel.close()
    caller.channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(authority.ca.read_bytes(), *own))
    return caller


def test_a_good_pair_is_read(good):
    found = certificate_of(settings(good)).value
    assert (found.chain, found.key, found.client_ca) == (good.cert.read_bytes(), good.key.read_bytes(), None)


def test_no_certificate_is_plaintext():
    assert certificate_of(Settings()) is None


def test_a_call_is_answered_over_tls_alone(good, authority):
    with serving(**files_of(good)) as address:
        with connected(address, authority) as call:
            assert call("ComputeLogReturns", prices=[1.0, 2.0]).n_periods == 1
        with Caller(address) as call, pytest.raises(grpc.RpcError) as refused:
            call("ComputeLogReturns", prices=[1.0, 2.0])
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_client_that_trusts_another_ca_does_not_connect(good, tmp_path):
    with (
        serving(**files_of(good)) as address,
        connected(address, Authority(tmp_path)) as call,
        pytest.raises(grpc.RpcError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        call("ComputeLogReturns", prices=[1.0, 2.0])


def files_of(pair, **more):
    return {"tls_cert": str(pair.cert), "tls_key": str(pair.key), **more}


def refusal(pair, **more):
    with pytest.raises(ConfigError) as error:
        certificate_of(settings(pair, **more))
    return str(error.value)


def test_a_missing_file_is_named(good, tmp_path):
    nowhere = tmp_path / "nowhere.pem"
    assert refusal(good._replace(cert=nowhere)) == f"tls_cert = '{nowhere}' cannot be read: No such file or directory"
    assert refusal(good._replace(key=nowhere)) == f"tls_key = '{nowhere}' cannot be read: No such file or directory"
    lost = refusal(good, tls_client_ca=str(nowhere))
    assert lost == f"tls_client_ca = '{nowhere}' cannot be read: No such file or directory"


def test_a_file_of_something_else_is_named(good, tmp_path):
    words = tmp_path / "words"
    words.write_text("no certificate\n")
    words.chmod(0o600)
    assert refusal(good._replace(cert=words)).startswith(f"tls_cert = '{words}' contains no certificate in PEM")
    assert refusal(good._replace(key=words)).startswith(f"tls_key = '{words}' contains no private key in PEM")
    assert refusal(good, tls_client_ca=str(words)).startswith(f"tls_client_ca = '{words}' contains no certificate")
    assert refusal(good._replace(cert=tmp_path)) == f"tls_cert = '{tmp_path}' must be a regular file"
    words.write_bytes(b"-" * 1024 * 1024 + b"-")
    assert refusal(good._replace(cert=words)) == f"tls_cert = '{words}' must have at most 1 MiB"


def test_an_expired_certificate_is_named(authority):
    pair = authority.sign("expired", days=-1)
    assert refusal(pair) == f"tls_cert = '{pair.cert}' has expired"


def test_the_key_of_another_certificate_is_named(good, other):
    mixed = good._replace(key=other.key)
    assert refusal(mixed) == f"tls_key = '{other.key}' is not the key of tls_cert = '{good.cert}'"


def test_a_certificate_of_a_client_is_no_servers(authority):
    assert "is not for a server: its extended key usage" in refusal(authority.sign("client", extension=CLIENT))


def test_a_certificate_is_no_ca(good, other):
    assert "contains no certificate of a CA" in refusal(good, tls_client_ca=str(other.cert))


def test_a_key_that_grpc_cannot_serve_is_refused(authority):
    pair = authority.sign("ed25519", key=("-newkey", "ed25519", "-nodes"))
    assert refusal(pair).endswith("has an Ed25519 key, which gRPC does not support: use ECDSA or RSA")


def test_an_encrypted_key_is_refused_without_asking_for_its_passphrase(good, tmp_path):
    locked = tmp_path / "locked.key"
    words = ["openssl", "pkey", "-in", good.key, "-out", locked, "-aes128", "-passout", "pass:secret"]
    subprocess.run(words, check=True, timeout=60)
    locked.chmod(0o600)
    assert "is encrypted, and the server has no passphrase" in refusal(good._replace(key=locked))


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o440, True), (0o604, False), (0o602, False)])
def test_a_key_is_closed_to_other_users(authority, good, tmp_path, mode, fine):
    key = tmp_path / "key"
    key.write_bytes(good.key.read_bytes())
    key.chmod(mode)
    if fine:
        certificate_of(settings(good._replace(key=key)))
        return
    said = refusal(good._replace(key=key))
    assert said.startswith(f"tls_key = '{key}' is open to every user of this machine (mode 0{mode:o}): run chmod o= ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tls_cert": "c"}, r"tls_cert = 'c' needs tls_key \(MEANREV_TLS_KEY\), which is not set"),
        ({"tls_key": "k"}, r"tls_key = 'k' needs tls_cert \(MEANREV_TLS_CERT\)"),
        ({"tls_client_ca": "a"}, r"tls_client_ca = 'a' needs tls_cert"),
        ({"tls_cert": "c", "tls_key": "k", "listen": "unix:/x"}, r"tls_cert contradicts listen = 'unix:/x'"),
        ({"token_file": "t", "listen": "0.0.0.0:1"}, r"token_file = 't' would let tokens travel in plaintext"),
        ({"token_file": "t", "listen": "0.0.0.0:1", "insecure": True}, r"token_file = 't' would let tokens travel"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given, said):
    with pytest.raises(ConfigError, match=said):
        Settings(**given).check()


@pytest.mark.parametrize(
    "given",
    [
        {"token_file": "t"},
        {"token_file": "t", "listen": "unix:/x"},
        {"token_file": "t", "listen": "0.0.0.0:1", "tls_cert": "c", "tls_key": "k"},
        {"listen": "0.0.0.0:1", "tls_cert": "c", "tls_key": "k"},
    ],
)
def test_tokens_go_with_tls_or_stay_on_the_machine(given):
    Settings(**given).check()


@pytest.fixture
def rotating(good, tmp_path):
    """The files of a running server, and its address and certificate."""
    pair = good._replace(cert=tmp_path / "tls.crt", key=tmp_path / "tls.key")
    pair.replace(good)
    pair.key.chmod(0o600)
    return pair


def served(address):
    """Return the certificate that a server shows."""
    import ssl

    host, _, port = address.rpartition(":")
    return ssl.get_server_certificate((host, int(port)))


@pytest.mark.faults
def test_a_new_pair_is_served_without_a_restart(rotating, good, other, authority):
    with serving(**files_of(rotating)) as address, connected(address, authority) as call:
        assert call("ComputeLogReturns", prices=[1.0, 2.0]).n_periods == 1
        assert served(address) == good.cert.read_text()
        rotating.replace(other)
        eventually(lambda: served(address) == other.cert.read_text())
        assert call("ComputeLogReturns", prices=[1.0, 2.0]).n_periods == 1  # on its old connection
        with connected(address, authority) as anew:
            assert anew("ComputeLogReturns", prices=[1.0, 2.0]).n_periods == 1


@pytest.mark.faults
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda pair, other: pair.key.write_bytes(other.key.read_bytes()), "is not the key of tls_cert"),
        (lambda pair, other: pair.cert.unlink(), "cannot be read: No such file or directory"),
        (lambda pair, other: pair.cert.write_text("half"), "contains no certificate in PEM"),
        (lambda pair, other: pair.key.chmod(0o644), "is open to every user of this machine"),
    ],
)
def test_a_broken_change_keeps_the_last_good_pair_and_is_logged_once(rotating, good, other, caplog, spoil, reason):
    caplog.set_level(logging.INFO, logger="meanrev_server")

    def logged():
        return [record.reason for record in caplog.records if record.message == "changed files are not used"]

    with serving(**files_of(rotating)) as address:
        spoil(rotating, other)
        eventually(logged)
        assert served(address) == good.cert.read_text()
        assert reason in logged()[0]
        rotating.replace(other)
        rotating.key.chmod(0o600)
        eventually(lambda: served(address) == other.cert.read_text())
    assert len(logged()) == 1


def test_plaintext_that_others_reach_is_warned_of(caplog):
    with serving(listen="0.0.0.0:0", insecure=True):
        pass
    assert "other machines can reach this server in plaintext" in [record.message for record in caplog.records]


def test_plaintext_of_this_machine_is_not_warned_of(caplog):
    with serving():
        pass
    assert "other machines can reach this server in plaintext" not in [record.message for record in caplog.records]
