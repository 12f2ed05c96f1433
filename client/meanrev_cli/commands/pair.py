"""`meanrev pair`: the Engle-Granger test of two columns of a file, and the thresholds to trade them at."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev.results import PairFit
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, host_flag
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.output_files import can_be_written, write_table
from meanrev_cli.price_options import day_of, price_options, read_prices, report_text
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.words import COST

__all__ = ["pair"]


@click.command()
@price_options
@click.argument("y")
@click.argument("x")
@click.option("--direction", type=click.Choice(["given", "best"]), help="Y on X, or the better of both; given.")
@click.option("--lags", type=click.IntRange(min=0), metavar="N", help="Lagged differences in the test; 1.")
@click.option("--autolag", type=click.Choice(["aic"]), help="Let AIC choose the lags.")
@click.option("--prices-as-they-are", is_flag=True, help="Regress prices instead of their logarithms.")
@click.option(
    "--cost",
    "cost_per_side",
    type=COST,
    help="A side, such as 5bp, of each leg; 5bp. In units of the spread with --prices-as-they-are.",
)
@click.option("--objective", type=click.Choice(["sharpe", "profit"]), help="What the thresholds maximise; sharpe.")
@click.option("--bias", type=click.Choice(["none", "median_unbiased"]), help="Correction of theta; median_unbiased.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the spread: .csv, .csv.gz or .parquet.")
@host_flag
@access_flags
@shared_flags
def pair(
    shared: Shared,
    prices: str,
    y: str,
    x: str,
    reading: FileOptions,
    host: str,
    access: Access,
    out: Path | None,
    *,
    prices_as_they_are: bool,
    **options: Any,
) -> None:
    """Test the columns Y and X of PRICES for cointegration, fit their spread, and find the thresholds to trade it at.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a series, a row a bar,
    oldest first. The spread is log Y - a - b log X, and both columns need a price in every row.
    """
    if y == x or reading.columns:
        raise Failure(
            ExitCode.USAGE, f"Y and X are two different columns, without --column beside them, got {y} and {x}"
        )
    can_be_written(out, read=prices)
    read = read_prices(prices, replace(reading, columns=(y, x)))
    with asking(host, access, read) as client:
        found = client.pair(y, x, prices=read, log=False if prices_as_they_are else None, **options)
    if out is not None:
        write_table(out, _spread(found, read))
    saved = None if out is None else str(out.resolve())
    figures = {name: value for name, value in found.to_dict().items() if name != "spread"}
    document = {name: None if _is_undefined(value) else value for name, value in figures.items()}
    intake = None if read.report is None else read.report.to_dict()
    shared.show(
        {"intake": intake, "pair": document, "saved": saved},
        _picture(found, read, saved, "" if prices_as_they_are else "log "),
    )


def _is_undefined(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _spread(found: PairFit, read: Table) -> dict[str, Any]:
    spread = np.asarray(found.spread)
    if read.timestamps_ms is None:
        return {"spread": spread}
    return {"time": tuple(day_of(read, row) for row in range(spread.size)), "spread": spread}


def _picture(found: PairFit, read: Table, saved: str | None, log: str) -> Group:
    bounds = f"95 %: {found.hedge_ratio_lower:.4g} to {found.hedge_ratio_upper:.4g}"
    verdict = "rejects" if found.p_value < 0.05 else "does not reject"
    lines: list[RenderableType] = [
        Text(report_text(read)),
        Text(f"spread       {log}{found.y} {-found.intercept:+.4g} {-found.hedge_ratio:+.4g} {log}{found.x}"),
        Text(f"hedge ratio  {found.hedge_ratio:.4g} ({bounds})"),
        Text(
            f"test         {found.adf_statistic:.2f}, p = {found.p_value:.2g}: {verdict} that there is no cointegration"
        ),
        Text(f"half-life    {found.half_life:.4g} bars; theta {found.theta:.4g} ± {found.theta_std_error:.2g}"),
    ]
    if found.status == "traded":
        lines.append(Text(f"thresholds   enter at z = {found.entry_zscore:.2f}, leave at {found.exit_zscore:.2f}"))
    else:
        lines.append(Text(f"thresholds   none: {found.reason}", style="yellow"))
    if found.note:
        lines.append(Text(found.note, style="yellow"))
    if saved:
        lines.append(Text(f"Saved: {saved}", style="bold"))
    return Group(*lines)
