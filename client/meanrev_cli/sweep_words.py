"""A sweep's tables as words, for the terminal and the page."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from meanrev.intake.table import Table
from meanrev.results import Result, SweepResult
from meanrev_cli.price_options import day_of

__all__ = [
    "BEST",
    "BEST_ORDER",
    "MOST_POOLED",
    "STEPS",
    "Dated",
    "cell",
    "entry",
    "pooled_words",
    "reasons",
    "records",
    "rows_of",
]

_ERROR_OF = {
    "sharpe_ratio": "sharpe_std_error",
    "train_sharpe": "train_sharpe_std_error",
    "test_sharpe": "test_sharpe_std_error",
}
"""The fields with the standard errors of Sharpe ratios."""

MOST_POOLED = 20
"""Columns whose walk-forward is summed up in words."""

BEST = (
    ("column", "{}"),
    ("entry_zscore", "{:g}"),
    ("exit_zscore", "{:g}"),
    ("cost", "{:g}"),
    ("lookback", "{}"),
    ("sharpe_ratio", "{:.2f}"),
    ("probability_sharpe_positive", "{:.2f}"),
    ("deflated_sharpe", "{:.2f}"),
    ("plateau_entry_zscore", "{:g}"),
    ("plateau_exit_zscore", "{:g}"),
    ("plateau_value", "{:.2f}"),
    ("n_bars", "{}"),
)
BEST_ORDER = ("column", "entry_zscore", "exit_zscore", "sharpe_ratio", "deflated_sharpe", "cost", "lookback")
"""By importance, for narrow terminals."""

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
    ("probability_sharpe_positive", "{:.2f}"),
    ("test_return", "{:+.4f}"),
    ("test_trades", "{}"),
    ("test_max_drawdown", "{:.4f}"),
)


@dataclass(frozen=True)
class Dated:
    """A sweep beside the table that was swept.

    Attributes:
        swept: What was found.
        table: What was read, with its times and its report.
        untradable: Why columns cannot be traded, by name, with the places and dates of the file, which the server does
            not know.
    """

    swept: SweepResult
    table: Table
    untradable: Mapping[str, str]

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Columns without figures, each with the reason."""
        best = self.swept.best
        names, cells = np.atleast_1d(np.asarray(best.column)), np.atleast_1d(np.asarray(best.cell))
        given = reasons(best)
        own = [self.untradable.get(str(name), "") if cell < 0 else "" for name, cell in zip(names, cells, strict=True)]
        why = [local or reason for local, reason in zip(own, given, strict=True)]
        return [(str(name), reason) for name, reason in zip(names, why, strict=True) if reason]

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Columns whose best cell has a note, each with it."""
        best = self.swept.best
        pairs = zip(np.atleast_1d(np.asarray(best.column)), np.atleast_1d(np.asarray(best.note)), strict=True)
        return [(str(name), str(note)) for name, note in pairs if note]

    def best_records(self) -> list[dict[str, Any]]:
        """Return the best cells as JSON objects, each with its reason."""
        known = dict(self.reasons)
        return [{**row, "reason": known.get(str(row["column"]), "")} for row in records(self.swept.best)]

    def steps(self) -> dict[str, Any]:
        """Return the steps of the walk-forward, a column's values by its name, with dates where there are times."""
        walk = self.swept.walk_forward
        if walk is None:
            return {}
        columns = walk.to_columns()
        if self.table.timestamps_ms is None:
            return columns
        return {
            **columns,
            **{
                f"{part}_{end}": tuple(day_of(self.table, int(bar) + offset) for bar in walk[f"{part}_{bound}"])
                for part in ("train", "test")
                for end, bound, offset in (("first", "start", 0), ("last", "stop", -1))
            },
        }

    def step_rows(self) -> tuple[list[tuple[str, str]], list[tuple[str, ...]]]:
        """Return columns and rows of the steps as words, with dates in place of bars where there are times."""
        walk = self.swept.walk_forward
        if walk is None:
            return [], []
        steps = self.steps()
        shown = list(STEPS)
        if "train_first" in steps:
            dates = [("train_first", "{}"), ("train_last", "{}"), ("test_first", "{}"), ("test_last", "{}")]
            shown = [STEPS[0], *dates, *STEPS[5:]]
        if any(reasons(walk)):
            shown.append(("reason", "{}"))
        return shown, [tuple(entry(steps, name, i, shape) for name, shape in shown) for i in range(len(walk.column))]


def pooled_words(swept: SweepResult) -> list[str]:
    """Return a sentence a column on the Sharpe ratio of all test parts together, with its uncertainty."""
    pooled = swept.pooled
    if pooled is None:
        return []
    said = []
    for i, name in enumerate(pooled.column[:MOST_POOLED]):
        ratio, error = pooled.sharpe_ratio[i], pooled.sharpe_std_error[i]
        words = f"{name or 'prices'}: all test parts together have a Sharpe ratio of {ratio:.2f}"
        if math.isfinite(error):
            bounds = f"{pooled.sharpe_lower[i]:.2f} to {pooled.sharpe_upper[i]:.2f}"
            probability = f"{pooled.probability_sharpe_positive[i]:.2f}"
            words += f" ± {error:.2f} (95 %: {bounds}; above 0 with probability {probability})"
        said.append(words + (f"; {pooled.note[i]}" if pooled.note[i] else ""))
    if len(pooled.column) > MOST_POOLED:
        said.append(f"... and {len(pooled.column) - MOST_POOLED} more columns; --json has all")
    return said


def reasons(result: Result) -> list[str]:
    """Return why each entry of a result has no figures, "" where it has some."""
    given = getattr(result, "reason", None)
    n_entries = len(np.atleast_1d(np.asarray(result["column"])))
    return [""] * n_entries if given is None else [str(reason) for reason in np.atleast_1d(np.asarray(given))]


def rows_of(result: Result, columns: Sequence[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield the entries of a result's arrays as words.

    Args:
        result: With arrays of one length.
        columns: Field and format of each.
    """
    for i in range(len(np.atleast_1d(result[columns[0][0]]))):
        yield tuple(entry(result, name, i, shape) for name, shape in columns)


def entry(result: Mapping[str, Any], name: str, place: int, shape: str) -> str:
    """Return an entry of a result as a word; a Sharpe ratio comes with its standard error.

    Args:
        result: With a value, or an array, in each field.
        name: The field.
        place: Of the entry.
        shape: Its format.
    """
    word = cell(np.atleast_1d(result[name])[place], shape)
    errors = result.get(_ERROR_OF.get(name, ""))
    error = math.nan if errors is None else float(np.atleast_1d(errors)[place])
    return f"{word} ± {error:.2f}" if math.isfinite(error) else word


def cell(value: Any, shape: str) -> str:
    """Return a value as a word, "-" where it is NaN."""
    return "-" if isinstance(value, float) and math.isnan(value) else shape.format(value)


def records(result: Mapping[str, Any]) -> list[dict[str, Any]]:
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
