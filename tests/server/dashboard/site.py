"""A real server with its dashboard, and a plain HTTP client for it that sends what a test says."""

import asyncio
import http.client
import json
import threading
from contextlib import closing, contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

import meanrev
from meanrev_server.app import App
from meanrev_server.config import Settings

HOSTILE = "<img src=x onerror=alert(1)>"
"""A column whose name is markup."""


def pair_of_prices(n_bars=600, seed=3):
    """Return (T, 3) prices: y and x, whose logarithms revert to each other, and a random walk."""
    rng = np.random.default_rng(seed)
    x, spread = np.cumsum(rng.normal(0, 0.01, n_bars)), np.zeros(n_bars)
    for t in range(1, n_bars):
        spread[t] = 0.9 * spread[t - 1] + rng.normal(0, 0.012)
    walk = np.cumsum(rng.normal(0, 0.01, n_bars))
    return np.exp(np.column_stack([0.8 * x + spread + 3, x + 4, walk + 2]))


PRICES = pair_of_prices()
COLUMNS = ("Y", "X", HOSTILE)
STAMPS = np.arange(len(PRICES)) * 86_400_000 + 1_500_000_000_000


def table():
    """Return the prices with their names and times, as a client takes them."""
    pandas: Any = __import__("pandas")
    return pandas.DataFrame(PRICES, columns=COLUMNS, index=pandas.to_datetime(STAMPS, unit="ms"))


class Answer(NamedTuple):
    """An answer over HTTP; headers have names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


class Site:
    """One server: gRPC at address, the dashboard at url."""

    def __init__(self, app, loop, context=None):
        self.app, self.loop, self.context = app, loop, context
        self.address, self.url = app.address, app.dashboard.address
        self.port = urlsplit(self.url).port

    def connection(self):
        if self.context is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.context)

    def send(self, method, path, body=None, token="", **headers):
        """Return the answer to a request; a header whose value is None is left out."""
        given = {"content-type": "application/json"} if method == "POST" else {}
        given |= {"authorization": f"Bearer {token}"} if token else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with closing(self.connection()) as connection:
            sent = {name: value for name, value in given.items() if value is not None}
            connection.request(method, path, body=data, headers=sent)
            return answer_of(connection.getresponse())

    def get(self, name, **headers):
        return self.send("GET", f"/api/{name}", **headers)

    def post(self, name, body, **headers):
        return self.send("POST", f"/api/{name}", body, **headers)

    @contextmanager
    def stream(self, name, body=None, token=""):
        """Open a stream of events; yields an iterator over (event, content)."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        method = "GET" if body is None else "POST"
        if body is not None:
            headers["content-type"] = "application/json"
        with closing(self.connection()) as connection:
            connection.request(method, f"/api/{name}", body=body and json.dumps(body), headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield frames(answer)

    def events(self, name, body):
        with self.stream(name, body) as found:
            return list(found)

    def on_loop(self, work):
        """Run a function on the server's event loop, and return its result."""

        async def run():
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)


def answer_of(response):
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


def frames(response):
    """Yield the events of a stream, and check the form of each frame."""
    while line := response.readline():
        assert line.startswith(b"event: "), line
        data = response.readline()
        assert data.startswith(b"data: "), data
        assert response.readline() == b"\n"
        yield line[7:-1].decode(), json.loads(data[6:])


@contextmanager
def serving(context=None, **settings):
    """Serve while the context is open; yields the Site."""
    loop = asyncio.new_event_loop()
    app = App(Settings(**{"listen": "127.0.0.1:0", "dashboard": "127.0.0.1:0", **settings}))
    app.settings.check()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(app.start(), loop).result(30)
        yield Site(app, loop, context)
    finally:
        asyncio.run_coroutine_threadsafe(app.stop(1), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def client_of(site, token=None):
    return meanrev.Client(site.address, token=token)
