"""A server on free ports, whose metrics, log lines and calls in flight a test reads."""

import asyncio
import json
import logging
import threading
import time
import urllib.request
from contextlib import contextmanager

import grpc
from prometheus_client.parser import text_string_to_metric_families

from meanrev_server.app import App
from meanrev_server.config import Settings
from meanrev_wire import meanrev_pb2

LOG_RETURNS = "/meanrev.MeanRevService/ComputeLogReturns"
PORTFOLIO_STATS = "/meanrev.MeanRevService/PortfolioStats"
HEALTH_STREAM = "/meanrev.MeanRevService/PortfolioHealthStream"
ESTIMATE = "/meanrev.MeanRevService/EstimateOUParams"


class Observed:
    """A server and a channel to it."""

    def __init__(self, app, channel):
        self.app, self.channel = app, channel

    def unary(self, path, request=b"", **how):
        return self.channel.unary_unary(path)(request, timeout=how.pop("timeout", 30), **how)

    def refused(self, path, request=b"", **how):
        """Return the error of a call that fails."""
        try:
            self.unary(path, request, **how)
        except grpc.RpcError as error:
            return error
        raise AssertionError(f"{path} was answered")

    def metrics(self):
        """Return the value of every sample, by (name, labels)."""
        with urllib.request.urlopen(f"http://{self.app.observation.metrics_address}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        families = text_string_to_metric_families(text)
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def wait_for_calls(self, in_flight):
        until(lambda: len(self.app.calls.in_flight) == in_flight)


@contextmanager
def observing(**settings):
    """Serve while the context is open."""
    loop = asyncio.new_event_loop()
    app = App(Settings(**{"listen": "127.0.0.1:0", "backend": "numpy", **settings}))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        address = asyncio.run_coroutine_threadsafe(app.start(), loop).result(30)
        with grpc.insecure_channel(address) as channel:
            yield Observed(app, channel)
    finally:
        asyncio.run_coroutine_threadsafe(app.stop(1), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def lines_of(name):
    """Collect what a logger writes, as (level, fields) of each line, while the context is open."""
    lines = []

    class Collecting(logging.Handler):
        def emit(self, record):
            lines.extend((record.levelname, line) for line in record.getMessage().splitlines())

    logger, handler = logging.getLogger(name), Collecting()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def fields(line):
    return json.loads(line[1])


def until(holds, patience_s=30):
    """Wait until something holds."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.02)


def returns(*prices):
    return meanrev_pb2.ReturnsRequest(prices=prices or (1.0, 2.0, 4.0)).SerializeToString()


def watched(*assets):
    return meanrev_pb2.HealthRequest(asset_ids=assets or ("A",), update_frequency_ms=20).SerializeToString()
