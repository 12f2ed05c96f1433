"""`meanrev sweep`: prices of a file against a grid of thresholds, costs and lookbacks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev.results import Estimate
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, host_flag, progress_shown
from meanrev_cli.estimates import dry_run_flag, show_estimate
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.kept_prices import prices_of, title_of
from meanrev_cli.narrow import Fitting
from meanrev_cli.output_files import can_be_written, write_table, write_text
from meanrev_cli.price_options import kept_or_price_options, read_prices, report_text, untradable
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.spread import spread
from meanrev_cli.sweep_page import page
from meanrev_cli.sweep_words import BEST, BEST_ORDER, Dated, pooled_words, reasons, records, rows_of
from meanrev_cli.words import COSTS, RATE, SPANS

__all__ = ["sweep"]

_SHOWN = 20
_FILE = click.Path(path_type=Path)


@click.command()
@kept_or_price_options
@click.option("--pair", metavar="Y,X", help="Sweep the spread log Y - a - b log X, in mode unit.")
@click.option("--entry", metavar="A:B:STEP", help="Entry levels, both ends included; 0.5:3:0.25.")
@click.option("--exit", "leave", metavar="A:B:STEP", help="Exit levels; -0.5:1.5:0.25.")
@click.option("--cost", type=COSTS, help="Costs a side, such as 1bp,5bp; 5bp. Of the notional in Y with --pair.")
@click.option("--lookback", type=int, multiple=True, help="Bars of the rolling z-score (again for more); 20.")
@click.option(
    "--walk-forward", type=SPANS, metavar="TRAIN/TEST", help="Choose on so many bars, trade the next, step on."
)
@click.option("--mode", type=click.Choice(["compounding", "unit"]), help="Invest all equity, or one unit of a spread.")
@click.option(
    "--stop", type=float, metavar="Z", help="Score at which a losing trade is closed, above every entry level."
)
@click.option("--borrow", type=RATE, metavar="RATE", help="Yearly rate on short positions: 3%, 300bp or 0.03.")
@click.option("--out", type=_FILE, metavar="FILE", help="Write every cell: .csv, .csv.gz or .parquet.")
@click.option("--steps", type=_FILE, metavar="FILE", help="Write the walk-forward's steps, likewise.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write an HTML page that needs nothing else: .html.")
@dry_run_flag
@host_flag
@access_flags
@shared_flags
def sweep(
    shared: Shared,
    prices: str | None,
    matrix: str | None,
    reading: FileOptions,
    host: str,
    access: Access,
    **given: Any,
) -> None:
    """Backtest columns of PRICES, or the spread of two, in every cell of a grid, and choose the best cells.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a series, a row a bar,
    oldest first. --matrix names columns that the server keeps instead. With --pair the hedge ratio comes from the first
    train part where --walk-forward is given, so that no test part is used for it, and else from all rows.
    """
    if given["steps"] is not None and given["walk_forward"] is None:
        raise Failure(ExitCode.USAGE, "--steps needs --walk-forward")
    can_be_written(given["out"], given["steps"], pages=(given["report"],), read=prices or "")
    if given["pair"] is None:
        traded = prices_of(prices, matrix, reading, host, access)
        note = f"{len(traded.names)} columns of {len(traded.values)} bars."
    else:
        traded, note = _spread(prices, reading, given)
    note += _rule(given)
    mode = "unit" if given["pair"] else given["mode"]
    with asking(host, access, traded) as client:
        swept = client.sweep(
            traded,
            asset_ids=[str(name) for name in traded.names],
            entry=given["entry"],
            exit=given["leave"],
            cost_per_side=given["cost"],
            lookback=given["lookback"] or None,
            walk_forward=given["walk_forward"],
            mode=mode,
            stop=given["stop"],
            borrow=given["borrow"],
            progress=progress_shown(shared),
            dry_run=given["dry_run"],
        )
    if isinstance(swept, Estimate):
        show_estimate(shared, swept)
        return
    dated = Dated(swept, traded, untradable(traded, mode))
    saved = _saved(dated, f"Sweep of {title_of(traded, prices)}", note, given)
    shared.show(_document(dated, note, saved), _picture(dated, note, saved))


def _spread(prices: str | None, reading: FileOptions, given: dict[str, Any]) -> tuple[Table, str]:
    """Return the spread of two columns, and a sentence on it."""
    if prices is None:
        raise Failure(ExitCode.USAGE, "--pair needs PRICES: the server alone has the numbers of a matrix that it keeps")
    names = tuple(name.strip() for name in given["pair"].split(","))
    if len(names) != 2 or names[0] == names[1] or reading.columns or given["mode"] == "compounding":
        rule = "--pair takes two names with a comma between, and neither --column nor --mode compounding beside it"
        raise Failure(ExitCode.USAGE, f"{rule}, got {given['pair']!r}")
    walk = given["walk_forward"]
    pair = read_prices(prices, replace(reading, columns=names))
    found = spread(pair, walk[0] if walk else None)
    note = (
        f"log {names[0]} - {found.intercept:.4g} - {found.hedge_ratio:.4g} log {names[1]}, fitted on the first "
        f"{found.n_fitted} of {found.values.size} bars{'' if walk else ', which are the bars it is traded on'}."
    )
    return replace(pair, values=found.values[:, None], names=(found.name,)), note


def _rule(given: dict[str, Any]) -> str:
    """Return sentences on the stop and the borrow rate, where they are given."""
    stop = "" if given["stop"] is None else f" Losing trades are closed at z = {given['stop']:g}."
    rate = given["borrow"]
    return stop + (f" Short positions cost {100 * rate:g} % a year to borrow." if rate else "")


def _saved(dated: Dated, title: str, note: str, given: dict[str, Any]) -> list[str]:
    written = []
    if given["out"] is not None:
        write_table(given["out"], dated.swept.to_columns())
        written.append(given["out"])
    if given["steps"] is not None:
        write_table(given["steps"], dated.steps())
        written.append(given["steps"])
    if given["report"] is not None:
        write_text(given["report"], page(dated, title, note))
        written.append(given["report"])
    return [str(path.resolve()) for path in written]


def _document(dated: Dated, note: str, saved: list[str]) -> dict[str, Any]:
    report = dated.table.report
    return {
        "intake": None if report is None else report.to_dict(),
        "swept": note,
        "cells": dated.swept.n_cells,
        "best": dated.best_records(),
        "walk_forward": None if dated.swept.walk_forward is None else records(dated.steps()),
        "pooled": None if dated.swept.pooled is None else records(dated.swept.pooled),
        "saved": saved,
    }


def _picture(dated: Dated, note: str, saved: list[str]) -> Group:
    swept = dated.swept
    rows = list(rows_of(swept.best, BEST))
    table = Fitting([name for name, _ in BEST], rows[:_SHOWN], texts=frozenset({"column"}), order=BEST_ORDER)
    parts: list[RenderableType] = [
        Text(report_text(dated.table)),
        Text(note),
        Text(f"{swept.n_cells} valid cells a column"),
        table,
    ]
    if len(rows) > _SHOWN:
        parts.append(Text(f"... and {len(rows) - _SHOWN} more columns; --out or --json has all", style="dim"))
    parts += [Text(f"{name} has no figures: {reason}", style="yellow") for name, reason in dated.reasons[:_SHOWN]]
    parts += [Text(f"{name}: {note}", style="yellow") for name, note in dated.notes[:_SHOWN]]
    if swept.walk_forward is not None:
        parts += [Text(words) for words in _walked(dated)]
    parts += [Text(f"Saved: {path}", style="bold") for path in saved]
    return Group(*parts)


def _walked(dated: Dated) -> list[str]:
    walk = dated.swept.walk_forward
    if walk is None or not walk.column:
        return ["Walk-forward: no step fits."]
    known = np.isfinite(walk.test_sharpe)
    train, test = (
        float(np.mean(sharpe[known])) if known.any() else 0.0 for sharpe in (walk.train_sharpe, walk.test_sharpe)
    )
    steps = dated.steps()
    when = f", {steps['train_first'][0]} to {max(steps['test_last'])}" if "train_first" in steps else ""
    gained = f"{int(np.sum(walk.test_return > 0))} of {len(walk.column)} test parts gained."
    sharpes = f"mean Sharpe {train:.2f} where chosen, {test:.2f} where traded"
    said = [f"Walk-forward: {len(walk.column)} steps{when}, {sharpes}; {gained}", *pooled_words(dated.swept)]
    without = [i for i, reason in enumerate(reasons(walk)) if reason]
    if without:
        i = without[0]
        where = f"{walk.column[i]}, bars {walk.train_start[i]} to {walk.test_stop[i]}"
        said.append(f"{len(without)} steps have no figures; the first ({where}): {reasons(walk)[i]}")
    return said
