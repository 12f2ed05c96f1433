"""Shared by all tests: the peer marker, and Hypothesis without deadlines (a shared machine is no stopwatch)."""

import hypothesis
import pytest

hypothesis.settings.register_profile("meanrev", deadline=None, print_blob=True)
hypothesis.settings.load_profile("meanrev")


def pytest_addoption(parser):
    parser.addoption("--run-peers", action="store_true", help="run the comparisons with the peers set")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--run-peers"):
        return
    skip = pytest.mark.skip(reason="needs `make peers`")
    for item in items:
        if "peer" in item.keywords:
            item.add_marker(skip)
