"""The Parquet files of a run: their columns, and how they are written and read. Only this module uses pyarrow."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from gpu_kernels.ou.claims import FIELDS
from gpu_kernels.pair_trading.model import N_PERIODS, PairTable
from gpu_kernels.threshold_grid.model import WalkStep
from meanrev_batch.errors import BadOption, Incomplete

__all__ = [
    "BARS",
    "FITTED",
    "PAIRS",
    "SERIES",
    "STEPS",
    "SWEPT",
    "TESTS",
    "TRADES",
    "UNIVERSE",
    "answer_of_series",
    "columns_of",
    "encoded",
    "pairs_of",
    "verified",
    "write_parts",
]

_ROWS = 1 << 17
"""Rows of a group."""

_KEY = b"meanrev"
_TEXT = pa.dictionary(pa.int32(), pa.string())
_TIME = pa.timestamp("ms", tz="UTC")
_OTHER_TYPES = {
    "test_trades": pa.int64(),
    **dict.fromkeys(("period_half_life", "period_p_value"), pa.list_(pa.float64(), N_PERIODS)),
    **dict.fromkeys(("status", "reason", "test_note", "note"), _TEXT),
    **dict.fromkeys(("cell", "lookback", "num_trades", "plateau_cell", "n_bars", "n_samples", "tries"), pa.int64()),
    **dict.fromkeys(("series", "train_start", "train_stop", "test_start", "test_stop"), pa.int64()),
}
_OF_SCANS = PairTable._fields[: PairTable._fields.index("n_pairs")]
_NOT_OF_LISTS = {"y", "x", "q_value", "train_sharpe", "deflated_sharpe", "p_best"}


def _schema(*parts: Iterable[tuple[str, Any]]) -> Any:
    return pa.schema([field for part in parts for field in part])


def _typed(names: Iterable[str]) -> list[tuple[str, Any]]:
    return [(name, _OTHER_TYPES.get(name, pa.float64())) for name in names]


_PLACES = [("y", pa.int32()), ("x", pa.int32())]
_TESTED = ("hedge_ratio", "intercept", "adf_statistic", "p_value")
_OF_LISTS = [name for name in _OF_SCANS if name not in _NOT_OF_LISTS and name not in _TESTED]

TESTS = _schema(_PLACES, _typed(_TESTED))
"""A tile: its pairs with p below the level."""

TRADES = _schema(_PLACES, _typed(_TESTED), _typed(_OF_LISTS), _typed(("sharpe_per_bar", "skewness", "kurtosis")))
"""A list, traded."""

PAIRS = _schema(
    [("rank", pa.int64()), ("window", pa.int32()), ("y", _TEXT), ("x", _TEXT)],
    _typed(name for name in _OF_SCANS if name not in {"y", "x", "p_best"}),
    [("formed_from", _TIME), ("formed_to", _TIME), ("traded_to", _TIME), ("left", pa.string())],
)
"""The answer: PairTable's columns in its order, but p_best, between rank and bars."""

UNIVERSE = _schema(
    [("window", pa.int32()), ("name", pa.string()), ("status", _TEXT), ("reason", _TEXT), ("detail", pa.string())],
    [("first_bar", _TIME), ("last_bar", _TIME), ("n_bars", pa.int64()), ("n_filled", pa.int64())],
    [
        ("row", pa.int32()),
        ("stop", pa.int64()),
        ("traded_to", _TIME),
        ("train_digest", pa.string()),
        ("digest", pa.string()),
    ],
)
"""Every name of the universe in every window, and why it was left out."""


_OF_CELLS = ("cell", "entry_zscore", "exit_zscore", "cost", "lookback")
_FIGURES = ("sharpe_ratio", "cumulative_return", "max_drawdown", "num_trades", "deflated_sharpe")
_PLATEAUS = ("plateau_cell", "plateau_entry_zscore", "plateau_exit_zscore", "plateau_value")
_ERRORS = ("n_bars", "sharpe_std_error", "probability_sharpe_positive", "status", "reason", "note")
_BEST = [*_OF_CELLS, *_FIGURES, "run_deflated_sharpe", *_PLATEAUS, *_ERRORS]
_WALKED = [*_OF_CELLS, *(name for name in WalkStep._fields if name not in {"series", "cell"})]

SWEPT = _schema(
    [("y", pa.int32()), ("x", pa.int32())],
    _typed([name for name in _BEST if name != "run_deflated_sharpe"]),
    _typed(("skewness", "kurtosis", "tries", "tries_mean", "tries_squares")),
)
"""A chunk of a sweep: the best cells of its series, and what the gathering needs of all its cells."""

STEPS = _schema(_typed(["series", *_WALKED]))
"""The steps of its walk-forward; a series is its row in the chunk."""

FITTED = _schema([("y", pa.int32()), ("x", pa.int32())], _typed([*FIELDS, "status", "reason"]))
"""A chunk of fits."""

SERIES = _schema(_PLACES, _typed(("hedge_ratio", "intercept")))
"""The series of a sweep or of fits, in their order: rows of the matrix; x is -1 for a name alone."""

BARS = _schema([("time", _TIME)])
"""The times of the bars."""

_OF_NAMES, _OF_PAIRS = [("name", _TEXT)], [("y", _TEXT), ("x", _TEXT), *_typed(("hedge_ratio", "intercept"))]
_DATES = [(name, _TIME) for name in ("train_first", "train_last", "test_first", "test_last")]


