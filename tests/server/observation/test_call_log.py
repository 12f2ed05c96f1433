"""A line of the log for each call says who called what and how it went, and nothing that the caller sent."""

import asyncio
import io
import json
import logging
import sys

import grpc
import pytest

from meanrev_server.config import Settings
from meanrev_server.observation.call_log import CallLog, wanted
from meanrev_server.records import Caller, CallRecord
from meanrev_server.telemetry import start_logging
from meanrev_wire import meanrev_pb2
from tests.server.observation.observing import (
    HEALTH_STREAM,
    LOG_RETURNS,
    PORTFOLIO_STATS,
    fields,
    lines_of,
    observing,
    returns,
    until,
    watched,
)

CALLS = "meanrev_server.calls"
SECRETS = ("98765.4321", "ACME", "of-mine", "option_of_mine")


def test_every_call_has_one_line_at_its_end():
    with lines_of(CALLS) as lines, observing(call_log="all", log="json") as server:
        server.unary(LOG_RETURNS, returns())
        server.refused(LOG_RETURNS, b"\xff")
        stream = server.channel.unary_stream(HEALTH_STREAM)(watched())
        next(stream)
        until(lambda: len(lines) == 2)
        stream.cancel()
        until(lambda: len(lines) == 3)
        answered, refused, left = map(fields, lines)
    assert (answered["event"], answered["method"], answered["code"]) == ("call", "ComputeLogReturns", "OK")
    assert answered["peer"].startswith("ipv4:127.0.0.1:")
    assert (answered["received_bytes"], answered["level"]) == (len(returns()), "info")
    assert answered["ms"] > 0
    assert (refused["code"], refused["reason"]) == ("INVALID_ARGUMENT", "malformed")
    assert (left["method"], left["code"], left["reason"]) == ("PortfolioHealthStream", "CANCELLED", "left")
    assert left["sent_bytes"] > 0


def test_the_request_id_is_the_callers_and_comes_back():
    with lines_of(CALLS) as lines, observing(call_log="all", log="json") as server:
        _, call = server.channel.unary_unary(LOG_RETURNS).with_call(returns(), metadata=[("x-request-id", "mine-1")])
        assert dict(call.trailing_metadata())["x-request-id"] == "mine-1"
        error = server.refused(LOG_RETURNS, b"\xff", metadata=[("x-request-id", "mine-2")])
        assert dict(error.trailing_metadata())["x-request-id"] == "mine-2"
        until(lambda: len(lines) == 2)
    assert [fields(line)["request_id"] for line in lines] == ["mine-1", "mine-2"]


@pytest.mark.parametrize("given", [None, "", "x" * 65, "two words"])
def test_a_request_id_that_is_missing_or_unfit_is_replaced(given):
    metadata = [] if given is None else [("x-request-id", given)]
    with observing() as server:
        made = []
        for _ in range(2):
            _, call = server.channel.unary_unary(LOG_RETURNS).with_call(returns(), metadata=metadata)
            made.append(dict(call.trailing_metadata())["x-request-id"])
    assert len(set(made)) == 2
    assert given not in made
    assert all(0 < len(request_id) <= 64 for request_id in made)


def test_no_line_contains_what_a_caller_sent():
    stats = meanrev_pb2.PortfolioStatsRequest(
        returns=meanrev_pb2.Matrix(rows=2, cols=1, values=[98765.4321, 2.0]), metadata='{"option_of_mine": 1}'
    ).SerializeToString()
    secret = [("authorization", "Bearer token-of-mine")]
    with lines_of(CALLS) as lines, observing(call_log="all", log="json") as server:
        server.unary(LOG_RETURNS, returns(98765.4321, 98765.4321), metadata=secret)
        server.refused(LOG_RETURNS, returns(-98765.4321, 1.0), metadata=secret)
        server.unary(PORTFOLIO_STATS, stats, metadata=secret)
        server.refused("/meanrev.MeanRevService/ACME", metadata=secret)
        stream = server.channel.unary_stream(HEALTH_STREAM)(watched("ACME"), metadata=secret)
        next(stream)
        stream.cancel()
        until(lambda: len(lines) == 5)
    assert not [line for line in lines if any(secret in line[1] for secret in SECRETS)]


def record(**values):
    values = {"method": "Info", "caller": Caller("me", "unix:"), "request_id": "one", **values}
    return CallRecord(**values)


def written(settings, *records):
    """Return the lines that the call log writes of some calls."""
    with lines_of(CALLS) as lines:
        which = wanted(Settings(**settings))
        if which is not None:
            asyncio.run(_log(CallLog(which), records))
    return lines


async def _log(log, records):
    for each in records:
        log(each)
    log.flush()


def test_a_slow_call_is_a_warning_but_a_long_stream_is_not():
    settings = {"call_log": "all", "log": "json", "slow_call_ms": 100}
    calls = [
        record(elapsed_s=0.05),
        record(elapsed_s=0.2),
        record(elapsed_s=9.0, streaming=True),
        record(elapsed_s=9.0, queued_s=0.2, streaming=True),
    ]
    lines = [fields(line) for call in calls for line in written(settings, call)]
    assert [line["event"] for line in lines] == ["call", "slow call", "call", "slow call"]
    assert [line["level"] for line in lines] == ["info", "warning", "info", "warning"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"log": "json"}, 2),
        ({"log": "console"}, 1),
        ({"log": "console", "call_log": "all"}, 2),
        ({"log": "json", "call_log": "slow"}, 1),
        ({"log": "json", "call_log": "slow", "slow_call_ms": 0}, 0),
        ({"log": "json", "call_log": "off"}, 0),
    ],
)
def test_the_settings_choose_the_calls(settings, expected):
    assert len(written(settings, record(elapsed_s=0.1), record(elapsed_s=100.0))) == expected


@pytest.mark.parametrize("rendering", ["json", "console"])
def test_lines_reach_stderr_as_they_are(rendering, monkeypatch):
    root, text = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    before, level = root.handlers[:], root.level
    try:
        start_logging(rendering, "info")
        written({"log": rendering, "call_log": "all"}, record(code="OK"), record(caller=Caller("two\nlines", "")))
        for handler in root.handlers:
            handler.flush()
        until(lambda: text.getvalue().count("\n") == 2)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    first, second = text.getvalue().splitlines()
    if rendering == "json":
        assert json.loads(first)["identity"] == "me"
        assert json.loads(second)["identity"] == "two\nlines"
    else:
        assert "identity=me peer=unix: method=Info code=OK" in first
        assert r"identity='two\nlines'" in second


def test_the_last_lines_are_written_when_the_server_stops():
    with lines_of(CALLS) as lines, observing(call_log="all", log="json") as server:
        server.unary(LOG_RETURNS, returns())
        server.wait_for_calls(0)
    assert len(lines) == 1


def test_a_refusal_for_lack_of_room_names_the_limit():
    with lines_of(CALLS) as lines, observing(call_log="all", log="json", max_calls_in_flight=1) as server:
        stream = server.channel.unary_stream(HEALTH_STREAM)(watched())
        next(stream)
        assert server.refused(LOG_RETURNS, returns()).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        until(lambda: len(lines) == 1)
        stream.cancel()
    assert fields(lines[0])["reason"] == "max_calls_in_flight"
