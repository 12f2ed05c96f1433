"""q-values over many files are those over one array, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gpu_kernels.pair_trading.multiplicity import q_values as of_one_array
from meanrev_batch.gather.false_discovery import q_values

SOME = st.sampled_from([0.0, 1e-300, 1e-9, 0.01, 0.25, 0.5, 1.0])
P_VALUES = arrays(np.float64, st.integers(0, 60), elements=st.one_of(st.floats(0, 1), SOME))


def files(folder, parts):
    paths = []
    for place, part in enumerate(parts):
        paths.append(folder / f"{place}.p64")
        np.sort(part).tofile(paths[-1])
    return paths


@given(st.lists(P_VALUES, min_size=1, max_size=8), st.integers(1, 40), st.data())
@settings(max_examples=60)
def test_bits_are_those_of_one_array(tmp_path_factory, parts, at_once, data):
    """With ties, empty files, and ranges that are read one after the other."""
    whole = np.concatenate(parts)
    kept = data.draw(st.integers(0, whole.size))
    wanted = np.append(whole[:kept], np.nan)
    paths = files(tmp_path_factory.mktemp("p"), parts)
    found = q_values(paths, wanted, at_once=at_once)
    expected = np.append(of_one_array(whole)[:kept], np.nan)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("n_files", [1, 2, 100, 500])
def test_many_files(tmp_path, n_files):
    rng = np.random.default_rng(n_files)
    whole = np.round(rng.random(3_000) ** 3, 3)
    paths = files(tmp_path, np.array_split(rng.permutation(whole), n_files))
    assert q_values(paths, whole, at_once=200).tobytes() == of_one_array(whole).tobytes()


def test_no_p_value_at_all(tmp_path):
    assert q_values(files(tmp_path, [np.zeros(0)]), np.zeros(0)).size == 0
