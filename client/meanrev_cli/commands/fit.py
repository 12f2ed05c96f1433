"""`meanrev fit`: an Ornstein-Uhlenbeck process for each column of a file."""

from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.text import Text

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

__all__ = ["fit"]

_SHOWN = (
    ("column", "{}"),
    ("half_life", "{:.4g}"),
    ("half_life_lower", "{:.4g}"),
    ("half_life_upper", "{:.4g}"),
    ("theta", "{:.4g}"),
    ("theta_lower", "{:.4g}"),
    ("theta_upper", "{:.4g}"),
    ("mu", "{:.6g}"),
    ("mu_lower", "{:.6g}"),
    ("mu_upper", "{:.6g}"),
    ("sigma", "{:.4g}"),
    ("adf_p_value", "{:.2g}"),
    ("n_samples", "{}"),
    ("status", "{}"),
    ("reason", "{}"),
)
_ORDER = ("column", "half_life", "half_life_lower", "half_life_upper", "theta", "mu", "sigma", "adf_p_value", "status")


@click.command()
@kept_or_price_options
@click.option(
    "--bias",
    type=click.Choice(["none", "tang_chen", "jackknife", "median_unbiased"]),
    default="median_unbiased",
    show_default=True,
    help="Correction of theta for small samples; its interval holds near a unit root with median_unbiased alone.",
)
@click.option("--dt", type=float, help="Time between rows, in the unit of theta and of half-lives; 1.")
@click.option(
    "--adf-lags", type=click.IntRange(min=0), metavar="N", help="Lagged differences of the unit-root test; 0."
)
@click.option("--tests", is_flag=True, help="Add tests of reversion: --json and --out have their figures.")
@click.option("--out", type=click.Path(path_type=Path), help="Write every figure: .csv, .csv.gz or .parquet.")
@dry_run_flag
@host_flag
@access_flags
@shared_flags
def fit(
    shared: Shared,
    prices: str | None,
    matrix: str | None,
    reading: FileOptions,
    host: str,
    access: Access,
    out: Path | None,
    **options: Any,
) -> None:
    """Fit an Ornstein-Uhlenbeck process to each column of PRICES, with 95 % intervals.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a series, a row a bar,
    oldest first. --matrix names columns that the server keeps instead. Prices may have any sign, and missing ones are
    skipped.
    """
    can_be_written(out, read=prices or "")
    read = prices_of(prices, matrix, reading, host, access)
    with asking(host, access, read) as client:
        names = [str(name) for name in read.names]
        found = client.fit_ou(read, asset_ids=names, progress=progress_shown(shared), **options)
    if isinstance(found, Estimate):
        show_estimate(shared, found)
        return
    columns = {"column": found["asset_id"], **found.to_columns()}
    columns.pop("asset_id")
    rejects = np.asarray(columns["adf_p_value"]) < 0.05
    count = Text(f"{int(rejects.sum())} of {len(rejects)} reject a unit root at 5 %")
    lines = [*column_table(columns, _SHOWN, _ORDER), count]
    show_columns(shared, read, columns, out, {"fits": records(columns)}, lines)
