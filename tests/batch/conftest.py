"""A universe with a scan of it, computed once."""

import pytest

from meanrev_batch import scan
from tests.batch.universes import OPTIONS, prices, write


@pytest.fixture(scope="session")
def universe(tmp_path_factory):
    """A file of 40 names, two of which end in the test part."""
    values = prices()
    values[220:, 3] = values[200:, 30] = float("nan")
    return write(tmp_path_factory.mktemp("universe") / "prices.parquet", values)


@pytest.fixture(scope="session")
def scanned(universe, tmp_path_factory):
    """The folder of a scan of it."""
    out = tmp_path_factory.mktemp("scanned") / "run"
    assert scan(str(universe), out, OPTIONS, engine="here").state == "complete"
    return out
