"""SciPy's functions give what NumPy's and SciPy's wrappers give, and let other threads go on meanwhile."""

import sys
import threading
import time

import numpy as np
import pytest
import scipy.linalg

from gpu_kernels.pca import lapack

SHAPES = [(1, 1), (3, 2), (40, 17), (17, 40), (200, 128)]


def drawn(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_products_are_numpys(shape):
    left, right = drawn(shape), drawn((5, shape[1]), 1)
    gram = lapack.gram(left)
    np.testing.assert_allclose(gram, np.tril(left.T @ left), atol=1e-11)
    np.testing.assert_allclose(lapack.product(left, right), left @ right.T, atol=1e-11)
    np.testing.assert_allclose(lapack.symmetric_product(right, gram), right @ (left.T @ left), atol=1e-10)


@pytest.mark.parametrize(("size", "kept"), [(1, 1), (2, 1), (2, 2), (30, 7), (150, 15)])
def test_the_pairs_are_those_of_scipys_wrapper(size, kept):
    gram = lapack.gram(drawn((2 * size, size)))
    given = gram.copy()
    values, vectors = lapack.largest_pairs(gram, kept)
    expected, directions = scipy.linalg.eigh(gram, subset_by_index=(size - kept, size - 1))
    np.testing.assert_allclose(values, expected, rtol=1e-12)
    np.testing.assert_allclose(np.abs(vectors @ directions), np.eye(kept), atol=1e-8)
    assert np.array_equal(gram, given)


def test_what_the_driver_refuses_is_none():
    assert lapack.largest_pairs(np.eye(3), 4) is None


def test_arrays_of_another_layout_are_copied_and_never_misread():
    wide, right = drawn((4, 6)), drawn((6, 5), 1)
    np.testing.assert_allclose(lapack.gram(wide.T), np.tril(wide @ wide.T), atol=1e-12)
    np.testing.assert_allclose(lapack.product(wide.T, right.T[:, :4]), wide.T @ right[:4], atol=1e-12)
    with pytest.raises(TypeError, match="contiguous"):
        lapack._call("dsyrk", b"U", b"N", 4, 6, 1.0, wide.T, 4, 0.0, np.empty((4, 4)), 4)


def test_other_threads_go_on_while_a_spectrum_is_found():
    """No thread is asked for the lock here: another one has it only where the call gives it up."""
    gram, stop, steps, interval = lapack.gram(drawn((1200, 900))), threading.Event(), [], sys.getswitchinterval()

    def count():
        while not stop.is_set():
            steps.append(0)
            time.sleep(0.0005)

    other = threading.Thread(target=count)
    other.start()
    sys.setswitchinterval(60.0)
    try:
        before = len(steps)
        lapack.largest_pairs(gram, 90)
        meanwhile = len(steps) - before
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        other.join()
    assert meanwhile > 10  # some hundred; a few where the lock is kept
