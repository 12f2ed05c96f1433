"""`meanrev sweep`: prices of a file against a grid of thresholds, costs and lookbacks."""

from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from meanrev.results import Estimate, SweepResult
from meanrev_cli.asking import asking, host_flag, shows_progress
from meanrev_cli.estimates import dry_run_flag, show_estimate
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.price_files import PriceTable, can_be_written, read_prices, write_table
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.spread import spread
from meanrev_cli.sweep_page import page
from meanrev_cli.sweep_words import BEST, records, rows_of, without_figures
from meanrev_cli.words import COSTS, SPANS

__all__ = ["sweep"]

_SHOWN = 20
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("prices", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--pair", metavar="Y,X", help="Sweep the spread log Y - a - b log X, in mode unit.")
@click.option("--column", "wanted", multiple=True, metavar="NAME", help="One column (again for more); all by default.")
@click.option("--entry", metavar="A:B:STEP", help="Entry levels, both ends included; 0.5:3:0.25.")
@click.option("--exit", "leave", metavar="A:B:STEP", help="Exit levels; -0.5:1.5:0.25.")
@click.option("--cost", type=COSTS, help="Costs a side, such as 1bp,5bp; 5bp. Of the notional in Y with --pair.")
@click.option("--lookback", type=int, multiple=True, help="Bars of the rolling z-score (again for more); 20.")
@click.option(
    "--walk-forward", type=SPANS, metavar="TRAIN/TEST", help="Choose on so many bars, trade the next, step on."
)
@click.option("--mode", type=click.Choice(["compounding", "unit"]), help="Invest all equity, or one unit of a spread.")
@click.option("--out", type=_FILE, metavar="FILE", help="Write every cell: .csv or .parquet.")
@click.option("--steps", type=_FILE, metavar="FILE", help="Write the walk-forward's steps: .csv or .parquet.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write an HTML file that needs nothing else.")
@dry_run_flag
@host_flag
@shared_flags
def sweep(shared: Shared, prices: Path, host: str, **given: Any) -> None:
    """Backtest columns of PRICES, or the spread of two, in every cell of a grid, and choose the best cells.

    PRICES is .csv or .parquet: a column a series, a row a bar, oldest first. With --pair the hedge ratio comes from the
    first train part where --walk-forward is given, so that no test part has a say in it, and else from all rows.
    """
    if given["steps"] is not None and given["walk_forward"] is None:
        raise Failure(ExitCode.USAGE, "--steps needs --walk-forward")
    can_be_written(given["out"], given["steps"], given["report"])
    swept_prices, note = _chosen(prices, given)
    with asking(host, swept_prices.names) as client:
        swept = client.sweep(
            swept_prices.values,
            asset_ids=swept_prices.names,
            entry=given["entry"],
            exit=given["leave"],
            cost_per_side=given["cost"],
            lookback=given["lookback"] or None,
            walk_forward=given["walk_forward"],
            mode="unit" if given["pair"] else given["mode"],
            progress=shows_progress(shared),
            dry_run=given["dry_run"],
        )
    if isinstance(swept, Estimate):
        show_estimate(shared, swept)
        return
    saved = _saved(swept, f"Sweep of {prices.name}", note, given)
    shared.show(_document(swept, note, saved), _picture(swept, note, saved))


def _chosen(path: Path, given: dict[str, Any]) -> tuple[PriceTable, str]:
    """Return what is swept, and a sentence on it."""
    if given["pair"] is None:
        read = read_prices(path)
        chosen = read.columns(given["wanted"]) if given["wanted"] else read
        return chosen, f"{len(chosen.names)} columns of {len(chosen.values)} bars."
    names = tuple(name.strip() for name in given["pair"].split(","))
    if len(names) != 2 or names[0] == names[1] or given["wanted"] or given["mode"] == "compounding":
        rule = "--pair takes two names with a comma between, and neither --column nor --mode compounding beside it"
        raise Failure(ExitCode.USAGE, f"{rule}, got {given['pair']!r}")
    walk = given["walk_forward"]
    found = spread(read_prices(path).columns(names), walk[0] if walk else None)
    note = (
        f"log {names[0]} - {found.intercept:.4g} - {found.hedge_ratio:.4g} log {names[1]}, fitted on the first "
        f"{found.n_fitted} of {found.values.size} bars{'' if walk else ', which are the bars it is traded on'}."
    )
    return PriceTable((found.name,), found.values[:, None]), note


def _saved(swept: SweepResult, title: str, note: str, given: dict[str, Any]) -> list[str]:
    written = []
    if given["out"] is not None:
        write_table(given["out"], swept.to_columns())
        written.append(given["out"])
    if given["steps"] is not None and swept.walk_forward is not None:
        write_table(given["steps"], swept.walk_forward.to_columns())
        written.append(given["steps"])
    if given["report"] is not None:
        try:
            given["report"].write_text(page(swept, title, note), encoding="utf-8")
        except OSError as error:
            raise Failure(ExitCode.BAD_DATA, f"cannot write {str(given['report'])!r}: {error.strerror}") from None
        written.append(given["report"])
    return [str(path.resolve()) for path in written]


def _document(swept: SweepResult, note: str, saved: list[str]) -> dict[str, Any]:
    return {
        "swept": note,
        "cells": swept.n_cells,
        "best": records(swept.best),
        "walk_forward": None if swept.walk_forward is None else records(swept.walk_forward),
        "saved": saved,
    }


def _picture(swept: SweepResult, note: str, saved: list[str]) -> Group:
    table = Table(box=None, header_style="dim", padding=(0, 1), pad_edge=False)
    for name, _ in BEST:
        table.add_column(name.replace("_", " "), justify="left" if name == "column" else "right")
    rows = list(rows_of(swept.best, BEST))
    for row in rows[:_SHOWN]:
        table.add_row(*row)
    parts: list[Text | Table] = [Text(note), Text(f"{swept.n_cells} valid cells a column"), table]
    if len(rows) > _SHOWN:
        parts.append(Text(f"... and {len(rows) - _SHOWN} more columns; --out or --json has all", style="dim"))
    parts += [Text(sentence, style="yellow") for sentence in without_figures(swept, _SHOWN)]
    if swept.walk_forward is not None:
        parts.append(Text(_walked(swept)))
    parts += [Text(f"Saved: {path}", style="bold") for path in saved]
    return Group(*parts)


def _walked(swept: SweepResult) -> str:
    walk = swept.walk_forward
    if walk is None or not walk.column:
        return "Walk-forward: no step fits."
    known = np.isfinite(walk.test_sharpe)
    train, test = (
        float(np.mean(sharpe[known])) if known.any() else 0.0 for sharpe in (walk.train_sharpe, walk.test_sharpe)
    )
    return (
        f"Walk-forward: {len(walk.column)} steps, mean Sharpe {train:.2f} where chosen, {test:.2f} where traded; "
        f"{int(np.sum(walk.test_return > 0))} of {len(walk.column)} test parts gained."
    )
