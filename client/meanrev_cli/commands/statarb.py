"""`meanrev statarb`: the residuals of a universe in a file, traded on its factors."""

from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev.results import Estimate, ResidualBook
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, host_flag, progress_shown
from meanrev_cli.book_page import BOOKS, BOOKS_ORDER, TODAY, compared, page, words
from meanrev_cli.estimates import dry_run_flag, show_estimate
from meanrev_cli.kept_prices import prices_of, title_of
from meanrev_cli.narrow import Fitting
from meanrev_cli.output_files import can_be_written, write_table, write_text
from meanrev_cli.price_options import kept_or_price_options, report_text
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.sweep_words import records, rows_of
from meanrev_cli.words import COSTS, RATE, SPANS

__all__ = ["statarb"]

_SHOWN = 20
_FILE = click.Path(path_type=Path)


@click.command()
@kept_or_price_options
@click.option("--factors", multiple=True, metavar="M", help="Numbers of factors, or shares such as 55% (again); 15.")
@click.option("--window", type=int, multiple=True, help="Returns behind the factors (again for more); 252.")
@click.option("--regression", type=int, multiple=True, help="Returns behind the residuals (again for more); 60.")
@click.option("--entry", metavar="A:B:STEP", help="Scores at which a trade opens, both ends included; 1.25.")
@click.option("--exit-long", metavar="A:B:STEP", help="A long position closes at minus this score; 0.5.")
@click.option("--exit-short", metavar="A:B:STEP", help="A short position closes at this score; 0.75.")
@click.option("--cost", "cost_per_side", type=COSTS, help="Costs a side, such as 1bp,5bp; 5bp.")
@click.option("--delay", type=click.IntRange(min=0, max=100), help="Bars between a decision and its fill; 1.")
@click.option("--cost-basis", type=click.Choice(["book", "stocks"]), help="What is charged; all that is traded.")
@click.option("--preset", type=click.Choice(["paper"]), help="Delay 0, costs of the stocks alone, size 0.02.")
@click.option("--size", type=float, help="Dollars a name, as a fraction of the equity; 0.01.")
@click.option("--borrow", type=RATE, metavar="RATE", help="Yearly rate on short positions: 3%, 300bp or 0.03.")
@click.option("--max-p", type=float, help="Largest reversion_p of a valid fit; all pass where left out.")
@click.option(
    "--walk-forward", type=SPANS, metavar="TRAIN/TEST", help="Choose on so many bars, trade the next, step on."
)
@click.option("--out", type=_FILE, metavar="FILE", help="Write today's positions: .csv, .csv.gz or .parquet.")
@click.option("--cells", type=_FILE, metavar="FILE", help="Write every cell, likewise.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write an HTML page that needs nothing else: .html.")
@dry_run_flag
@host_flag
@access_flags
@shared_flags
def statarb(
    shared: Shared,
    prices: str | None,
    matrix: str | None,
    reading: FileOptions,
    host: str,
    access: Access,
    out: Path | None,
    cells: Path | None,
    report: Path | None,
    **options: Any,
) -> None:
    """Trade the residuals of the columns of PRICES on their common factors, and say what is left after costs.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a name, a row a bar, oldest
    first, adjusted for splits and dividends. --matrix names columns that the server keeps instead.
    """
    can_be_written(out, cells, pages=(report,), read=prices or "")
    read = prices_of(prices, matrix, reading, host, access)
    options |= {name: list(options[name]) or None for name in ("window", "regression")}
    factors = [int(each) if each.isdecimal() else each for each in options.pop("factors")]
    with asking(host, access, read) as client:
        found = client.statarb(
            read,
            asset_ids=[str(name) for name in read.names],
            factors=factors or None,
            progress=progress_shown(shared),
            **options,
        )
    if isinstance(found, Estimate):
        show_estimate(shared, found)
        return
    if out is not None:
        write_table(out, found.today.to_columns())
    if cells is not None:
        write_table(cells, found.to_columns())
    if report is not None:
        write_text(report, page(found, read, f"Residuals of {title_of(read, prices)}"))
    saved = [str(path.resolve()) for path in (out, cells, report) if path is not None]
    shared.show(_document(found, read, saved), _picture(found, read, saved))


def _document(found: ResidualBook, read: Table, saved: list[str]) -> dict[str, Any]:
    return {
        "intake": None if read.report is None else read.report.to_dict(),
        "best": records(found.best)[0],
        "controls": records(found.controls),
        "counts": records(found.counts)[0],
        "years": None if found.years is None else records(found.years),
        "walk_forward": None if found.walk_forward is None else records(found.walk_forward),
        "pooled": None if found.pooled is None else records(found.pooled),
        "today": records(found.today),
        "saved": saved,
    }


def _picture(found: ResidualBook, read: Table, saved: list[str]) -> Group:
    table = Fitting([name for name, _ in BOOKS], compared(found), texts=frozenset({"book"}), order=BOOKS_ORDER)
    held = [row for row in rows_of(found.today, TODAY) if row[1] != "0"]
    parts: list[RenderableType] = [Text(report_text(read)), table, *(Text(line) for line in words(found))]
    if held:
        parts.append(Text(f"Today {len(held)} of {len(found.columns)} names are held:"))
        parts.append(Fitting([name for name, _ in TODAY], held[:_SHOWN], texts=frozenset({"name"})))
    if len(held) > _SHOWN:
        parts.append(Text(f"... and {len(held) - _SHOWN} more; --out writes all", style="dim"))
    parts += [Text(f"Saved: {path}", style="bold") for path in saved]
    return Group(*parts)
