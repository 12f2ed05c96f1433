"""Who may use the dashboard, how much of the server one may take, and what becomes of connections that hold it up."""

import json
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress

import pytest

from meanrev_server import authentication
from meanrev_server.authentication import token_line
from meanrev_server.dashboard import connections
from meanrev_server.dashboard.web import MOST_BODY_BYTES
from meanrev_server.errors import ConfigError
from tests.certificates import Authority
from tests.server.dashboard.site import PRICES, client_of, serving, table

JSON = "HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ALICE, BOB, NOBODY = ("a" * 40, "b" * 40, "c" * 40)
API = {
    "GET": ("about", "jobs", "matrices", "samples"),
    "POST": ("matrix", "drop", "cancel", "equity", "pair", "sweep", "book"),
}
PATHS = [(method, name) for method, names in API.items() for name in names]


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    path.write_text("\n".join([token_line("alice", ALICE), token_line("bob", BOB)]))
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def guarded(token_file):
    with serving(token_file=str(token_file)) as site:
        yield site


class TestTokens:
    def test_the_pages_ask_for_none(self, guarded):
        assert guarded.send("GET", "/").status == guarded.send("GET", "/main.js").status == 200

    @pytest.mark.parametrize(("method", "name"), PATHS)
    @pytest.mark.parametrize("token", ["", NOBODY])
    def test_everything_else_does(self, guarded, method, name, token):
        refused = guarded.send(method, f"/api/{name}", {} if method == "POST" else None, token)
        assert (refused.status, refused.error["code"]) == (401, "UNAUTHENTICATED")
        assert refused.headers["www-authenticate"] == "Bearer"

    def test_a_token_in_the_address_or_a_cookie_is_none(self, guarded):
        assert guarded.send("GET", f"/api/about?token={ALICE}").status == 401
        assert guarded.get("about", cookie=f"token={ALICE}").status == 401

    def test_each_sees_its_own(self, guarded):
        with client_of(guarded, ALICE) as client:
            kept = client.put(table()).matrix_id
        assert guarded.get("about", token=ALICE).json["identity"] == "alice"
        of_alice, of_bob = (guarded.get("matrices", token=token).json["matrices"] for token in (ALICE, BOB))
        assert [each["matrix_id"] for each in of_alice] == [kept]
        assert of_bob == []
        for name, rest in (("matrix", {}), ("sweep", {"column": "Y"}), ("pair", {"y": "Y", "x": "X"}), ("drop", {})):
            assert guarded.post(name, {"matrix_id": kept, **rest}, token=BOB).status == 404

    def test_a_stream_ends_when_its_token_is_removed(self, token_file, tmp_path):
        path = tmp_path / "tokens"
        path.write_bytes(token_file.read_bytes())
        path.chmod(0o600)
        with serving(token_file=str(path)) as site, site.stream("samples", token=BOB) as events:
            assert next(events)[0] == "history"
            path.write_text(token_line("alice", ALICE))
            last = list(events)[-1]
            assert last == ("error", {"code": "UNAUTHENTICATED", "message": authentication.NOT_OURS})


