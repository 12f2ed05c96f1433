"""Tokens and TLS as a client has them: where they come from, what is refused here, and what a server says."""

import copy
import pickle

import pytest

import meanrev as mr
from meanrev.transport.options import endpoint
from tests.certificates import CLIENT, Authority

ALICE, BOB = "alice-" + "a" * 32, "bob-" + "b" * 32
PRICES = [1.0, 2.0]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def tls(authority):
    pair = authority.sign("server")
    return {"tls_cert": str(pair.cert), "tls_key": str(pair.key), "grace_s": 0, "log_level": "error"}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    path.write_text(f"alice {ALICE}\nbob {BOB}\n")
    path.chmod(0o600)
    return str(path)


@pytest.fixture(scope="module")
def secured(tls, tokens):
    with mr.serve(token_file=tokens, **tls) as where:
        yield where


@pytest.fixture(scope="module")
def machine(authority):
    return authority.sign("machine", "/CN=machine", CLIENT)


def test_a_client_calls_with_its_token_over_tls(secured, authority):
    with mr.Client(secured, token=ALICE, tls=authority.ca) as client:
        assert client.log_returns(PRICES).n_periods == 1
        assert client.info().version
        assert copy.copy(client).log_returns(PRICES).n_periods == 1


async def test_an_asyncio_client_calls_with_its_token_over_tls(secured, authority):
    async with mr.AsyncClient(secured, token=ALICE, tls=str(authority.ca)) as client:
        assert (await client.log_returns(PRICES)).n_periods == 1
    async with mr.AsyncClient(secured, token="x" * 40, tls=authority.ca) as client:
        with pytest.raises(mr.Unauthenticated, match=r"is not one of this server's.*; token= \(or MEANREV_TOKEN\)"):
            await client.log_returns(PRICES)


@pytest.mark.parametrize(("token", "said"), [(None, "needs one bearer token"), ("x" * 40, "not one of this server's")])
def test_a_call_without_the_right_token_says_what_to_do(secured, authority, token, said):
    with mr.Client(secured, token=token, tls=authority.ca) as client:
        with pytest.raises(
            mr.Unauthenticated, match=rf"{said}.*; token= \(or MEANREV_TOKEN\) is what the client sends"
        ):
            client.log_returns(PRICES)
        with pytest.raises(mr.Unauthenticated, match=said):
            list(client.ou_stream(iter(PRICES)))


def test_the_environment_has_them_for_a_client_that_is_given_none(impatient, secured, authority, monkeypatch):
    monkeypatch.setenv("MEANREV_HOST", secured)
    monkeypatch.setenv("MEANREV_TOKEN", f" {BOB}\n")
    monkeypatch.setenv("MEANREV_TLS_CA", str(authority.ca))
    with mr.Client() as client:
        assert client.log_returns(PRICES).n_periods == 1
        again = pickle.loads(pickle.dumps(client))  # the token is the environment's, and in no pickle
        assert BOB.encode() not in pickle.dumps(client)
    assert again.log_returns(PRICES).n_periods == 1
    again.close()
    with mr.Client(token="") as client, pytest.raises(mr.Unauthenticated):
        client.log_returns(PRICES)
    with mr.Client(tls=False) as client, pytest.raises(mr.ConnectionFailed):
        client.log_returns(PRICES)


@pytest.mark.parametrize(
    ("environ", "secure", "name"),
    [
        ({}, False, None),
        ({"MEANREV_TLS_CA": ""}, False, None),
        ({"MEANREV_TLS_CA": "system"}, True, None),
        ({"MEANREV_TLS_CA": "system", "MEANREV_TLS_NAME": "box.example"}, True, "box.example"),
        ({"MEANREV_TLS_NAME": "box.example"}, False, None),
    ],
)
def test_what_the_environment_says_of_tls(environ, secure, name):
    found = endpoint("box:1", None, None, environ)
    assert (found.credentials is not None, found.server_name) == (secure, name)
    assert (("grpc.ssl_target_name_override", name) in found.options()) is (name is not None)


def test_the_environments_tls_is_not_for_this_process_or_a_unix_socket():
    for address in ("local", "unix:/run/s"):
        assert endpoint(address, None, None, {"MEANREV_TLS_CA": "nowhere"}).credentials is None


def test_the_environments_token_travels_in_plaintext_no_further_than_another():
    with pytest.raises(mr.InvalidInput, match=r"^MEANREV_TOKEN needs TLS where the server is on another machine"):
        endpoint("box:1", None, None, {"MEANREV_TOKEN": ALICE})
    assert endpoint("box:1", "", None, {"MEANREV_TOKEN": ALICE}).metadata == ()
    assert endpoint("box:1", None, None, {"MEANREV_TOKEN": ALICE, "MEANREV_TLS_CA": "system"}).metadata


