"""The plan of a sweep or of fits: series in lists. It is in run.json and three tables, and is read from them."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from meanrev_batch import tables
from meanrev_batch.identity import FORMAT, column_digest, hashed, maths, series_id
from meanrev_batch.model import Chunk, Ints, SeriesList
from meanrev_batch.options import FitOptions, SweepOptions
from meanrev_batch.plan import Source, source_entry
from meanrev_batch.store import Folder
from meanrev_batch.tiling import ranges, series_size
from meanrev_batch.work.sweep import grid_of

__all__ = ["Op", "SeriesPlan", "bars_file", "loaded_series", "series_file", "series_plan_of"]

Op = Literal["sweep", "fit"]


class SeriesPlan(NamedTuple):
    """What is computed.

    Attributes:
        op: "sweep" or "fit".
        options: Of the run.
        names: Of the matrix, in its order.
        digests: Of their prices, by name.
        series: All of them, in their order.
        stamps_ms: Times of the bars.
        size: Series of a chunk.
        document: What run.json says.
    """

    op: Op
    options: SweepOptions | FitOptions
    names: tuple[str, ...]
    digests: dict[str, str]
    series: SeriesList
    stamps_ms: Ints
    size: int
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        """A hash of everything that the answer depends on."""
        return str(self.document["plan"])

    @property
    def of_pairs(self) -> bool:
        """Whether the series are spreads of pairs."""
        return bool(self.series.y.size and self.series.x[0] >= 0)

    def chunks(self) -> list[Chunk]:
        """Return the chunks, in the order of the series."""
        found = []
        for start, stop in ranges(self.series.y.size, self.size):
            part = self.series.part(start, stop)
            id_ = series_id(self.options, self.names, self.digests, part)
            cost = float((stop - start) * self.stamps_ms.size)
            found.append(Chunk(id_, self.op, f"series {start} to {stop - 1}", part, cost))
        return found


def series_plan_of(
    source: Source, options: SweepOptions | FitOptions, series: SeriesList, about: Mapping[str, Any]
) -> SeriesPlan:
    """Make the plan of a run.

    Args:
        source: The universe.
        options: Of the run.
        series: All of them.
        about: What run.json says besides, which the answer does not depend on: versions, host, time.
    """
    op: Op = "sweep" if isinstance(options, SweepOptions) else "fit"
    names = tuple(source.rows)
    n_cells = 1
    if isinstance(options, SweepOptions):
        n_cells = grid_of(options, of_pairs=bool(series.x[0] >= 0)).cells.valid.size
    size = series_size(options.memory, source.stamps_ms.size, n_cells, series.y.size)
    core = {
        "format": FORMAT,
        "op": op,
        "options": msgspec.to_builtins(options),
        "source": source_entry(source),
        "series": {"n": int(series.y.size), "digests": [column_digest(column) for column in series]},
        "maths": maths(),
        "block": size,
        "n_chunks": {op: -(-series.y.size // size)},
    }
    document = {**core, "plan": hashed(core), "uri": source.uri, **about}
    return SeriesPlan(op, options, names, source.windows[0].digests[1], series, source.stamps_ms, size, document)


def series_file(series: SeriesList) -> bytes:
    """Return series.parquet: the rows of the matrix that each series is made of."""
    return tables.encoded(series._asdict(), tables.SERIES, {})


def bars_file(stamps_ms: Ints) -> bytes:
    """Return bars.parquet: the times of the bars."""
    return tables.encoded({"time": stamps_ms}, tables.BARS, {})


def loaded_series(folder: Folder, document: Mapping[str, Any]) -> SeriesPlan:
    """Return the plan that is in a folder.

    Args:
        folder: Of the run.
        document: Its run.json.
    """
    rows = tables.columns_of([folder.path / "universe.parquet"], tables.UNIVERSE).to_pylist()
    digests = {row["name"]: row["digest"] for row in rows if row["status"] == "kept"}
    listed = tables.columns_of([folder.path / "series.parquet"], tables.SERIES)
    kinds = {"y": np.int64, "x": np.int64, "hedge_ratio": np.float64, "intercept": np.float64}
    columns: Any = [listed[name].to_numpy().astype(kind) for name, kind in kinds.items()]
    series = SeriesList(*columns)
    stamps = tables.columns_of([folder.path / "bars.parquet"], tables.BARS)["time"].to_numpy()
    op: Op = document["op"]
    kind: type[SweepOptions | FitOptions] = SweepOptions if op == "sweep" else FitOptions
    options = msgspec.convert(document["options"], kind)
    stamps_ms = stamps.astype("datetime64[ms]").astype(np.int64)
    return SeriesPlan(op, options, tuple(digests), digests, series, stamps_ms, document["block"], document)
