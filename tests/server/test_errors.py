"""One tree of errors: what the server defines is drawn there, and all of it has a status."""

import importlib
import inspect
import pkgutil
import re

import grpc
import pytest

import meanrev_server
import meanrev_worker
from gpu_kernels.errors import Interrupted
from meanrev_server import errors
from meanrev_server.errors import ConfigError, LimitReached, NotFound, ServerError, ServerStopping
from meanrev_server.rpc.status import Refused, Status, status_of
from meanrev_worker import WorkerError


def defined(package):
    """Return the exceptions that the modules of a package define."""
    names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, BaseException) and kind.__module__ == module.__name__
    }


@pytest.mark.parametrize(("package", "base"), [(meanrev_server, ServerError), (meanrev_worker, WorkerError)])
def test_every_error_is_of_the_tree_that_its_package_draws(package, base):
    found = defined(package)
    drawn = importlib.import_module(f"{package.__name__}.errors").__doc__
    assert all(issubclass(kind, base) for kind in found)
    assert set(re.findall(r"^(?:│   )*(?:├── |└── )?([A-Z]\w+)", drawn.partition("\n\n")[2], re.MULTILINE)) >= {
        kind.__name__ for kind in found
    }


@pytest.mark.parametrize(
    "error",
    [NotFound("x"), LimitReached("x"), errors.Expired("x"), errors.StorageFailed("x"), ServerStopping()],
    ids=lambda e: type(e).__name__,
)
def test_every_error_that_reaches_a_caller_has_a_status_of_its_own(error):
    status = status_of(error)
    assert status.code is not grpc.StatusCode.INTERNAL
    assert status.message == str(error)


def test_a_refusal_keeps_its_status():
    status = Status(grpc.StatusCode.ABORTED, "no")
    assert status_of(Refused(status)) is status


@pytest.mark.parametrize("error", [ConfigError("secret"), Interrupted()], ids=lambda error: type(error).__name__)
def test_errors_that_no_caller_should_see_are_answered_without_their_words(error):
    status = status_of(error)
    assert status.code is grpc.StatusCode.INTERNAL
    assert str(error) not in status.message