def answer_of_series(kind: str, *, of_pairs: bool) -> Any:
    """Return the schema of an answer.

    Args:
        kind: "best", "walk" or "fits".
        of_pairs: Whether the series are spreads of pairs.
    """
    ids = _OF_PAIRS if of_pairs else _OF_NAMES
    if kind == "fits":
        return _schema(ids, _typed([*FIELDS, "status", "reason"]))
    return _schema(ids, _typed(_BEST)) if kind == "best" else _schema(ids, _typed(_WALKED), _DATES)


def encoded(columns: Mapping[str, Any], schema: Any, note: Mapping[str, Any]) -> bytes:
    """Return a Parquet file.

    Args:
        columns: By name; a two-dimensional array becomes lists.
        schema: One of this module's.
        note: What its footer says, as JSON types.
    """
    arrays = [_array(columns[field.name], field.type) for field in schema]
    table = pa.Table.from_arrays(arrays, schema=schema.with_metadata({_KEY: json.dumps(note).encode()}))
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", row_group_size=_ROWS, write_page_checksum=True)
    return out.getvalue()


def _array(values: Any, kind: Any) -> Any:
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel(), kind.value_type), kind.list_size)
    if pa.types.is_dictionary(kind):
        return pa.array(list(values), kind.value_type).dictionary_encode()
    return pa.array(values, kind)


def verified(path: Path) -> dict[str, Any] | None:
    """Read a file and verify its checksums.

    Returns:
        What its footer says, and its "rows"; None where it is damaged, or no Parquet file of a run.
    """
    if not path.exists():
        return None
    try:
        read = _table(path)
        return {**json.loads(read.schema.metadata[_KEY]), "rows": read.num_rows}
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
        return None


def columns_of(paths: Sequence[Path], schema: Any, names: Iterable[str] | None = None) -> Any:
    """Return some columns of files below each other, as an Arrow table.

    Args:
        paths: In the order of the rows.
        schema: Of the files.
        names: Of the columns; None for all.

    Raises:
        Incomplete: a file is missing or damaged.
    """
    chosen = list(schema.names if names is None else names)
    parts = [_read(path, chosen) for path in paths]
    nothing = pa.schema([schema.field(name) for name in chosen]).empty_table()
    return pa.concat_tables([nothing, *(part.replace_schema_metadata(None) for part in parts)])


def pairs_of(path: Path) -> dict[str, Any]:
    """Read the pairs of a file, such as pairs.parquet of a scan.

    Args:
        path: Of a Parquet file.

    Returns:
        y and x as lists of names, hedge_ratio and intercept as float64.

    Raises:
        BadOption: the file cannot be read, or has no such columns.
    """
    kinds = {"y": pa.string(), "x": pa.string(), "hedge_ratio": pa.float64(), "intercept": pa.float64()}
    try:
        read = _table(path)
        columns = {name: read[name].cast(kind).combine_chunks() for name, kind in kinds.items()}
    except KeyError as error:
        name = str(error).split('"')[1]
        rule = (
            "must be a Parquet file with the columns y, x, hedge_ratio and intercept, such as pairs.parquet of a scan"
        )
        raise BadOption("pairs", f"{rule}; {name} is missing", str(path)) from None
    except (OSError, pa.ArrowException) as error:
        raise BadOption("pairs", f"cannot be read ({str(error).splitlines()[0]})", str(path)) from None
    empty = next((name for name, column in columns.items() if column.null_count), None)
    if empty is not None:
        raise BadOption("pairs", f"must have a value of {empty} in each row", str(path))
    if "window" in read.column_names and len(read["window"].unique()) > 1:
        rule = "must be of one window, because each fits its own hedge ratios; write the rows of one to a file"
        raise BadOption("pairs", rule, str(path))
    numbers = {name: columns[name].to_numpy() for name in ("hedge_ratio", "intercept")}
    return {name: columns[name].to_pylist() for name in ("y", "x")} | numbers


def _table(path: Path, columns: list[str] | None = None) -> Any:
    """Read a file, or some of its columns, and verify its checksums; pq.read_table takes several times as long."""
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read(columns, use_threads=False)


def _read(path: Path, columns: list[str]) -> Any:
    try:
        return _table(path, columns)
    except (OSError, pa.ArrowException) as error:
        what = "is missing" if isinstance(error, FileNotFoundError) else f"is damaged ({str(error).splitlines()[0]})"
        raise Incomplete(f"{path} {what}; run the command that wrote it again") from None


def write_parts(path: Path, schema: Any, parts: Iterable[Mapping[str, Any]], note: Mapping[str, Any]) -> int:
    """Write an answer part by part, and return how many rows it has.

    Args:
        path: Where to.
        schema: Of the answer.
        parts: Columns by name, of at most a group of rows each.
        note: What its footer says.
    """
    schema = schema.with_metadata({_KEY: json.dumps(note).encode()})
    n_rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in parts:
            arrays = [_cast(part[field.name], field.type) for field in schema]
            table = pa.Table.from_arrays(arrays, schema=schema)
            writer.write_table(table, row_group_size=_ROWS)
            n_rows += table.num_rows
    return n_rows


def _cast(values: Any, kind: Any) -> Any:
    if isinstance(values, pa.ChunkedArray):
        return cast("Any", values.combine_chunks() if values.type == kind else values.cast(kind).combine_chunks())
    return _array(values, kind)
