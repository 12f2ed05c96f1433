"""A sweep as one HTML file that needs nothing else: no script, no font, no request."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import numpy as np

from meanrev.results import Surface
from meanrev_cli.sweep_words import BEST, Dated, best_words, cell, pooled_words, rows_of
from meanrev_demo import svg
from meanrev_demo.colours import hexadecimal, ramp
from meanrev_demo.style import STYLE

__all__ = ["page"]

_MOST_COLUMNS = 50
_WIDTH, _HEIGHT = 760.0, 346.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 700.0, 26.0, 310.0
_MOST_TICKS = 9


def page(dated: Dated, title: str, note: str) -> str:
    """Return the page as HTML.

    Args:
        dated: What was found, and in which table.
        title: Its name.
        note: A sentence on what was swept.
    """
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    body = "".join(_sections(dated, title, note))
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def _sections(dated: Dated, title: str, note: str) -> Iterator[str]:
    swept = dated.swept
    report = [] if dated.table.report is None else dated.table.report.sentences()
    yield f"<h1>{escape(title)}</h1><p>{escape(note)}</p><p>{escape(' '.join(report))}</p>"
    yield f"<h2>Best cells</h2>{_table(BEST, rows_of(swept.best, BEST))}"
    for name, reason in dated.reasons:
        yield f"<p>{escape(name)} has no figures: {escape(reason)}</p>"
    for name, said in dated.notes:
        yield f"<p>{escape(name or 'prices')}: {escape(said)}</p>"
    for place, name in enumerate(swept.columns[:_MOST_COLUMNS]):
        shown = swept.surface(name)
        caption = f"Sharpe ratio by entry and exit; cost {shown.cost:g} a side, lookback {shown.lookback} bars."
        caption += best_words(swept, place)
        yield f"<h2>{escape(name or 'prices')}</h2><figure>{_heatmap(shown)}<figcaption>{caption}</figcaption></figure>"
        yield f"<details><summary>As a table</summary>{_cells(shown)}</details>"
    if len(swept.columns) > _MOST_COLUMNS:
        yield f"<p>The other {len(swept.columns) - _MOST_COLUMNS} columns are in the table of --out.</p>"
    if swept.walk_forward is not None:
        pooled = "".join(f"<p>{escape(words)}</p>" for words in pooled_words(swept))
        yield f"<h2>Walk-forward</h2>{pooled}{_table(*dated.step_rows())}"


def _heatmap(shown: Surface) -> str:
    finite = shown.cells[np.isfinite(shown.cells)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    width = (_RIGHT - _LEFT) / shown.exit_zscore.size
    height = (_BOTTOM - _TOP) / shown.entry_zscore.size
    cells = [
        svg.rectangle(
            _LEFT + j * width,
            _BOTTOM - (i + 1) * height,
            width + 0.3,
            height + 0.3,
            "cell",
            f"entry {shown.entry_zscore[i]:g}, exit {shown.exit_zscore[j]:g}: {value:.2f}",
            hexadecimal(ramp((value - low) / (high - low) if high > low else 0.5)),
        )
        for (i, j), value in np.ndenumerate(shown.cells)
        if np.isfinite(value)
    ]
    across = [
        svg.text(f"{shown.exit_zscore[j]:g}", _LEFT + (j + 0.5) * width, _BOTTOM + 17, "tick")
        for j in _some(shown.exit_zscore.size)
    ]
    up = [
        svg.text(f"{shown.entry_zscore[i]:g}", _LEFT - 6, _BOTTOM - (i + 0.5) * height + 4, "tick", "end")
        for i in _some(shown.entry_zscore.size)
    ]
    words = [
        svg.text("entry, z", _LEFT - 30, 14, "tick", "start"),
        svg.text("exit, z", _RIGHT, _BOTTOM + 32, "tick", "end"),
        svg.text(f"dark {low:.2f}, light {high:.2f}", _RIGHT, 14, "tick", "end"),
    ]
    name = f"{shown.figure.replace('_', ' ')} of {shown.column or 'prices'} by entry and exit threshold"
    return svg.drawing(name, _WIDTH, _HEIGHT, [*cells, *across, *up, *words])


def _some(size: int) -> range:
    return range(0, size, -(-size // _MOST_TICKS))


def _cells(shown: Surface) -> str:
    rows = (
        (f"{entry:g}", *(cell(value, "{:.2f}") for value in row))
        for entry, row in zip(shown.entry_zscore, shown.cells, strict=True)
    )
    return _table([(r"entry \ exit", ""), *((f"{leave:g}", "") for leave in shown.exit_zscore)], rows)


def _table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name, _ in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(word)}</td>" for word in others)}</tr>'
        for first, *others in rows
    )
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
