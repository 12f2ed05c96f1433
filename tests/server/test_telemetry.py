"""What is logged tells where a fault is, and nothing that a caller sent."""

import asyncio
import io
import logging
import sys
import threading

import pytest
from grpc._cython.cygrpc import ExecuteBatchError  # type: ignore[import-not-found] # compiled code without stubs

from meanrev_server.log_queue import MOST_LINES, QueuedHandler
from meanrev_server.rpc.status import status_of
from meanrev_server.telemetry import start_logging

SECRETS = ("98765.4321", "ACME Ltd", "token-of-mine")


@pytest.fixture(params=["console", "json"])
def logs(request, monkeypatch):
    """Log to a text instead of stderr; gives what reads it."""
    root, text = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)
    before, level = root.handlers[:], root.level
    start_logging(request.param, "debug")
    [handler] = root.handlers

    def told():
        handler.flush()
        return text.getvalue()

    yield told
    root.handlers[:] = before
    root.setLevel(level)


def fault(prices):
    name, price, token = SECRETS[1], prices[0], SECRETS[2]
    raise ValueError(f"cannot trade {name} at {price} for {token}")


def test_an_unexpected_error_is_logged_by_kind_and_place(logs):
    try:
        fault([98765.4321])
    except ValueError as error:
        status_of(error)
    told = logs()
    assert "unexpected error" in told
    assert "ValueError" in told
    assert "test_telemetry.py" in told
    assert "in fault" in told
    assert not [secret for secret in SECRETS if secret in told]


def test_a_reply_that_nobody_takes_is_no_error_of_the_server(logs):
    grpcs = logging.getLogger("grpc._cython.cygrpc")
    lost, other = ExecuteBatchError("Failed grpc_call_start_batch: 10"), ValueError("odd")
    grpcs.error("raised in core by servicer method [/x/Y]", exc_info=(ExecuteBatchError, lost, None))
    assert "servicer method" not in logs()
    logging.getLogger("elsewhere").error("not sent", exc_info=(ExecuteBatchError, lost, None))
    grpcs.error("Unexpected [ValueError] raised by servicer method [/x/Y]", exc_info=(ValueError, other, None))
    assert "not sent" in logs()
    assert "Unexpected [ValueError]" in logs()


def test_so_is_what_other_libraries_log(logs):
    try:
        fault([98765.4321])
    except ValueError:
        logging.getLogger("grpc._cython.cygrpc").exception("Unexpected [ValueError] raised by servicer method [/x/Y]")
        logging.getLogger("elsewhere").warning("it failed: %s", "for a reason", exc_info=sys.exc_info())

    async def forgotten():
        task = asyncio.ensure_future(asyncio.to_thread(fault, [98765.4321]))
        await asyncio.wait([task])
        del task

    asyncio.run(forgotten())
    told = logs()
    for words in ("raised by servicer method [/x/Y]", "it failed: for a reason", "Task exception was never retrieved"):
        assert words in told
    assert told.count("in fault") == 3
    assert not [secret for secret in SECRETS if secret in told]


def test_a_record_without_an_exception_stays_as_it_is(logs):
    logging.getLogger("meanrev_server.app").info("serving", extra={"address": "unix:/run/s"})
    told = logs()
    assert "serving" in told
    assert "unix:/run/s" in told


class Full:
    """Writes nothing until it may, as a pipe that nobody reads."""

    def __init__(self):
        self.may_write, self.began, self.written = threading.Event(), threading.Event(), []

    def __call__(self, record):
        self.began.set()
        self.may_write.wait(30)
        self.written.append((record.getMessage(), getattr(record, "lines", None)))


def test_lines_for_a_full_pipe_are_dropped_and_counted():
    full = Full()
    handler = QueuedHandler(full)
    logger = logging.getLogger("spam")
    logger.propagate = False
    logger.setLevel("INFO")
    logger.addHandler(handler)
    logger.info("line %s", "first")
    assert full.began.wait(30)
    for number in range(MOST_LINES + 7):
        logger.info("line %d", number)
    handler.flush()  # which ends although nothing was written
    assert full.written == []
    full.may_write.set()
    while handler.queue.unfinished_tasks:
        handler.flush()
    assert full.written[:2] == [("line first", None), ("log lines were dropped", 7)]
    logger.removeHandler(handler)
    assert [message for message, _ in full.written[2:]] == [f"line {number}" for number in range(MOST_LINES)]
