"""Parts of requests, for the files of tests/requests: prices, returns, names, and the messages with them."""

import json

import numpy as np

from meanrev_wire import codec
from tests.server.research import chunks

__all__ = ["block", "matrix", "metadata", "names", "returns", "walk"]

RNG = np.random.default_rng(7)


def walk(*shape):
    return 100 * np.exp(np.cumsum(RNG.normal(0, 0.01, shape), axis=0))


def returns(*shape):
    return RNG.normal(0, 0.01, shape)


def names(n):
    return [f"asset {i}" for i in range(n)]


def metadata(**options):
    return lambda _: json.dumps(options)


def block(message, **fields):
    """Return the function from a size to the one message of a request, each field of which is made from the size."""
    return lambda n: [codec.encode(message, **{name: value(n) for name, value in fields.items()})]


def matrix(n_columns, **options):
    """Return the function from a number of rows to the messages of a research method."""
    return lambda n: [one.SerializeToString() for one in chunks(walk(n, n_columns), total=n, **options)]
