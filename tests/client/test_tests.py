"""The client's tests for reversion: arrays, labels, one series, a job, and errors by the caller's names."""

import numpy as np
import pandas as pd
import pytest

from gpu_kernels import reversion
from meanrev.errors import InvalidInput
from meanrev.results import ReversionTests


@pytest.fixture
def frame(prices):
    return pd.DataFrame(prices, columns=["KO", "PEP", "SPY"])


def test_one_series_has_scalars(client, prices):
    found = client.tests(prices[:, 0], trend="ct", periods=4)
    assert isinstance(found, ReversionTests)
    expected = reversion.run_tests(prices[:, 0][None], trend="ct", periods=4)
    assert found.adf_statistic == pytest.approx(expected.adf_statistic[0])
    assert isinstance(found.hurst_increments, float)
    assert (found.status, found.n_samples) == ("ok", 400)


def test_many_columns_have_an_entry_each(client, frame):
    gapped = frame.copy()
    gapped.iloc[50, 1] = np.nan
    found = client.tests(gapped)
    assert found.column == ("KO", "PEP", "SPY")
    assert found.status == ("ok", "error", "ok")
    assert found.reason[1] == "the price at row 50 is nan: fill it, or leave its row out"
    assert found.to_frame().loc["SPY", "kpss_p_value"] == found.kpss_p_value[2]
    assert client.tests(frame["KO"]).variance_ratio == found.variance_ratio[0]


def test_it_can_be_a_job_and_a_dry_run(client, prices):
    assert client.submit("tests", prices).result() == client.tests(prices)
    assert client.tests(prices, dry_run=True).work > 0


def test_an_error_names_the_argument(client, prices):
    with pytest.raises(InvalidInput, match="trend"):
        client.tests(prices, trend="quadratic")
    with pytest.raises(InvalidInput, match="prices"):
        client.tests(prices[:20])
