"""Shared by all tests: the peer marker, and Hypothesis without deadlines (a shared machine is no stopwatch)."""

import sys

import hypothesis
import pytest

hypothesis.settings.register_profile("meanrev", deadline=None, print_blob=True)
hypothesis.settings.load_profile("meanrev")


@pytest.fixture(autouse=True)
def kernels_cached_where_they_were():
    """Leave the folder of compiled kernels as it was: settings of a test move it for the whole process."""
    kernels = sys.modules.get("gpu_kernels.compile")
    before = None if kernels is None else kernels._folder[:]
    yield
    if before is not None:
        kernels._folder[:] = before


def pytest_addoption(parser):
    parser.addoption("--run-peers", action="store_true", help="run the comparisons with the peers set")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-peers"):
        return
    skip = pytest.mark.skip(reason="needs `make peers`")
    for item in items:
        if "peer" in item.keywords:
            item.add_marker(skip)
