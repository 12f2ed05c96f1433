"""What the parts of a batch run hand to each other: chunks of work, and what became of them."""

from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from meanrev_batch.options import FitOptions, ScanOptions, SweepOptions

__all__ = ["Chunk", "Floats", "Ints", "Job", "Outcome", "PairList", "Result", "SeriesList", "Stage", "Tile", "Window"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Stage = Literal["test", "trade", "sweep", "fit"]


class Window(NamedTuple):
    """A train part and the test part behind it.

    Attributes:
        number: From 1, oldest first.
        start: The first bar of the train part.
        n_train: Bars of the train part.
        n_bars: Bars of both parts.
    """

    number: int
    start: int
    n_train: int
    n_bars: int


class Tile(NamedTuple):
    """A rectangle of the matrix of pairs: columns of the universe from start to before stop, each pair once."""

    y_start: int
    y_stop: int
    x_start: int
    x_stop: int

    @property
    def n_pairs(self) -> int:
        """How many unordered pairs it has."""
        rows = self.y_stop - self.y_start
        return rows * (rows - 1) // 2 if self.y_start == self.x_start else rows * (self.x_stop - self.x_start)


class PairList(NamedTuple):
    """Selected pairs that are traded over the same bars; arrays are (P,).

    Attributes:
        stop: Bars of both parts together.
        y: Columns of the series regressed.
        x: Columns of the series they are regressed on.
        hedge_ratio: Of the train part.
        intercept: Likewise.
        adf_statistic: Likewise.
        p_value: Likewise.
    """

    stop: int
    y: Ints
    x: Ints
    hedge_ratio: Floats
    intercept: Floats
    adf_statistic: Floats
    p_value: Floats


class SeriesList(NamedTuple):
    """Series that are swept or fitted, each (P,): the prices of names, or the spreads of pairs.

    Attributes:
        y: Rows of the matrix.
        x: Rows of the other series of the pairs; -1 for a name alone.
        hedge_ratio: Units of x against one of y; NaN for a name alone.
        intercept: Of the pairs' regression; NaN likewise.
    """

    y: Ints
    x: Ints
    hedge_ratio: Floats
    intercept: Floats

    def part(self, start: int, stop: int) -> "SeriesList":
        """Return those from start to before stop."""
        return SeriesList(
            self.y[start:stop], self.x[start:stop], self.hedge_ratio[start:stop], self.intercept[start:stop]
        )


class Chunk(NamedTuple):
    """A piece of work that is done whole or not at all.

    Attributes:
        id: 32 hexadecimal digits that everything its result depends on goes into.
        stage: "test" or "trade" of a scan; "sweep"; "fit".
        place: Where it is, for people: "names 0 to 249 with 250 to 499".
        work: What it computes.
        cost: Pairs, or series, times bars.
        start: The first bar of its window, from which its other bars are counted.
        rows: Rows of the matrix of the names that it works on, in order: those of a tile's two blocks, or those that
            occur in a list, ascending; None where the numbers of its names are rows.
    """

    id: str
    stage: Stage
    place: str
    work: Tile | PairList | SeriesList
    cost: float
    start: int = 0
    rows: Ints | None = None

    @property
    def n_pairs(self) -> int:
        """Its pairs, or series."""
        return self.work.n_pairs if isinstance(self.work, Tile) else self.work.y.size


class Job(msgspec.Struct, frozen=True):
    """What all chunks of a stage share; it can be pickled.

    Attributes:
        options: Of the run.
        n_train: Bars of the train part of a scan; all bars of other runs.
        matrix: Path of the file of prices, (N, T).
        backend: One of gpu_kernels.backend.BACKENDS.
    """

    options: ScanOptions | SweepOptions | FitOptions
    n_train: int
    matrix: str
    backend: str


class Result(NamedTuple):
    """What a worker returns for a chunk.

    Attributes:
        body: A Parquet file of one row a pair, or a series.
        beside: Of a tile: all p-values, ascending, as bytes of float64. Of a sweep with walk-forward: a Parquet file of
            its steps. None for other chunks.
    """

    body: bytes
    beside: bytes | None = None


class Outcome(NamedTuple):
    """What became of a chunk.

    Attributes:
        chunk: Which.
        state: "done"; "failed" where it raised; "poison" where two workers ended while they computed it.
        result: Where it is done.
        reason: Where it is not.
        attempts: How often it was begun.
        cpu_s: Seconds of processor time.
        rss_bytes: The most memory that its worker has had.
        node: Name of the machine.
    """

    chunk: Chunk
    state: Literal["done", "failed", "poison"]
    result: Result | None = None
    reason: str = ""
    attempts: int = 1
    cpu_s: float = 0.0
    rss_bytes: int = 0
    node: str = ""
