"""Folds, purging and paths of combinatorial cross-validation beside skfolio."""

from itertools import combinations

import numpy as np
import pytest

from gpu_kernels.data_snooping import repeated_search

pytestmark = pytest.mark.peer


@pytest.mark.parametrize(
    ("n_folds", "n_test_folds", "purged", "embargo"),
    [(10, 2, 0, 0), (6, 3, 4, 0), (8, 2, 0, 5), (5, 2, 3, 2), (7, 5, 1, 1)],
)
def test_the_folds_are_those_of_skfolio(n_folds, n_test_folds, purged, embargo):
    selection = pytest.importorskip("skfolio.model_selection")
    n_periods = 40 * n_folds
    peer = selection.CombinatorialPurgedCV(
        n_folds=n_folds, n_test_folds=n_test_folds, purged_size=purged, embargo_size=embargo
    )
    fold_of = np.repeat(np.arange(n_folds), 40)
    ways = list(combinations(range(n_folds), n_test_folds))
    splits = list(peer.split(np.zeros((n_periods, 1))))
    assert len(splits) == len(ways)
    for way, (train, tests) in zip(ways, splits, strict=True):
        ours = np.flatnonzero(repeated_search.training_periods(fold_of, way, purged, embargo))
        np.testing.assert_array_equal(ours, train)
        np.testing.assert_array_equal(np.concatenate(tests), np.flatnonzero(np.isin(fold_of, way)))
    np.testing.assert_array_equal(repeated_search.path_numbers(ways, n_folds), peer.get_path_ids())
