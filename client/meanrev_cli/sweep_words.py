"""A sweep's tables as words, for the terminal and the page."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from meanrev.results import Result

__all__ = ["BEST", "STEPS", "cell", "records", "rows_of"]

BEST = (
    ("column", "{}"),
    ("entry_zscore", "{:g}"),
    ("exit_zscore", "{:g}"),
    ("cost", "{:g}"),
    ("lookback", "{}"),
    ("sharpe_ratio", "{:.2f}"),
    ("deflated_sharpe", "{:.2f}"),
    ("plateau_entry_zscore", "{:g}"),
    ("plateau_exit_zscore", "{:g}"),
    ("plateau_value", "{:.2f}"),
)
STEPS = (
    ("column", "{}"),
    ("train_start", "{}"),
    ("train_stop", "{}"),
    ("test_start", "{}"),
    ("test_stop", "{}"),
    ("entry_zscore", "{:g}"),
    ("exit_zscore", "{:g}"),
    ("train_sharpe", "{:.2f}"),
    ("test_sharpe", "{:.2f}"),
    ("test_return", "{:+.4f}"),
    ("test_trades", "{}"),
    ("test_max_drawdown", "{:.4f}"),
)


def rows_of(result: Result, columns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield the entries of a result's arrays as words.

    Args:
        result: With arrays of one length.
        columns: Field and format of each.
    """
    for i in range(len(np.atleast_1d(result[columns[0][0]]))):
        yield tuple(cell(np.atleast_1d(result[name])[i], shape) for name, shape in columns)


def cell(value: Any, shape: str) -> str:
    """Return a value as a word, "-" where it is NaN."""
    return "-" if isinstance(value, float) and math.isnan(value) else shape.format(value)


def records(result: Result) -> list[dict[str, Any]]:
    """Return the entries of a result's arrays as JSON objects; what is not finite becomes null."""
    columns = {name: np.atleast_1d(np.asarray(values)).tolist() for name, values in result.items()}
    return [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row}
        for row in (zip(columns, values, strict=True) for values in zip(*columns.values(), strict=True))
    ]
