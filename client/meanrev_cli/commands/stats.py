"""`meanrev stats`: figures of the returns of each column of a file."""

from pathlib import Path
from typing import Any

import click

from meanrev.intake.options import FileOptions
from meanrev.results import Estimate
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, host_flag, progress_shown
from meanrev_cli.column_table import column_table, show_columns
from meanrev_cli.estimates import dry_run_flag, show_estimate
from meanrev_cli.kept_prices import prices_of
from meanrev_cli.output_files import can_be_written
from meanrev_cli.price_options import kept_or_price_options
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.sweep_words import records

__all__ = ["stats"]

_SHOWN = (
    ("column", "{}"),
    ("total_return", "{:+.2%}"),
    ("cagr", "{:+.2%}"),
    ("volatility", "{:.2%}"),
    ("sharpe_ratio", "{:.2f}"),
    ("probability_sharpe_positive", "{:.2f}"),
    ("sortino_ratio", "{:.2f}"),
    ("calmar_ratio", "{:.2f}"),
    ("max_drawdown", "{:.2%}"),
    ("longest_drawdown", "{}"),
    ("n_bars", "{}"),
    ("status", "{}"),
    ("reason", "{}"),
)
_ORDER = ("column", "sharpe_ratio", "cagr", "volatility", "max_drawdown", "total_return", "status")


@click.command()
@kept_or_price_options
@click.option(
    "--kind",
    type=click.Choice(["equity", "simple", "log"]),
    default="equity",
    show_default=True,
    help="What the columns are: prices or values of an account, simple returns, or log returns.",
)
@click.option("--periods-per-year", type=float, metavar="N", help="Rows in a year, for annual figures; 252.")
@click.option("--out", type=click.Path(path_type=Path), help="Write every figure: .csv, .csv.gz or .parquet.")
@dry_run_flag
@host_flag
@access_flags
@shared_flags
def stats(
    shared: Shared,
    prices: str | None,
    matrix: str | None,
    reading: FileOptions,
    host: str,
    access: Access,
    out: Path | None,
    **options: Any,
) -> None:
    """Describe what holding each column of PRICES would have brought: growth, risk, ratios and drawdowns.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a series, a row a bar,
    oldest first. --matrix names columns that the server keeps instead. With --kind simple or log the columns are
    returns.
    """
    can_be_written(out, read=prices or "")
    read = prices_of(prices, matrix, reading, host, access)
    with asking(host, access, read) as client:
        names = [str(name) for name in read.names]
        found = client.stats(read, asset_ids=names, progress=progress_shown(shared), **options)
    if isinstance(found, Estimate):
        show_estimate(shared, found)
        return
    columns = found.to_columns()
    lines = column_table(columns, _SHOWN, _ORDER)
    show_columns(shared, read, columns, out, {"stats": records(columns)}, lines)
