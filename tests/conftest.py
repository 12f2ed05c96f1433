"""Shared by all tests: the peer marker, the width of lanes, and Hypothesis without deadlines (machines are shared)."""

import os
import sys

import hypothesis
import pytest

# Idle threads of OpenBLAS spin, on processors that the other test processes need. NumPy's first import reads this; a
# server sets a number of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

hypothesis.settings.register_profile("meanrev", deadline=None, print_blob=True)
hypothesis.settings.load_profile("meanrev")


@pytest.fixture(autouse=True)
def kernels_cached_where_they_were():
    """Leave the folder of compiled kernels and their lanes as they were: a test may set them for the whole process."""
    kernels, folder = sys.modules.get("gpu_kernels.compile"), sys.modules.get("gpu_kernels.kernel_cache")
    before = None if kernels is None else (folder._folder[:], kernels._lanes[:])
    yield
    if before is not None:
        folder._folder[:], kernels._lanes[:] = before


@pytest.fixture
def made(monkeypatch):
    """The Apps that are made meanwhile."""
    from meanrev_server.app import App

    apps, build = [], App.__init__

    def building(self, *args):
        build(self, *args)
        apps.append(self)

    monkeypatch.setattr(App, "__init__", building)
    return apps


@pytest.fixture
def impatient(monkeypatch):
    """Let calls of this process give up a server that never answered after a moment, and not after their timeout."""
    from meanrev import client_base
    from meanrev.retry import Outage

    monkeypatch.setattr(client_base, "Outage", lambda address, _: Outage(address, 0.3))


def pytest_configure():
    """Compile kernels for the lanes that MEANREV_LANES names, as a server that a test starts does."""
    if width := os.environ.get("MEANREV_LANES"):
        from gpu_kernels.compile import use_lanes
        from gpu_kernels.errors import InvalidInput

        try:
            use_lanes(int(width))
        except (ValueError, InvalidInput):
            rule = "must be 2, 4 or 8, or 0 for the width of the CPU's vectors"
            raise pytest.UsageError(f"MEANREV_LANES {rule}, got {width!r}") from None


def pytest_addoption(parser):
    parser.addoption("--run-peers", action="store_true", help="run the comparisons with the peers set")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-peers"):
        return
    skip = pytest.mark.skip(reason="needs `make peers`")
    for item in items:
        if "peer" in item.keywords:
            item.add_marker(skip)
