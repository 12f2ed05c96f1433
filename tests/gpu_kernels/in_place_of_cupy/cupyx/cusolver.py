"""Solvers of cuSOLVER that the benchmark of a GPU calls by themselves."""

import cupy


def syevj(matrix, *, with_eigen_vector):
    assert with_eigen_vector
    return cupy.linalg.eigh(matrix)
