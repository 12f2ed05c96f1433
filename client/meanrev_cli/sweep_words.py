"""A sweep's tables as words, for the terminal and the page."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from meanrev.results import Result, SweepResult

__all__ = ["BEST", "STEPS", "cell", "records", "rows_of", "without_figures"]

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
    ("n_bars", "{}"),
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
    """Return the entries of a result's arrays as JSON objects; times become text, and what is not finite null."""
    columns = {name: np.atleast_1d(np.asarray(values)) for name, values in result.items() if values is not None}
    entries = {name: (values.astype(str) if values.dtype.kind == "M" else values) for name, values in columns.items()}
    return [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row}
        for row in (
            zip(entries, values, strict=True)
            for values in zip(*(values.tolist() for values in entries.values()), strict=True)
        )
    ]


def without_figures(swept: SweepResult, most: int) -> Iterator[str]:
    """Yield a sentence for each column and walk-forward step without figures.

    Args:
        swept: What was found.
        most: Sentences on columns, and on steps, after which the others are only counted.
    """
    best, walk = swept.best, swept.walk_forward
    said = [(name or "prices", why) for name, why in _reasons(best.column, best.reason)]
    yield from _some([f"{name} has no figures: {why}" for name, why in said], most, "columns")
    if walk is not None:
        bars = [f"step from bar {start}" for start in walk.train_start.tolist()]
        steps = [
            f"{name or 'prices'}, {step}: {why}"
            for name, step, why in zip(walk.column, bars, walk.reason, strict=True)
            if why and not any(why == other for _, other in said)
        ]
        yield from _some(steps, most, "steps")


def _reasons(names: Any, reasons: Any) -> list[tuple[str, str]]:
    each = zip(np.atleast_1d(names).tolist(), np.atleast_1d(reasons).tolist(), strict=True)
    return [(name, why) for name, why in each if why]


def _some(sentences: list[str], most: int, what: str) -> Iterator[str]:
    yield from sentences[:most]
    if len(sentences) > most:
        yield f"... and {len(sentences) - most} more {what} without figures; --json has all"
