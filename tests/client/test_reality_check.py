"""The client's reality check: containers, labels, a job, asyncio and errors."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import meanrev as mr
from gpu_kernels import data_snooping
from meanrev.results import RealityCheck

RETURNS = 0.01 * np.random.default_rng(4).standard_normal((80, 5)) + 0.002 * np.arange(5)
LABELS = [("SPY", 1), ("SPY", 2), 3, "four", 5.5]
FRAME = pd.DataFrame(RETURNS, index=pd.date_range("2024-01-01", periods=80)).set_axis(pd.Index(LABELS), axis=1)


def test_an_array_has_numbers_for_labels(client):
    found, expected = client.reality_check(RETURNS, seed=3), data_snooping.examine(RETURNS, seed=3)
    assert isinstance(found, RealityCheck)
    assert found.strategy == ("0", "1", "2", "3", "4")
    assert found.best == str(expected.best)
    assert found.p_consistent == expected.p_consistent
    assert found.pbo == expected.overfitting.pbo
    np.testing.assert_array_equal(found.superior, expected.superior)
    np.testing.assert_array_equal(found.path_sharpe_ratios, expected.paths.path_sharpe_ratios)
    np.testing.assert_array_equal(found.sharpe_std_error, expected.sharpe_std_error)
    np.testing.assert_array_equal(found.path_sharpe_std_errors, expected.paths.path_std_errors)
    ratios = found.path_sharpe_ratios / found.path_sharpe_std_errors
    np.testing.assert_allclose(found.path_probabilities_positive, norm.cdf(ratios), rtol=1e-9)
    assert found.path_note == ""


def test_a_frame_has_its_own_labels(client):
    found = client.reality_check(FRAME, benchmark=3, n_test_folds=1)
    assert found.strategy == (("SPY", 1), ("SPY", 2), "four", 5.5)
    assert found.best in found.strategy
    assert set(found.chosen) <= set(found.strategy)
    assert len(found.chosen) == 10
    table = found.to_frame()
    assert list(table["strategy"]) == list(found.strategy)
    of_ratio = ["sharpe_ratio", "sharpe_std_error", "probability_sharpe_positive"]
    assert list(table.columns) == ["strategy", "status", "reason", "mean", "std_error", *of_ratio, "superior"]


def test_a_mapping_is_read_and_a_benchmark_may_be_a_number(client):
    by_name = client.reality_check({f"rule {i}": RETURNS[:, i] for i in range(5)}, benchmark="rule 1")
    by_place = client.reality_check(RETURNS, benchmark=1)
    assert by_name.strategy == ("rule 0", "rule 2", "rule 3", "rule 4")
    assert by_place.strategy == ("0", "2", "3", "4")
    assert by_name.p_consistent == by_place.p_consistent


def test_a_job_gives_the_same(client):
    assert client.submit("reality_check", RETURNS).result() == client.reality_check(RETURNS)


async def test_asyncio_gives_the_same(client):
    async with mr.AsyncClient("local") as other:
        assert await other.reality_check(RETURNS) == client.reality_check(RETURNS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"benchmark": "SPX"}, "benchmark must be the name of a column, such as \\('SPY', 1\\), got 'SPX'"),
        ({"n_blocks": 7}, "n_blocks must be even and 2 .. 16, got 7"),
        ({"purged": 30}, "n_test_folds must leave 10 rows for training"),
    ],
)
def test_an_error_names_the_argument(client, arguments, words):
    with pytest.raises(mr.InvalidInput, match=words):
        client.reality_check(FRAME, **arguments)


def test_a_missing_return_is_named_by_label_and_time(client):
    spoiled = FRAME.copy()
    spoiled.iloc[9, 3] = np.nan
    with pytest.raises(mr.InvalidInput, match="four") as error:
        client.reality_check(spoiled)
    assert "returns" in str(error.value)
    assert "2024-01-10" in str(error.value)
