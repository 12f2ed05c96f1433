"""Requests of the methods for matrices that the server keeps, and of methods that name such a matrix."""

import json

import numpy as np

from meanrev_wire.matrix_ids import matrix_id
from meanrev_wire.research_pb2 import ListMatricesRequest, MatrixChunk, MatrixRequest
from tests.server.making import block, matrix
from tests.server.research import chunks

__all__ = ["CASES", "NEEDS_A_MATRIX", "of_size"]


def of_size(n):
    """Return the matrix that is kept, with timestamps."""
    return 100 + np.cumsum(np.sin(np.arange(20 * n)).reshape(n, 20), axis=0)


def id_of(n):
    return matrix_id(of_size(n), list(map(str, range(20))), np.arange(n))


def kept(columns=(), **options):
    """Name the matrix that is kept, or some columns of it."""
    chunk = {"columns": list(map(str, columns)), "metadata": json.dumps(options)}
    return lambda n: [MatrixChunk(matrix_id=id_of(n), **chunk).SerializeToString()]


def further(n):
    first, *rest = chunks(of_size(n), stamps=range(n, 2 * n), total=n)
    first.matrix_id = id_of(n)
    return [each.SerializeToString() for each in (first, *rest)]


CASES = {
    "FitOu, of a kept matrix": (kept(), (50, 10_000)),
    "ScanPairs, of a kept matrix": (kept(columns=[3, 1, 0, 2], lookback=10), (200, 1_000)),
    "PutMatrix": (matrix(20), (50, 20_000)),
    "AppendRows": (further, (50, 20_000)),
    "ListMatrices": (block(ListMatricesRequest), (1,)),
    "ListMatrices, one": (lambda n: [ListMatricesRequest(matrix_id=id_of(n)).SerializeToString()], (50, 20_000)),
    "DropMatrix": (lambda n: [MatrixRequest(matrix_id=id_of(n)).SerializeToString()], (50,)),
}
NEEDS_A_MATRIX = set(CASES) - {"PutMatrix", "ListMatrices"}
