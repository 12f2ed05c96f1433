"""`meanrev scan`: which pairs of a universe are worth trading."""

import math
from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev.intake.table import Table
from meanrev.results import Estimate, ScanResult
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, host_flag, progress_shown
from meanrev_cli.estimates import dry_run_flag, show_estimate
from meanrev_cli.kept_prices import prices_of, title_of
from meanrev_cli.narrow import Fitting
from meanrev_cli.output_files import can_be_written, write_table, write_text
from meanrev_cli.price_options import kept_or_price_options, report_text
from meanrev_cli.scan_page import page
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.sweep_words import entry
from meanrev_cli.words import COST

__all__ = ["scan"]

_SHOWN = 20
_FILE = click.Path(path_type=Path)
_COLUMNS = (
    ("y", "{}"),
    ("x", "{}"),
    ("hedge_ratio", "{:.3f}"),
    ("p_value", "{:.1e}"),
    ("q_value", "{:.1e}"),
    ("half_life", "{:.1f}"),
    ("train_sharpe", "{:.2f}"),
    ("deflated_sharpe", "{:.2f}"),
    ("p_best", "{:.3f}"),
    ("test_sharpe", "{:.2f}"),
    ("probability_sharpe_positive", "{:.2f}"),
    ("test_return", "{:+.3f}"),
    ("test_trades", "{}"),
    ("status", "{}"),
)
_TEXTS = frozenset({"y", "x", "status"})
_ORDER = (
    "y",
    "x",
    "p_best",
    "q_value",
    "test_sharpe",
    "deflated_sharpe",
    "hedge_ratio",
    "half_life",
    "train_sharpe",
    "status",
)


@click.command()
@kept_or_price_options
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Most pairs; all significant ones where left out.")
@click.option("--alpha", type=float, help="p-value below which a pair is significant; 0.05.")
@click.option("--split", type=float, help="Share of the bars that is the train part; 0.7.")
@click.option("--lags", type=int, help="Lagged differences in the test of the residual; 1.")
@click.option("--lookback", type=int, help="Bars of the rolling z-score; 60.")
@click.option(
    "--cost", "cost_per_side", type=COST, help="A side, such as 5bp, in units of the residual; 5 bp of y by default."
)
@click.option("--prices-as-they-are", is_flag=True, help="Regress prices instead of their logarithms.")
@click.option(
    "--rank-by", type=click.Choice(["p_value", "train_sharpe", "deflated_sharpe"]), help="p_value by default."
)
@click.option(
    "--null-universes",
    type=click.IntRange(min=0),
    metavar="N",
    help="Universes of independent walks that p_best compares with; 199, or none where they take long. 0 for none.",
)
@click.option("--null-kind", type=click.Choice(["walks", "bootstrap"]), help="How their steps are drawn; walks.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Of these universes; 0.")
@click.option("--out", type=_FILE, help="Write the pairs: .csv, .csv.gz or .parquet.")
@click.option("--report", type=_FILE, metavar="FILE", help="Write an HTML page that needs nothing else: .html.")
@dry_run_flag
@host_flag
@access_flags
@shared_flags
def scan(
    shared: Shared,
    prices: str | None,
    matrix: str | None,
    reading: FileOptions,
    host: str,
    access: Access,
    out: Path | None,
    report: Path | None,
    *,
    prices_as_they_are: bool,
    **options: Any,
) -> None:
    """Test all pairs of columns of PRICES for cointegration, trade those that pass, and rank them.

    PRICES is a file of CSV, Parquet, Arrow IPC or Excel, a pattern or an address: a column a series, a row a bar,
    oldest first. --matrix names columns that the server keeps instead. The train part alone ranks; what the test part
    brought stands beside it.
    """
    can_be_written(out, pages=(report,), read=prices or "")
    read = prices_of(prices, matrix, reading, host, access)
    with asking(host, access, read) as client:
        found = client.scan(
            read,
            asset_ids=[str(name) for name in read.names],
            log=False if prices_as_they_are else None,
            progress=progress_shown(shared),
            **options,
        )
    if isinstance(found, Estimate):
        show_estimate(shared, found)
        return
    columns = found.to_columns()
    if out is not None:
        write_table(out, columns)
    if report is not None:
        write_text(report, page(found, read, f"Scan of {title_of(read, prices)}", _shown(found)))
    saved = {name: None if path is None else str(path.resolve()) for name, path in (("saved", out), ("report", report))}
    shared.show(_document(found, columns, read, saved), _picture(found, read, saved))


def _document(found: ScanResult, columns: dict[str, Any], read: Table, saved: dict[str, str | None]) -> dict[str, Any]:
    rows = zip(*(values if isinstance(values, tuple) else values.tolist() for values in columns.values()), strict=True)
    return {
        "intake": None if read.report is None else read.report.to_dict(),
        "n_pairs": found.n_pairs,
        "n_significant": found.n_significant,
        "n_untested": found.n_untested,
        "null_universes": found.null_universes,
        "null_reason": found.null_reason,
        "notes": [note._asdict() for note in found.notes],
        "pairs": [dict(zip(columns, map(_finite, row), strict=True)) for row in rows],
        **saved,
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _shown(found: ScanResult) -> tuple[tuple[str, str], ...]:
    return _COLUMNS if not any(found.reason) else (*_COLUMNS, ("reason", "{}"))


def _picture(found: ScanResult, read: Table, saved: dict[str, str | None]) -> Group:
    shown = _shown(found)
    rows = [[entry(found, name, i, shape) for name, shape in shown] for i in range(min(len(found.y), _SHOWN))]
    table = Fitting([name for name, _ in shown], rows, texts=_TEXTS | {"reason"}, order=_ORDER)
    untested = f", {found.n_untested} not tested" if found.n_untested else ""
    counts = f"{found.n_pairs} pairs tried, {found.n_significant} significant{untested}"
    lines: list[RenderableType] = [Text(report_text(read)), Text(counts), table]
    shown_notes = zip(found.y[:_SHOWN], found.x[:_SHOWN], found.test_note, strict=False)
    lines += [Text(f"{y}, {x}: {note}", style="yellow") for y, x, note in shown_notes if note]
    if found.null_universes and len(found.y):
        lines.append(
            Text(
                f"p_best: of {found.null_universes} universes without a reverting pair, the share whose best is as good"
            )
        )
    elif found.null_reason:
        lines.append(Text(f"no p_best: {found.null_reason}", style="yellow"))
    lines += [Text(f"{note.column}: {note.reason}", style="yellow") for note in found.notes[:_SHOWN]]
    if len(found.notes) > _SHOWN:
        lines.append(Text(f"... and {len(found.notes) - _SHOWN} more columns; --json names all", style="dim"))
    if len(found.y) > _SHOWN:
        lines.append(Text(f"... and {len(found.y) - _SHOWN} more; --out writes all", style="dim"))
    lines += [Text(f"Saved: {path}", style="bold") for path in saved.values() if path]
    return Group(*lines)
