"""Returns of which too few rows are complete: the error names the asset at whose fault that is."""

import pickle

import numpy as np
import pytest

from gpu_kernels import moments, pca
from gpu_kernels.errors import Degenerate, InvalidInput


def returns(n_rows=50):
    return np.random.default_rng(0).normal(size=(n_rows, 3))


@pytest.mark.parametrize("ask", [moments.covariance, moments.portfolio_stats])
def test_an_asset_without_a_return_is_named(ask):
    given = returns()
    given[:, 1] = np.nan
    with pytest.raises(InvalidInput, match=r"asset 1 has no finite return; leave it out") as caught:
        ask(given)
    assert (caught.value.index, caught.value.value) == ((0, 1), 0)


@pytest.mark.parametrize("ask", [moments.covariance, moments.portfolio_stats])
def test_an_asset_with_too_few_returns_is_named_where_the_others_have_enough(ask):
    given = returns()
    given[1:, 2] = np.nan
    with pytest.raises(InvalidInput, match=r"asset 2 has 1 of 50 returns; .*got 1") as caught:
        ask(given)
    assert caught.value.index == (0, 2)


def test_where_no_asset_alone_is_at_fault_the_one_with_the_fewest_is_told():
    given = returns(6)
    given[:3, 0] = given[3:, 1] = given[[0, 1, 3, 5], 2] = np.nan
    with pytest.raises(InvalidInput, match=r"asset 2 has the fewest, 2 of 6 returns") as caught:
        moments.covariance(given)
    assert caught.value.index is None


def test_a_single_row_is_no_assets_fault():
    with pytest.raises(InvalidInput, match=r"returns must have at least 2 rows without NaN, got 1"):
        moments.covariance(returns(1))


def test_principal_components_name_an_asset_without_a_return():
    given = returns()
    given[:, 2] = np.nan
    with pytest.raises(InvalidInput, match="asset 2 has no return at all") as caught:
        pca.fit(given)
    assert caught.value.index == (0, 2)
    given = returns()
    given[4, 1] = np.nan
    with pytest.raises(InvalidInput, match=r"returns\[4, 1\] must be finite"):
        pca.fit(given)


def test_a_degenerate_answer_keeps_its_place_across_processes_and_names():
    error = Degenerate("returns", "asset 1 has no variance", index=(0, 1))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.field, again.index) == (str(error), "returns", (0, 1))
    assert error.renamed({"returns": "returns_sequence[0]"}).field == "returns_sequence[0]"
    assert error.renamed({}).index == (0, 1)
