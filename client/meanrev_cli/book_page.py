"""A book of residuals as tables, sentences, and one HTML file that needs nothing else."""

import math
from collections.abc import Iterator
from html import escape

from meanrev.intake.table import Table
from meanrev.results import ResidualBook
from meanrev_cli.report import document, figure, table
from meanrev_cli.sweep_words import cell, rows_of

__all__ = ["BOOKS", "BOOKS_ORDER", "TODAY", "compared", "page", "words"]

_FIGURES = (
    ("sharpe_gross", "{:.2f}"),
    ("sharpe_stocks", "{:.2f}"),
    ("sharpe_book", "{:.2f}"),
    ("total_return", "{:+.3f}"),
    ("max_drawdown", "{:.3f}"),
    ("turnover_stocks", "{:.3f}"),
    ("turnover_book", "{:.3f}"),
    ("mean_gross", "{:.2f}"),
    ("holding_bars", "{:.1f}"),
    ("num_trades", "{}"),
)
BOOKS = (("book", "{}"), *_FIGURES)
"""Columns of the table that compares the chosen cell with its controls."""

BOOKS_ORDER = ("book", "sharpe_book", "sharpe_gross", "sharpe_stocks", "turnover_book", "max_drawdown")
"""By importance, for narrow terminals."""

TODAY = (
    ("name", "{}"),
    ("side", "{}"),
    ("score", "{:.2f}"),
    ("theta", "{:.3f}"),
    ("reversion_p", "{:.3f}"),
    ("q_value", "{:.3f}"),
    ("dollars", "{:+.4f}"),
)
_STEPS = (
    ("train_start", "{}"),
    ("train_stop", "{}"),
    ("test_start", "{}"),
    ("test_stop", "{}"),
    ("cell", "{}"),
    ("train_sharpe", "{:.2f}"),
    ("test_sharpe", "{:.2f}"),
    ("test_return", "{:+.4f}"),
    ("test_trades", "{}"),
)
_CAVEAT = (
    "The best cell is the best of many tries on the same bars, so its Sharpe ratio is too high as an estimate; the "
    "deflated Sharpe ratio allows for the number of tries. Published portfolios of this kind lose once their hedges "
    "are charged too."
)


def compared(found: ResidualBook) -> list[tuple[str, ...]]:
    """Return the chosen cell and its controls as words, one row each."""
    best, controls = found.best, found.controls
    rows = [("chosen cell", *(cell(best[name], shape) for name, shape in _FIGURES))]
    of_controls = rows_of(controls, _FIGURES)
    return rows + [(name.replace("_", " "), *row) for name, row in zip(controls.control, of_controls, strict=True)]


def words(found: ResidualBook) -> list[str]:
    """Return sentences on the choice, on what happened along the way, and on the walk-forward."""
    best, counts = found.best, found.counts
    if best.cell < 0:
        reasons = sorted({str(reason) for reason in found.cells.reason if reason})
        return [f"No cell has figures: {'; '.join(reasons)}."]
    chosen = (
        f"{best.n_tried} cells were tried. Chosen: {best.factors} factors, window {best.window}, regression "
        f"{best.regression}, entry {best.entry:g}, exits {best.exit_long:g} and {best.exit_short:g}, cost "
        f"{best.cost:g}; Sharpe ratio {best.value:.2f} ± {best.sharpe_std_error:.2f} after costs, deflated "
        f"{best.deflated_sharpe:.2f}."
    )
    noise = (
        f"Half of the fits revert within {counts.median_reversion:.1f} bars, and half of those of white noise within "
        f"{counts.noise_reversion:.1f}."
    )
    said, without = [chosen, noise], counts.thin + counts.too_few_rows
    if without or counts.stale_fills > 0:
        fills = f"{counts.stale_fills} fills were at a last price because a name had none"
        said.append(f"{without} of {counts.days} rows have no scores; {fills}.")
    return said + _walked(found)


def _walked(found: ResidualBook) -> list[str]:
    pooled = found.pooled
    if pooled is None:
        return []
    ratio, error = float(pooled.sharpe_ratio[0]), float(pooled.sharpe_std_error[0])
    around = f" ± {error:.2f}" if math.isfinite(error) else ""
    note = f"; {pooled.note[0]}" if pooled.note[0] else ""
    return [f"Out of sample, {pooled.n_steps[0]} steps together have a Sharpe ratio of {ratio:.2f}{around}{note}."]


def page(found: ResidualBook, read: Table, title: str) -> str:
    """Return the page as HTML.

    Args:
        found: The book.
        read: What was traded.
        title: The page's name.
    """
    return document(title, _sections(found, read))


def _sections(found: ResidualBook, read: Table) -> Iterator[str]:
    report = [] if read.report is None else read.report.sentences()
    yield f"<p>{escape(' '.join(report))}</p>"
    yield "".join(f"<p>{escape(line)}</p>" for line in words(found))
    yield f'<p class="caveat">{escape(_CAVEAT)}</p>'
    yield f"<h2>The chosen cell and its controls</h2>{table(BOOKS, compared(found))}"
    if found.best.cell < 0:
        return
    yield figure(found.chart())
    if found.years is not None:
        columns: tuple[tuple[str, str], ...] = (("year", "{}"), ("n_bars", "{}"), *_FIGURES)
        yield f"<h2>By year</h2>{table(columns, rows_of(found.years, columns))}"
    if found.walk_forward is not None:
        yield f"<h2>Steps of the walk-forward</h2>{table(_STEPS, rows_of(found.walk_forward, _STEPS))}"
    yield f"<h2>Today</h2>{table((*TODAY, ('reason', '{}')), rows_of(found.today, (*TODAY, ('reason', '{}'))))}"