def test_tls_is_of_no_use_at_a_unix_socket():
    with pytest.raises(mr.InvalidInput, match=r"^tls is of no use at a unix socket"):
        mr.Client("unix:/run/s", tls=True)


def test_a_client_shows_a_certificate_where_the_server_asks_for_one(impatient, tls, authority, machine):
    with mr.serve(tls_client_ca=str(authority.ca), **tls) as where:
        for given in (mr.TlsFiles(authority.ca, machine.cert, machine.key), (authority.ca, machine.cert, machine.key)):
            with mr.Client(where, tls=given) as client:
                assert client.log_returns(PRICES).n_periods == 1
        with mr.Client(where, tls=authority.ca) as client, pytest.raises(mr.ConnectionFailed) as refused:
            client.log_returns(PRICES)
    assert "TlsFiles or MEANREV_TLS_CLIENT_CERT where it asks for a certificate" in str(refused.value)


def test_a_server_with_another_name_is_refused_unless_that_name_is_given(impatient, tls, authority, tokens):
    pair = authority.sign("elsewhere", "/CN=box", "subjectAltName=DNS:box.example")
    with mr.serve(**{**tls, "tls_cert": str(pair.cert), "tls_key": str(pair.key)}) as where:
        with mr.Client(where, tls=mr.TlsFiles(authority.ca, name="box.example")) as client:
            assert client.log_returns(PRICES).n_periods == 1
        with mr.Client(where, tls=authority.ca) as client, pytest.raises(mr.ConnectionFailed) as refused:
            client.log_returns(PRICES)
    assert "TlsFiles(name=...) or MEANREV_TLS_NAME says which name it has" in str(refused.value)


def test_a_server_of_another_ca_is_refused(impatient, secured, tmp_path):
    with (
        mr.Client(secured, token=ALICE, tls=Authority(tmp_path).ca) as client,
        pytest.raises(mr.ConnectionFailed) as no,
    ):
        client.log_returns(PRICES)
    assert "the CA of tls= (or MEANREV_TLS_CA) has not signed it" in str(no.value)


def test_tls_and_plaintext_do_not_meet(impatient, secured, address, authority):
    with mr.Client(secured) as client, pytest.raises(mr.ConnectionFailed, match="tls= or MEANREV_TLS_CA"):
        client.log_returns(PRICES)
    with mr.Client(address, tls=authority.ca) as client, pytest.raises(mr.ConnectionFailed, match="leave out tls="):
        client.log_returns(PRICES)


def test_files_that_are_not_what_they_should_be_are_named(authority, machine, tmp_path):
    words = tmp_path / "words"
    words.write_text("no certificate")
    other = authority.sign("other", "/CN=other", CLIENT)
    for given, said in [
        (words, f"tls must name a CA in PEM .*, got '{words}'"),
        (tmp_path / "nowhere", "tls must be True, .*; No such file or directory, got"),
        (mr.TlsFiles(authority.ca, machine.cert, other.key), "the client's key does not fit the certificate"),
        (mr.TlsFiles(authority.ca, machine.cert, words), "the client's key or certificate is no PEM"),
        (mr.TlsFiles(authority.ca, machine.cert), "needs both the client's certificate and its key"),
        ("", "tls must be True, a readable PEM file, or TlsFiles"),
    ]:
        with pytest.raises(mr.InvalidInput, match=said):
            mr.Client("box:1", tls=given)


def test_a_server_that_cannot_use_its_files_does_not_start(tls, tmp_path):
    lost = mr.serve(**{**tls, "tls_key": str(tmp_path / "nowhere")})
    with pytest.raises(mr.InvalidInput, match=r"^settings cannot be used: tls_key = .* cannot be read"):
        lost.__enter__()


def test_what_alice_leaves_bob_does_not_find(secured, authority, prices):
    with (
        mr.Client(secured, token=ALICE, tls=authority.ca) as alice,
        mr.Client(secured, token=BOB, tls=authority.ca) as bob,
    ):
        job = alice.submit("fit_ou", prices)
        assert job.result().n_samples.tolist() == [400] * 3
        assert alice.job(job.job_id).result().n_samples.tolist() == [400] * 3
        with pytest.raises(mr.InvalidInput, match="job"):
            bob.job(job.job_id)
        alice.put_portfolio("core", {"A": 1.0})
        assert alice.get_portfolio("core").holdings
        with pytest.raises(mr.InvalidInput, match="portfolio"):
            bob.get_portfolio("core")
