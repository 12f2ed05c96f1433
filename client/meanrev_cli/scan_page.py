"""A scan as one HTML file that needs nothing else."""

from collections.abc import Iterator, Sequence
from html import escape

from meanrev.intake.table import Table
from meanrev.results import ScanResult
from meanrev_cli.report import document, figure, table
from meanrev_cli.sweep_words import entry

__all__ = ["page"]

_MOST_PAIRS = 200


def page(found: ScanResult, read: Table, title: str, columns: Sequence[tuple[str, str]]) -> str:
    """Return the page as HTML.

    Args:
        found: The scan.
        read: What was scanned.
        title: The page's name.
        columns: Field and format of each column of the table of pairs.
    """
    return document(title, _sections(found, read, columns))


def _sections(found: ScanResult, read: Table, columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    report = [] if read.report is None else read.report.sentences()
    yield f"<p>{escape(' '.join(report))}</p><p>{escape(_search_words(found))}</p>"
    yield (
        '<p class="caveat">Pairs are chosen and ranked by the train part alone; figures that begin with "test" are of '
        "the later bars, which no choice has seen. The more pairs are tried, the likelier one is good by "
        "chance there too.</p>"
    )
    if found.y:
        yield figure(found.chart())
        rows = [
            [entry(found, name, i, shape) for name, shape in columns] for i in range(min(len(found.y), _MOST_PAIRS))
        ]
        yield f"<h2>Pairs</h2>{table([('pair', '{}'), *columns[2:]], ([f'{y} / {x}', *rest] for y, x, *rest in rows))}"
    if len(found.y) > _MOST_PAIRS:
        yield f"<p>The other {len(found.y) - _MOST_PAIRS} pairs are in the table of --out.</p>"
    for y, x, note in zip(found.y[:_MOST_PAIRS], found.x, found.test_note, strict=False):
        if note:
            yield f"<p>{escape(f'{y} / {x}: {note}')}</p>"
    if found.notes:
        noted = [(str(note.column), note.status, note.reason) for note in found.notes]
        yield f"<h2>Columns with a note</h2>{table([('column', ''), ('status', ''), ('reason', '')], noted)}"


def _search_words(found: ScanResult) -> str:
    """Return how many pairs were tried, and what the search for the best of them is worth."""
    untested = f", {found.n_untested} not tested" if found.n_untested else ""
    words = f"{found.n_pairs} pairs tried, {found.n_significant} significant{untested}."
    if found.null_universes and found.y:
        words += (
            f" Of {found.null_universes} universes without a reverting pair, p_best is the share whose best is as good"
        )
        words += f": {found.p_best[0]:.3g} for the first pair, which is the p-value of the search."
    elif found.null_reason:
        words += f" There is no p_best: {found.null_reason}."
    return words