class TestOtherPages:
    def test_a_name_that_is_pointed_here_gets_nothing(self, site):
        for path in ("/", "/api/about", "/nothing"):
            refused = site.send("GET", path, host="evil.example")
            assert (refused.status, refused.error["code"]) == (421, "REFUSED")
            assert "content-security-policy" in refused.headers

    def test_a_page_of_another_site_can_change_nothing(self, site, client):
        kept = client.put(PRICES[:60]).matrix_id
        for headers in (
            {"origin": "http://evil.example"},
            {"sec_fetch_site": "cross-site"},
            {"content_type": "text/plain"},
        ):
            assert site.post("drop", {"matrix_id": kept}, **headers).status in {403, 415}
        assert kept in {each["matrix_id"] for each in site.get("matrices").json["matrices"]}

    def test_no_answer_lets_another_site_read_it(self, site):
        answer = site.get("about", origin=f"http://127.0.0.1:{site.port}", host=f"127.0.0.1:{site.port}")
        assert answer.status == 200
        assert not any(name.startswith("access-control-") for name in answer.headers)
        assert answer.headers["cache-control"] == "no-store"

    def test_a_second_host_header_hides_no_first_one(self, site):
        with closing(socket.create_connection(("127.0.0.1", site.port), 10)) as raw:
            raw.sendall(
                b"GET /api/about HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            )
            assert raw.makefile("rb").readline().split()[1] in {b"400", b"421"}


class TestLimits:
    def test_a_long_body_is_refused(self, site):
        refused = site.send("POST", "/api/cancel", b" " * (MOST_BODY_BYTES + 1))
        assert (refused.status, refused.error["code"]) == (429, "RESOURCE_EXHAUSTED")

    def test_streams_and_calls_count_among_the_calls_in_flight(self):
        with serving(max_calls_in_flight=2) as site, ExitStack() as opened:
            for _ in range(2):
                next(opened.enter_context(site.stream("samples")))
            refused = site.get("matrices")
            assert (refused.status, refused.error["code"]) == (429, "RESOURCE_EXHAUSTED")
            assert "MEANREV_MAX_CALLS_IN_FLIGHT" in refused.error["message"]
            opened.close()
            until(lambda: site.on_loop(lambda: site.app._admission.load.calls) == 0)
            assert site.get("matrices").status == 200

    def test_one_identity_may_hold_its_share(self, token_file):
        with (
            serving(token_file=str(token_file), max_calls_in_flight=4, identity_share=0.5) as site,
            ExitStack() as opened,
        ):
            for _ in range(2):
                next(opened.enter_context(site.stream("samples", token=ALICE)))
            refused = site.get("matrices", token=ALICE)
            assert refused.status == 429
            assert "MEANREV_IDENTITY_SHARE" in refused.error["message"]
            assert site.get("matrices", token=BOB).status == 200

    def test_work_ends_where_the_browser_leaves(self, site, matrix_id):
        body = json.dumps({"matrix_id": matrix_id, "column": "Y", "entry": "0.5:3:0.02", "exit": "-0.5:1:0.02"})
        request = f"POST /api/sweep {JSON}Content-Length: {len(body)}\r\n\r\n{body}"
        with closing(socket.create_connection(("127.0.0.1", site.port), 10)) as raw:
            raw.sendall(request.encode())
        until(lambda: not site.on_loop(lambda: [*site.app.calls.in_flight]))
        until(lambda: site.on_loop(lambda: site.app._admission.load.calls) == 0)

    def test_connections_are_bounded_and_come_back(self, monkeypatch):
        monkeypatch.setattr(connections, "MOST_CONNECTIONS", 4)
        with serving() as site, ExitStack() as opened:
            for _ in range(4):
                opened.enter_context(closing(socket.create_connection(("127.0.0.1", site.port), 10)))
            until(lambda: site.send("GET", "/").status == 503)
            opened.close()
            until(lambda: site.send("GET", "/").status == 200)

    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"GET / HTTP/1.1\r\nHost: lo",
            f"POST /api/drop {JSON}Content-Length: 9\r\n\r\n{{".encode(),
        ],
    )
    def test_a_request_that_does_not_come_whole_ends_its_connection(self, monkeypatch, sent):
        monkeypatch.setattr(connections, "REQUEST_S", 0.3)
        with serving() as site, closing(socket.create_connection(("127.0.0.1", site.port), 30)) as raw:
            raw.sendall(sent)
            with suppress(ConnectionResetError):
                assert raw.recv(1000) == b""

    def test_a_reader_that_does_not_read_ends_its_connection(self, matrix_id):
        with serving(write_timeout_s=0.3) as site, closing(socket.socket()) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            raw.settimeout(30)
            raw.connect(("127.0.0.1", site.port))
            request = b"GET /uPlot.iife.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
            with suppress(OSError):  # the server closes while requests are sent
                for _ in range(4000):
                    raw.sendall(request)
            until(lambda: site.on_loop(lambda: len(site.app.dashboard._web._server.server_state.connections)) == 0)

    @pytest.mark.parametrize(
        "sent", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 9000]
    )
    def test_what_is_no_request_is_refused(self, site, sent):
        with closing(socket.create_connection(("127.0.0.1", site.port), 30)) as raw, suppress(OSError):
            raw.sendall(sent + b"\r\n\r\n")
            assert raw.recv(100)[:12] in {b"HTTP/1.1 400", b""}
        assert site.send("GET", "/").status == 200


def test_a_stop_ends_what_is_open():
    with serving() as site, site.stream("samples") as events:
        assert next(events)[0] == "history"
    # The context has stopped the server: the stream has ended by then, with a reason or without.
    assert all(event in {"sample", "error"} for event, _ in drained(events))


def drained(events):
    with suppress(OSError, ValueError):
        yield from events


class TestTls:
    def test_other_machines_reach_it_by_tls_with_the_certificate_of_the_server(self, tmp_path):
        authority = Authority(tmp_path)
        pair = authority.sign("server")
        context = ssl.create_default_context(cafile=str(authority.ca))
        tls = {"tls_cert": str(pair.cert), "tls_key": str(pair.key)}
        with serving(context, dashboard="0.0.0.0:0", **tls) as site:
            assert site.url.startswith("https://0.0.0.0:")
            assert site.get("about").status == 200
            assert site.get("about", origin=f"https://127.0.0.1:{site.port}").status == 200
            assert site.get("about", origin=f"http://127.0.0.1:{site.port}").status == 403
        with serving(**tls) as site:
            assert site.url.startswith("http://127.0.0.1:")
            assert site.get("about").status == 200


class TestStart:
    def test_an_address_in_use_is_named(self, site):
        where = f"127.0.0.1:{site.port}"
        with (
            pytest.raises(ConfigError, match=f"dashboard = '{where}' cannot be listened on: "),
            serving(dashboard=where),
        ):
            pass

    def test_without_the_extra_the_remedy_is_named(self, monkeypatch):
        ours = [f"meanrev_server.dashboard.{name}" for name in ("web", "connections")]
        for name in [name for name in sys.modules if name.startswith("starlette") or name in ours]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "starlette", None)
        with (
            pytest.raises(ConfigError, match=r"because starlette is not installed: pip install 'meanrev\[dashboard\]'"),
            serving(),
        ):
            pass

    def test_a_server_without_it_loads_no_web_server(self):
        code = "import sys, meanrev_server.app; print(sorted({'starlette', 'uvicorn', 'h11'} & set(sys.modules)))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout == "[]\n"
