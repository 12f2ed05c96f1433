"""Ids of chunks and plans: hashes of everything that a result depends on, so that equal ids have equal results."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import gpu_kernels
from meanrev_batch.model import Floats, Ints, PairList, SeriesList, Tile
from meanrev_batch.options import FitOptions, ScanOptions, SweepOptions

__all__ = ["FORMAT", "bytes_digest", "column_digest", "hashed", "list_id", "maths", "series_id", "tile_id"]

FORMAT = 1
"""Of the files of a run; it changes when they can no longer be read as before."""

_DIGITS = 32
_NOT_OF_SERIES = ("memory", "top")
_OF_TESTS = ("lags", "log")
_OF_TRADES = (*_OF_TESTS, "cost", "objective", "lookback", "periods_per_year", "score", "cost_legs", "bias")


def hashed(content: object) -> str:
    """Return the sha256, in hexadecimal digits, of a value that JSON can carry; keys are sorted."""
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def bytes_digest(data: Any) -> str:
    """Return a digest of bytes, or of a contiguous buffer."""
    return blake2b(data, digest_size=16).hexdigest()


def column_digest(prices: Floats | Ints) -> str:
    """Return a digest of the bytes of a column."""
    return bytes_digest(np.ascontiguousarray(prices).data)


@cache
def maths() -> str:
    """Return a digest of the code that computes: the kernels, the steps of a batch, and NumPy's version.

    The version of meanrev is no part of it, so that a release that changes only pages or the server voids no chunk.
    """
    whole = sha256(np.__version__.encode())
    here = Path(__file__).parent
    for root, patterns in ((Path(gpu_kernels.__file__).parent, ("*.py", "*.cu", "*.h")), (here / "work", ("*.py",))):
        for path in sorted(path for pattern in patterns for path in root.rglob(pattern)):
            whole.update(f"{path.relative_to(root).as_posix()}\0".encode())
            whole.update(path.read_bytes())
    return whole.hexdigest()


def tile_id(options: ScanOptions, n_train: int, names: Iterable[str], digests: Mapping[str, str], tile: Tile) -> str:
    """Return the id of a tile.

    Args:
        options: Of the scan.
        n_train: Bars of the train part.
        names: Of the universe, in the order of the matrix.
        digests: Of the prices of each name in the train part.
        tile: Which.
    """
    every = tuple(names)
    involved = (*every[tile.y_start : tile.y_stop], *every[tile.x_start : tile.x_stop])
    level = options.selection.level
    prices = [[name, digests[name]] for name in involved]
    return _id(["test", _chosen(options, _OF_TESTS), level, n_train, prices, list(tile)])


def list_id(
    options: ScanOptions, n_train: int, names: Iterable[str], digests: Mapping[str, str], pairs: PairList
) -> str:
    """Return the id of a list.

    Args:
        options: Of the scan.
        n_train: Bars of the train part.
        names: Of the universe, in the order of the matrix.
        digests: Of the prices of each name in both parts.
        pairs: The list.
    """
    every = tuple(names)
    involved = [every[place] for place in np.unique(np.concatenate([pairs.y, pairs.x])).tolist()]
    columns = [column_digest(column) for column in pairs[1:]]
    prices = [[name, digests[name]] for name in involved]
    return _id(["trade", _chosen(options, _OF_TRADES), n_train, pairs.stop, prices, columns])


def series_id(
    options: SweepOptions | FitOptions, names: Iterable[str], digests: Mapping[str, str], series: SeriesList
) -> str:
    """Return the id of a chunk of a sweep, or of fits.

    Args:
        options: Of the run.
        names: Of the universe, in the order of the matrix.
        digests: Of the prices of each name.
        series: Of the chunk.
    """
    every = tuple(names)
    involved = [every[place] for place in np.unique(np.concatenate([series.y, series.x])).tolist() if place >= 0]
    given = msgspec.to_builtins(options)
    asked = {name: given[name] for name in given if name not in _NOT_OF_SERIES}
    columns = [column_digest(column) for column in series]
    return _id([type(options).__name__, asked, [[name, digests[name]] for name in involved], columns])


def _chosen(options: ScanOptions, names: tuple[str, ...]) -> dict[str, Any]:
    every = msgspec.to_builtins(options)
    return {name: every[name] for name in names}


def _id(content: list[Any]) -> str:
    return hashed([FORMAT, maths(), *content])[:_DIGITS]
