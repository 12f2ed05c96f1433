"""One server in a thread for all tests, and the same code without a socket."""

import os
import socket

import numpy as np
import pytest

import meanrev as mr


@pytest.fixture(scope="session")
def address():
    with mr.serve(grace_s=0) as where:
        yield where


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("MEANREV_")]:
        monkeypatch.delenv(name)


@pytest.fixture(params=["grpc", "local"])
def where(request, address):
    """Both ways to the same code."""
    return address if request.param == "grpc" else "local"


@pytest.fixture
def client(where):
    with mr.Client(where) as connected:
        yield connected


@pytest.fixture(scope="session")
def prices():
    """(400, 3) mean-reverting prices around 50, read-only."""
    rng = np.random.default_rng(1)
    out = np.full((400, 3), 50.0)
    for t in range(1, len(out)):
        out[t] = out[t - 1] + 0.1 * (50 - out[t - 1]) + rng.normal(0, 0.5, 3)
    out.setflags(write=False)
    return out


@pytest.fixture(scope="session")
def returns(prices):
    return np.diff(np.log(prices), axis=0)


@pytest.fixture
def closed_address():
    """An address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
