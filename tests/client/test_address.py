import pytest

import meanrev as mr
from meanrev.transport.options import default_timeout, endpoint


@pytest.mark.parametrize(
    ("given", "environ", "chosen"),
    [
        ("box:1", {"MEANREV_HOST": "other:2"}, "box:1"),
        (None, {"MEANREV_HOST": "other:2"}, "other:2"),
        (None, {}, "local"),
        (None, {"MEANREV_HOST": ""}, "local"),
        ("box", {}, "box:50051"),
        ("unix:/run/meanrev.sock", {}, "unix:/run/meanrev.sock"),
        ("local", {"MEANREV_HOST": "other:2"}, "local"),
    ],
)
def test_the_argument_wins_then_the_variable_then_this_process(given, environ, chosen):
    assert endpoint(given, None, None, environ).address == chosen


@pytest.mark.parametrize("address", ["localhost:1", "127.0.0.1:1", "127.8.0.1:1", "[::1]:1", "unix:/s", "local"])
def test_a_token_may_stay_on_this_machine_in_plaintext(address):
    assert endpoint(address, "secret", None, {}).metadata == (("authorization", "Bearer secret"),)


@pytest.mark.parametrize("address", ["box:1", "10.0.0.1:1", "localhost.evil.example:1"])
def test_a_token_travels_to_another_machine_with_tls_alone(address):
    with pytest.raises(mr.InvalidInput, match="token needs tls"):
        endpoint(address, "secret", None, {})
    assert endpoint(address, "secret", True, {}).credentials is not None


def test_tls_takes_paths(tmp_path):
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    for file in files:
        file.write_bytes(b"-----BEGIN CERTIFICATE-----")
    assert endpoint("box:1", None, files[0], {}).credentials is not None
    assert endpoint("box:1", None, tuple(files), {}).credentials is not None


@pytest.mark.parametrize(
    ("given", "environ", "seconds"),
    [(5, {"MEANREV_TIMEOUT": "7"}, 5.0), (None, {"MEANREV_TIMEOUT": "7"}, 7.0), (None, {}, 30.0)],
)
def test_the_timeout_comes_from_the_argument_then_the_variable(given, environ, seconds):
    assert default_timeout(given, environ) == seconds


@pytest.mark.parametrize("bad", [0, -1, "soon", float("nan")])
def test_a_timeout_is_a_positive_number(bad):
    with pytest.raises(mr.InvalidInput, match="timeout must be a number of seconds > 0"):
        mr.Client("box:1", timeout=bad)


def test_a_client_says_where_it_asks():
    assert repr(mr.Client("box:1")) == "Client('box:1')"
    assert repr(mr.AsyncClient("box:1")) == "AsyncClient('box:1')"


def test_a_closed_client_connects_again(client):
    assert client.log_returns([1.0, 2.0]).n_periods == 1
    client.close()
    assert client.log_returns([1.0, 2.0]).n_periods == 1


@pytest.mark.parametrize("wrong", [5, b"localhost:1", ("localhost", 1)])
def test_an_address_is_a_text(wrong):
    with pytest.raises(mr.InvalidInput, match="address must be HOST:PORT"):
        mr.Client(wrong)


def test_a_bare_address_of_six_groups_gets_the_default_port():
    assert mr.Client("[::1]").address == "[::1]:50051"


@pytest.mark.parametrize("wrong", ["two\nlines", "\u00e9", 5])
def test_a_token_that_no_header_carries_is_refused_and_not_shown(wrong):
    with pytest.raises(mr.InvalidInput, match=r"token must be a text of printable ASCII$"):
        mr.Client("localhost:1", token=wrong)


@pytest.mark.parametrize("wrong", ["missing.pem", ("a", "b"), 5])
def test_certificates_that_cannot_be_read_are_named(wrong):
    with pytest.raises(mr.InvalidInput, match="tls must be True, a readable PEM file"):
        mr.Client("localhost:1", tls=wrong)
