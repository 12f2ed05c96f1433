"""Arguments reach C as it takes them, and an array that it would misread is refused."""

import ctypes

import numpy as np
import pytest

from gpu_kernels.launch import Count, Number, Threads, pointer


def test_a_pointer_leads_to_the_array():
    array = np.array([[1.5, 2.5], [3.5, 4.5]])
    address = pointer(array).value
    assert list((ctypes.c_double * 4).from_address(address)) == [1.5, 2.5, 3.5, 4.5]


def test_a_view_starts_where_it_starts():
    array = np.arange(6.0).reshape(3, 2)
    assert pointer(array[1:]).value == pointer(array).value + 16


def test_a_read_only_array_is_taken():
    array = np.ones(3)
    array.flags.writeable = False
    assert pointer(array).value == array.ctypes.data


@pytest.mark.parametrize(
    "array",
    [
        np.ones(3, dtype=np.float32),
        np.ones(3, dtype=np.int64),
        np.ones(3, dtype=">f8"),
        np.ones((2, 3)).T,
        np.ones(6)[::2],
        np.ones(3)[::-1],
    ],
    ids=["float32", "int64", "big-endian", "transposed", "strided", "reversed"],
)
def test_an_array_that_a_kernel_would_misread_is_refused(array):
    with pytest.raises(TypeError, match="contiguous float64"):
        pointer(array)


def test_numbers_have_the_sizes_of_the_kernels_types():
    assert [ctypes.sizeof(each) for each in (Count, Number, Threads)] == [8, 8, 16]
    assert Count(2**40).value == 2**40
