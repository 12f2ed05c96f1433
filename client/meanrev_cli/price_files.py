"""Tables in files: CSV by the standard library, parquet through pyarrow where that is installed."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from meanrev.intake.containers import table
from meanrev_cli.failure import ExitCode, Failure

__all__ = ["PriceTable", "can_be_written", "read_prices", "write_table"]

_PARQUET = frozenset({".parquet", ".pq"})
_MISSING = frozenset({"", "na", "nan", "null", "none", "n/a"})


class PriceTable(NamedTuple):
    """Prices of a file.

    Attributes:
        names: N columns.
        values: (T, N), NaN where a price is missing.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]

    def columns(self, wanted: tuple[str, ...]) -> "PriceTable":
        """Return some of the columns, in the order asked for.

        Raises:
            Failure: there is no such column.
        """
        for name in wanted:
            if name not in self.names:
                few = ", ".join(self.names[:12]) + (" ..." if len(self.names) > 12 else "")
                raise Failure(ExitCode.BAD_DATA, f"the file has no column {name!r}; it has {few}")
        return PriceTable(wanted, self.values[:, [self.names.index(name) for name in wanted]])


def read_prices(path: Path) -> PriceTable:
    """Read a file with a column a series and a row a bar, oldest first; a column of dates or names is left out.

    Args:
        path: .parquet or .pq; anything else is CSV with a header.

    Raises:
        Failure: the file cannot be read, holds no prices, or needs pyarrow.
    """
    try:
        names, values = _parquet(path) if path.suffix in _PARQUET else _csv(path)
    except OSError as error:
        raise Failure(ExitCode.BAD_DATA, f"cannot read {str(path)!r}: {error.strerror or error}") from None
    except (ValueError, csv.Error) as error:
        raise Failure(ExitCode.BAD_DATA, f"cannot read {str(path)!r}: {error}") from None
    if not values.size:
        raise Failure(ExitCode.BAD_DATA, f"{str(path)!r} holds no prices: a header and rows of numbers are needed")
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise Failure(ExitCode.BAD_DATA, f"{str(path)!r} has two columns {twice!r}")
    return PriceTable(names, values)


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns of equal length.

    Args:
        path: .parquet or .pq; anything else becomes CSV, with nothing where a number is NaN.
        columns: Values by name.

    Raises:
        Failure: the file cannot be written, or needs pyarrow.
    """
    try:
        if path.suffix in _PARQUET:
            pyarrow, parquet = _pyarrow(path)
            known = {
                name: values if isinstance(values, tuple) else np.asarray(values) for name, values in columns.items()
            }
            parquet.write_table(pyarrow.table(known), path)
            return
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*(_written(values) for values in columns.values()), strict=True))
    except OSError as error:
        raise Failure(ExitCode.BAD_DATA, f"cannot write {str(path)!r}: {error.strerror or error}") from None


def can_be_written(*paths: Path | None) -> None:
    """Check before a long computation that its files' formats can be written.

    Raises:
        Failure: one needs pyarrow, or its folder does not exist.
    """
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise Failure(ExitCode.BAD_DATA, f"cannot write {str(path)!r}: its folder does not exist")
        if path is not None and path.suffix in _PARQUET:
            _pyarrow(path)


def _csv(path: Path) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    if len(rows) < 2:
        return (), np.empty((0, 0))
    header, body = rows[0], rows[1:]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} fields, the header {len(header)}")
    labels = 0 if all(_is_number(row[0]) for row in body) else 1
    values = np.array(
        [[_number(row[i], header[i], n) for i in range(labels, len(header))] for n, row in enumerate(body, 2)]
    )
    return tuple(name.strip() for name in header[labels:]), values.reshape(len(body), len(header) - labels)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text.strip().lower() in _MISSING
    return True


def _number(text: str, name: str, row: int) -> float:
    try:
        return float(text)
    except ValueError:
        if text.strip().lower() in _MISSING:
            return math.nan
        raise ValueError(f"row {row} of column {name!r} is no number: {text!r}") from None


def _parquet(path: Path) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    _, parquet = _pyarrow(path)
    held = parquet.read_table(path)
    texts = [field.name for field in held.schema if str(field.type) in {"string", "large_string"}]
    read = table("prices", held.drop_columns(texts))
    return tuple(str(name) for name in read.names), read.values


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - it may not be installed
        from pyarrow import parquet  # noqa: PLC0415 - likewise
    except ModuleNotFoundError:
        advice = "pip install pyarrow brings it, or give a CSV file"
        raise Failure(ExitCode.USAGE, f"{str(path)!r} is parquet, which needs pyarrow: {advice}") from None
    return pa, parquet


def _written(values: Any) -> list[Any]:
    plain = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return ["" if isinstance(value, float) and math.isnan(value) else value for value in plain]
