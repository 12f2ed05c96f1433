"""What a client sees of each error: a code and a sentence, and of the server's own troubles nothing more."""

import logging

import grpc
import pytest

from gpu_kernels.errors import Degenerate, DeviceFault, InvalidInput, OutOfMemory
from meanrev_server.errors import LimitReached, NotFound
from meanrev_server.rpc.status import status_of
from meanrev_worker import RepeatedCrash, WorkerLost


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("prices", "must be > 0", value=-1.0), grpc.StatusCode.INVALID_ARGUMENT),
        (Degenerate("covariance", "asset 0 has no variance"), grpc.StatusCode.FAILED_PRECONDITION),
        (NotFound("no portfolio"), grpc.StatusCode.NOT_FOUND),
        (LimitReached("at most 3"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (WorkerLost("the compute worker ended"), grpc.StatusCode.UNAVAILABLE),
        (RepeatedCrash("not tried again"), grpc.StatusCode.ABORTED),
    ],
)
def test_an_error_about_the_request_is_told_in_its_own_words(error, code):
    status = status_of(error)
    assert status.code is code
    assert status.message == str(error)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError("secret"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (OutOfMemory("secret", "send a smaller batch"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (DeviceFault("secret", "reboot"), grpc.StatusCode.UNAVAILABLE),
        (ZeroDivisionError("secret"), grpc.StatusCode.INTERNAL),
    ],
)
def test_an_error_of_the_server_keeps_its_particulars(error, code):
    status = status_of(error)
    assert status.code is code
    assert "secret" not in status.message + status.details


@pytest.mark.parametrize("error", [DeviceFault("no answer", "reboot"), ZeroDivisionError("by zero")])
def test_what_only_the_server_can_mend_is_logged_with_its_kind_and_places(error, caplog):
    with caplog.at_level(logging.ERROR):
        try:
            raise error
        except type(error):
            status_of(error)
    [record] = caplog.records
    assert type(error).__name__ in record.error
    assert "test_status.py" in record.frames
    assert record.exc_info is None


def test_what_an_unexpected_error_says_is_not_logged(caplog):
    with caplog.at_level(logging.DEBUG):
        error = ZeroDivisionError("of asset KO")
        error.__cause__ = KeyError("a price of 123.456")
        status_of(error)
    [record] = caplog.records
    assert record.error == "builtins.ZeroDivisionError from builtins.KeyError"
    assert not {word for word in ("123.456", "KO") if word in str(vars(record))}
