import copy
import pickle

import pytest

import meanrev as mr
from meanrev.transport.address import proxy_variable
from meanrev.transport.options import channel_options, default_timeout, endpoint


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


@pytest.mark.parametrize(
    ("given", "addresses"),
    [
        (["a:1", "b"], ("a:1", "b:50051")),
        ("a:1, [::1]:2 ,dns:///c:3", ("a:1", "[::1]:2", "dns:///c:3")),
        (("a:1", "a:1"), ("a:1",)),
        (["unix:/run/a,b"], ("unix:/run/a,b",)),
        ("unix:/run/a,b", ("unix:/run/a,b",)),
        (["local"], ("local",)),
    ],
)
def test_several_servers_are_a_list_or_have_commas_between_them(given, addresses):
    where = endpoint(given, None, None, {})
    assert where.addresses == addresses
    assert endpoint(where.address, None, None, {}) == where
    assert endpoint(None, None, None, {"MEANREV_HOST": where.address}) == where


@pytest.mark.parametrize("given", [[], ["a:1", ""], "a:1,", ["a:1", "local"], "a:1,unix:/s", [1, 2], b"a:1", {"a:1"}])
def test_something_else_is_no_list_of_servers(given):
    with pytest.raises(mr.InvalidInput, match="address must be HOST:PORT"):
        endpoint(given, None, None, {})


def test_a_client_of_several_servers_can_be_copied():
    client = mr.Client(["a:1", "b:2"])
    assert repr(client) == "Client('a:1,b:2')"
    assert pickle.loads(pickle.dumps(client)).address == copy.copy(client).address == client.address


def test_a_token_stays_here_only_if_all_servers_are_here():
    assert endpoint("localhost:1,127.0.0.1:2", "secret", None, {}).metadata
    with pytest.raises(mr.InvalidInput, match="token needs tls"):
        endpoint("localhost:1,box:2", "secret", None, {})


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


@pytest.mark.parametrize("port", ["0", "65536", "99999", "4294967297", "-1", "1.5", "x", "", "\u0663", " 1"])
def test_a_port_is_1_to_65535_wherever_it_comes_from(port):
    for given, environ in ((f"box:{port}", {}), (None, {"MEANREV_HOST": f"box:{port}"})):
        name = "address" if given else "MEANREV_HOST"
        with pytest.raises(mr.InvalidInput, match=rf"^{name} must have a port from 1 to 65535, got "):
            endpoint(given, None, None, environ)


@pytest.mark.parametrize("port", [1, 50051, 65535])
def test_every_other_port_is_fine(port):
    assert endpoint(f"[2001:db8::1]:{port}", None, None, {}).address == f"[2001:db8::1]:{port}"


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (" box:1\n", "box:1"),
        ("box:0050051", None),
        ("dns:///box:7", "dns:///box:7"),
        ("unix:run/s", "unix:run/s"),
        ("[fe80::1%eth0]:5", "[fe80::1%eth0]:5"),
        ("a_b.example-1:5", "a_b.example-1:5"),
    ],
)
def test_spaces_around_an_address_do_not_matter(given, chosen):
    if chosen is None:
        with pytest.raises(mr.InvalidInput, match="port from 1 to 65535"):
            endpoint(given, None, None, {})
    else:
        assert endpoint(given, None, None, {}).address == chosen


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ("http://box:50051", r"without http:// \(try 'box:50051'\)"),
        ("grpc://box:50051/", r"without grpc:// \(try 'box:50051'\)"),
        ("https://box:50051", r"tls= chooses an encrypted connection"),
        ("::1:50051", r"an IPv6 address stands in brackets"),
        ("::1", r"an IPv6 address stands in brackets"),
        ("box 1:50051", "must be HOST:PORT"),
        ("box/path:1", "must be HOST:PORT"),
        ("user@box:1", "must be HOST:PORT"),
        (":50051", "must be HOST:PORT"),
        ("unix:", "must be HOST:PORT"),
        ("  ", "must be HOST:PORT"),
    ],
)
def test_what_is_no_address_is_refused_with_a_way_out(wrong, advice):
    with pytest.raises(mr.InvalidInput, match=advice):
        mr.Client(wrong)


@pytest.mark.parametrize(
    ("address", "environ", "variable"),
    [
        ("box:1", {"http_proxy": "http://proxy:9"}, "http_proxy"),
        ("box:1", {"https_proxy": "http://proxy:9", "http_proxy": "x"}, "https_proxy"),
        ("box:1", {"grpc_proxy": "http://proxy:9", "http_proxy": "x"}, "grpc_proxy"),
        ("box:1", {"http_proxy": "http://proxy:9", "no_proxy": "other,box"}, ""),
        ("a.box:1", {"http_proxy": "http://proxy:9", "no_proxy": ".box"}, ""),
        ("box:1", {"http_proxy": "http://proxy:9", "no_proxy": "other"}, "http_proxy"),
        ("box:1", {"HTTP_PROXY": "http://proxy:9"}, ""),
        ("127.0.0.1:1", {"http_proxy": "http://proxy:9"}, ""),
        ("[::1]:1", {"http_proxy": "http://proxy:9"}, ""),
        ("unix:/s", {"http_proxy": "http://proxy:9"}, ""),
        ("box:1", {}, ""),
    ],
)
def test_the_proxy_that_grpc_asks_is_known(address, environ, variable):
    assert proxy_variable(address, environ) == variable
    direct = ("grpc.enable_http_proxy", 0) in channel_options(address)
    assert direct is not address.startswith(("box", "a.box"))


def test_an_error_names_the_proxy_that_was_asked(monkeypatch, closed_address):
    monkeypatch.setenv("http_proxy", f"http://{closed_address}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("no_grpc_proxy", raising=False)
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("grpc_proxy", raising=False)
    with mr.Client("server.invalid:50051", timeout=5) as client, pytest.raises(mr.ConnectionFailed) as error:
        client.log_returns([1.0, 2.0])
    assert "the proxy that http_proxy names; no_proxy lists" in str(error.value)


def test_a_server_on_this_machine_is_asked_without_the_proxy(monkeypatch, address, closed_address):
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, f"http://{closed_address}")
    monkeypatch.delenv("no_proxy", raising=False)
    with mr.Client(address) as client:
        assert client.log_returns([1.0, 2.0]).n_periods == 1
