"""The Parquet files of a run: their columns, and how they are written and read. Only this module uses pyarrow."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from gpu_kernels.pair_trading.model import N_PERIODS, PairTable
from meanrev_batch.errors import Incomplete

__all__ = ["PAIRS", "TESTS", "TRADES", "UNIVERSE", "columns_of", "encoded", "verified", "write_pairs"]

_ROWS = 1 << 17
"""Rows of a group."""

_KEY = b"meanrev"
_TEXT = pa.dictionary(pa.int32(), pa.string())
_TIME = pa.timestamp("ms", tz="UTC")
_OTHER_TYPES = {
    "test_trades": pa.int64(),
    **dict.fromkeys(("period_half_life", "period_p_value"), pa.list_(pa.float64(), N_PERIODS)),
    **dict.fromkeys(("status", "reason", "test_note"), _TEXT),
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
    [("rank", pa.int64()), ("y", _TEXT), ("x", _TEXT)],
    _typed(name for name in _OF_SCANS if name not in {"y", "x", "p_best"}),
    [("formed_from", _TIME), ("formed_to", _TIME), ("traded_to", _TIME), ("left", pa.string())],
)
"""The answer: PairTable's columns in its order, but p_best, between rank and bars."""

UNIVERSE = _schema(
    [("name", pa.string()), ("status", _TEXT), ("reason", _TEXT), ("detail", pa.string())],
    [("first_bar", _TIME), ("last_bar", _TIME), ("n_bars", pa.int64()), ("n_filled", pa.int64())],
    [("stop", pa.int64()), ("traded_to", _TIME), ("train_digest", pa.string()), ("digest", pa.string())],
)
"""Every name of the universe, and why it was left out."""


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


def write_pairs(path: Path, parts: Iterable[Mapping[str, Any]], note: Mapping[str, Any]) -> int:
    """Write pairs.parquet part by part, and return how many rows it has.

    Args:
        path: Where to.
        parts: Columns by name, of at most a group of rows each.
        note: What its footer says.
    """
    schema = PAIRS.with_metadata({_KEY: json.dumps(note).encode()})
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
