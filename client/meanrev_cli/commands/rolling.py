"""`meanrev rolling`: portfolio weights, or principal components, of every window of a file's returns."""

from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import RenderableType
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev.results import Estimate, Rolling
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, host_flag, progress_shown
from meanrev_cli.column_table import show_columns
from meanrev_cli.estimates import dry_run_flag, show_estimate
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.narrow import Fitting
from meanrev_cli.output_files import can_be_written
from meanrev_cli.price_options import price_options, read_prices
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.sweep_words import entry, records

__all__ = ["rolling"]

_SHOWN = 20
_FIGURES = (
    ("status", "{}"),
    ("expected_return", "{:.2e}"),
    ("expected_volatility", "{:.2e}"),
    ("sharpe_ratio", "{:.3f}"),
    ("probability_sharpe_positive", "{:.2f}"),
    ("turnover", "{:.3f}"),
    ("total_variance_explained", "{:.3f}"),
    ("reason", "{}"),
)
_ORDER = ("status", "reason", "sharpe_ratio", "turnover")
_TEXTS = frozenset({"first", "last", "status", "reason"})


@click.command()
@price_options
@click.option(
    "--weights", "kind", type=click.Choice(["cara", "sharpe", "pca"]), help="What is found of each window; sharpe."
)
@click.option("--window", type=click.IntRange(min=2), metavar="N", help="Returns of a window; 252.")
@click.option("--step", type=click.IntRange(min=1), metavar="N", help="Returns from one start to the next; 21.")
@click.option("--gamma", type=float, help="Risk aversion; 1.")
@click.option("--risk-free-rate", type=float, help="A period; 0.")
@click.option(
    "--estimator", type=click.Choice(["sample", "ledoit_wolf", "oas", "ewma"]), help="Of the covariance; sample."
)
@click.option("--halflife", type=float, help="Periods after which a return counts half, for ewma; 63.")
@click.option("--mode", type=click.Choice(["budget", "unconstrained", "long_only"]), help="budget: they sum to 1.")
@click.option("--lowest", type=float, help="Lowest weight of every asset.")
@click.option("--highest", type=float, help="Highest weight of every asset.")
@click.option("--leverage", type=float, help="Largest sum of absolute weights.")
@click.option("--components", "n_components", type=click.IntRange(min=1), metavar="K", help="For pca; all.")
@click.option("--scaling", type=click.Choice(["none", "zscore", "minmax"]), help="For pca; none.")
@click.option("--returns", "are_returns", is_flag=True, help="The file has simple returns, not prices.")
@click.option("--out", type=click.Path(path_type=Path), help="Write a row a window: .csv, .csv.gz or .parquet.")
@dry_run_flag
@host_flag
@access_flags
@shared_flags
def rolling(
    shared: Shared,
    prices: str,
    reading: FileOptions,
    host: str,
    access: Access,
    out: Path | None,
    *,
    are_returns: bool,
    lowest: float | None,
    highest: float | None,
    **options: Any,
) -> None:
    """Find the best weights, or the principal components, of every window of the returns of PRICES.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column an asset, a row a bar,
    oldest first. Returns are simple ones from bar to bar. A window without an answer says why.
    """
    can_be_written(out, read=prices)
    read = read_prices(prices, reading)
    returns = read if are_returns else _returns(read)
    bounded = lowest is not None or highest is not None
    with asking(host, access, read) as client:
        found = client.rolling(
            returns,
            asset_ids=[str(name) for name in read.names],
            bounds=(lowest, highest) if bounded else None,
            progress=progress_shown(shared),
            **options,
        )
    if isinstance(found, Estimate):
        show_estimate(shared, found)
        return
    columns = found.to_columns()
    document = {"kind": found.kind, "windows": records(columns)}
    show_columns(shared, read, columns, out, document, _lines(found, columns))


def _returns(read: Table) -> Table:
    """Return simple returns from bar to bar.

    Raises:
        Failure: a price is not positive.
    """
    low = np.argwhere(read.values <= 0)
    if low.size:
        row, column = low[0].tolist()
        label = read.names[column] if read.names else column
        wrong = f"{label}, row {row}, is {read.values[row, column]:g}: returns need positive prices"
        raise Failure(ExitCode.BAD_DATA, f"{wrong}; --columns leaves it out, and --returns reads returns")
    stamps = None if read.timestamps_ms is None else read.timestamps_ms[1:]
    return Table(read.values[1:] / read.values[:-1] - 1.0, read.names, stamps, read.report)


def _lines(found: Rolling, columns: dict[str, Any]) -> list[RenderableType]:
    places = ("first", "last") if "first" in columns else ("start", "stop")
    weights = [(name, "{:.3f}") for name in columns if name.startswith(("weight_", "explained_"))]
    shown = [(name, "{}") for name in places] + [(name, shape) for name, shape in _FIGURES if name in columns]
    if not any(found.reason):
        shown = [each for each in shown if each[0] != "reason"]
    days = {name: np.datetime_as_string(columns[name], "D") for name in places if name in {"first", "last"}}
    table = columns | days
    named = [*shown, *weights]
    rows = [[entry(table, name, k, shape) for name, shape in named] for k in range(min(len(found.status), _SHOWN))]
    shown_names = {name for name, _ in named}
    order = [*places, *(name for name in _ORDER if name in shown_names)]
    lines: list[RenderableType] = [Text(f"{len(found.status)} windows, {found.kind}")]
    lines.append(Fitting([name for name, _ in named], rows, texts=_TEXTS, order=order))
    if len(found.status) > _SHOWN:
        lines.append(Text(f"... and {len(found.status) - _SHOWN} more windows; --out writes all", style="dim"))
    return lines
