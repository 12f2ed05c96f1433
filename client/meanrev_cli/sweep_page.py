"""A sweep as one HTML file that needs nothing else: no script, no font, no request."""

from collections.abc import Iterator
from html import escape

import numpy as np
from numpy.typing import NDArray

from meanrev.results import Surface
from meanrev_cli.report import document, figure, table
from meanrev_cli.sweep_words import BEST, Dated, cell, pooled_words, rows_of

__all__ = ["page"]

_MOST_COLUMNS = 50
_CAVEAT = (
    "A best cell is the best of many tries on the same bars, so its Sharpe ratio is too high as an estimate. The "
    "deflated Sharpe ratio allows for the number of tries, and the plateau is the cell whose neighbours are good too. "
    "What was traded out of sample was chosen on earlier bars alone."
)


def page(dated: Dated, title: str, note: str) -> str:
    """Return the page as HTML.

    Args:
        dated: What was found, and in which table.
        title: Its name.
        note: A sentence on what was swept.
    """
    return document(title, _sections(dated, note))


def _sections(dated: Dated, note: str) -> Iterator[str]:
    swept = dated.swept
    report = [] if dated.table.report is None else dated.table.report.sentences()
    yield f"<p>{escape(note)} {swept.n_cells} cells were tried for each column.</p><p>{escape(' '.join(report))}</p>"
    if swept.walk_forward is not None:
        yield "<h2>Out of sample</h2>" + "".join(f"<p>{escape(words)}</p>" for words in pooled_words(swept))
    order = _by_ratio(np.atleast_1d(np.asarray(swept.best.sharpe_ratio, dtype=np.float64)))
    best = list(rows_of(swept.best, BEST))
    yield f"<h2>Best cells</h2>{table(BEST, [best[i] for i in order])}"
    yield f'<p class="caveat">{_CAVEAT}</p>'
    for name, reason in dated.reasons:
        yield f"<p>{escape(name)} has no figures: {escape(reason)}</p>"
    for name, said in dated.notes:
        yield f"<p>{escape(name or 'prices')}: {escape(said)}</p>"
    for place in order[:_MOST_COLUMNS]:
        yield from _column(dated, place)
    if len(swept.columns) > _MOST_COLUMNS:
        yield f"<p>The other {len(swept.columns) - _MOST_COLUMNS} columns are in the table of --out.</p>"
    if swept.walk_forward is not None:
        yield f"<h2>Steps of the walk-forward</h2>{table(*dated.step_rows())}"


def _column(dated: Dated, place: int) -> Iterator[str]:
    swept, name = dated.swept, dated.swept.columns[place]
    yield f"<h2>{escape(name or 'prices')}</h2>{figure(swept.chart(name))}"
    yield f"<details><summary>As a table</summary>{_cells(swept.surface(name))}</details>"
    if swept.walk_forward is not None and name in swept.walk_forward.column:
        yield f"<details><summary>Walk-forward</summary>{figure(swept.walk_chart(name))}</details>"


def _by_ratio(ratios: NDArray[np.float64]) -> list[int]:
    """Return places by the ratio of the best cell, the highest first; those without one stand at the end."""
    return [int(place) for place in np.argsort(-np.nan_to_num(ratios, nan=-np.inf), kind="stable")]


def _cells(shown: Surface) -> str:
    rows = (
        (f"{entry:g}", *(cell(value, "{:.2f}") for value in row))
        for entry, row in zip(shown.entry_zscore, shown.cells, strict=True)
    )
    return table([(r"entry \ exit", ""), *((f"{leave:g}", "") for leave in shown.exit_zscore)], rows)
