"""`meanrev batch sweep` and `meanrev batch fit`: what is computed of each name, or of each pair, of a universe."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meanrev.intake.options import FileOptions
from meanrev_cli.batch_options import fit_options, means_options, sweep_options
from meanrev_cli.batch_progress import watching
from meanrev_cli.batch_running import ended, refusing, stopping
from meanrev_cli.price_options import universe_options
from meanrev_cli.shared import Shared, shared_flags

if TYPE_CHECKING:
    from meanrev_batch.options import FitOptions, SweepOptions

__all__ = ["fit", "sweep"]

_FOLDER = click.Path(path_type=Path)
_PAIRS = click.option(
    "--pairs",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Work on the spreads of pairs: y, x, hedge_ratio and intercept, as in pairs.parquet of a scan.",
)


@click.command()
@universe_options
@_PAIRS
@click.option("--out", type=_FOLDER, required=True, help="The folder of the run.")
@sweep_options
@means_options
@shared_flags
@click.pass_context
def sweep(context: click.Context, /, shared: Shared, **given: Any) -> None:
    """Backtest each name of a universe, or the spreads of pairs, in every cell of a grid, and choose the best cells.

    Writes best.parquet, with --walk-forward also walk.parquet, universe.parquet and report.json. Exit codes as of
    `batch scan`.
    """
    _run(context, shared, "sweep", **given)


@click.command()
@universe_options
@_PAIRS
@click.option("--out", type=_FOLDER, required=True, help="The folder of the run.")
@fit_options
@means_options
@shared_flags
@click.pass_context
def fit(context: click.Context, /, shared: Shared, **given: Any) -> None:
    """Fit an Ornstein-Uhlenbeck process to each name of a universe, or to the spreads of pairs.

    Writes fits.parquet, universe.parquet and report.json. Exit codes as of `batch scan`.
    """
    _run(context, shared, "fit", **given)


def _run(
    context: click.Context,
    shared: Shared,
    op: str,
    *,
    universe: str,
    reading: FileOptions,
    pairs: Path | None,
    out: Path,
    options: "SweepOptions | FitOptions",
    shard: tuple[int, int] | None,
    **means: Any,
) -> None:
    with refusing(), watching(as_json=shared.as_json) as watch:
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed
        from meanrev_batch.engines import Stop  # noqa: PLC0415 - likewise

        stop, part = Stop(), None if shard is None else meanrev_batch.Shard(*shard)
        means = {"reading": reading, "shard": part, "watch": watch, "stop": stop, **means}
        with stopping(stop):
            report = getattr(meanrev_batch, op)(universe, out, options, pairs=pairs, **means)
    ended(context, shared, report, out)
