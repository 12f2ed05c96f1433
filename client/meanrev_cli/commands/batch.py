"""`meanrev batch`: scans, sweeps and fits of universes of thousands of names, chunk by chunk."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from meanrev.intake.options import FileOptions
from meanrev_cli.batch_options import means_options, only_scan_options, scan_options
from meanrev_cli.batch_progress import watching
from meanrev_cli.batch_running import ended, refusing, show, stopping
from meanrev_cli.batch_series import fit, sweep
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.price_options import universe_options
from meanrev_cli.shared import Shared, shared_flags

if TYPE_CHECKING:
    from meanrev_batch.options import ScanOptions

__all__ = ["batch", "clean", "gather", "plan", "scan", "status"]

_MEMBERS = click.option(
    "--members",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Who counts when: a Parquet or CSV file of name, from and to. All names count by default.",
)
_FOLDER = click.Path(path_type=Path)
_MEGABYTE = 1e6


@click.group()
def batch() -> None:
    """Scan, sweep and fit universes of thousands of names, chunk by chunk.

    What was computed stays in the folder --out, and the same command goes on from there after any interruption.
    """


batch.add_command(sweep)
batch.add_command(fit)


@batch.command()
@universe_options
@click.option("--out", type=_FOLDER, required=True, help="The folder of the run.")
@scan_options
@_MEMBERS
@only_scan_options
@means_options
@shared_flags
@click.pass_context
def scan(
    context: click.Context,
    /,
    shared: Shared,
    universe: str,
    reading: FileOptions,
    out: Path,
    options: "ScanOptions",
    *,
    members: str | None,
    shard: tuple[int, int] | None,
    stage: str | None,
    **means: Any,
) -> None:
    """Test all pairs of a universe for cointegration, trade those that are selected, and rank them.

    Writes pairs.parquet, universe.parquet (why each name was left out) and report.json. Exit codes: 6, where chunks
    failed or are missing, 7, where another run computes in the folder, and 130, where it was interrupted; the same
    command goes on.
    """
    with refusing(), watching(as_json=shared.as_json) as watch:
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed
        from meanrev_batch.engines import Stop  # noqa: PLC0415 - likewise

        if stage is not None and shard is None:
            raise Failure(ExitCode.USAGE, "--stage goes with --shard: a run without shards does both stages")
        stop, part = Stop(), None if shard is None else meanrev_batch.Shard(*shard, stage or "")
        with stopping(stop):
            report = meanrev_batch.scan(
                universe, out, options, members=members, reading=reading, shard=part, watch=watch, stop=stop, **means
            )
    ended(context, shared, report, out)


@batch.command()
@universe_options
@scan_options
@_MEMBERS
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a CPU by default.")
@click.option("--dollars-per-hour", type=click.FloatRange(min=0), metavar="PRICE", help="Of the machine.")
@shared_flags
def plan(
    shared: Shared,
    universe: str,
    reading: FileOptions,
    options: "ScanOptions",
    members: str | None,
    workers: int | None,
    dollars_per_hour: float | None,
) -> None:
    """Estimate what a scan will take from a few of its chunks, computed in a temporary folder.

    Takes the options of `batch scan` that decide what is computed.
    """
    n_workers = workers or len(os.sched_getaffinity(0))
    with refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed
        from meanrev_batch.forecasting import lines  # noqa: PLC0415 - likewise

        found = meanrev_batch.forecast(
            universe, options, reading=reading, members=members, workers=n_workers, dollars_per_hour=dollars_per_hour
        )
    shared.show(asdict(found), Text("\n".join(lines(found))))


@batch.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@shared_flags
def gather(shared: Shared, folder: Path) -> None:
    """Join what the shards of a run computed in DIR, and write its answer."""
    with refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed

        report = meanrev_batch.gather(folder)
    show(shared, report, folder)


@batch.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@shared_flags
def status(shared: Shared, folder: Path) -> None:
    """Show how far the run in DIR is, from its files."""
    with refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed

        found = meanrev_batch.status(folder)
    rule = f", {found['run']['options']['select']}" if found["run"]["op"] == "scan" else ""
    done = (
        f"stage {stage}: {counts['done']:,} " + (f"of {counts['total']:,} chunks" if "total" in counts else "chunks")
        for stage, counts in found["chunks"].items()
    )
    lines = [
        f"{found['run']['uri']}: {found['run']['source']['n_kept']:,} names{rule}",
        "; ".join(done),
        *(f"failed: {each['place']}: {each['reason']}" for each in found["failed"]),
        f"report: {found['report']['state'] if found['report'] else 'none yet'}",
    ]
    shared.show(found, Text("\n".join(lines)))


@batch.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@shared_flags
def clean(shared: Shared, folder: Path) -> None:
    """Remove the files of DIR that only going on needs, once its answer is there."""
    with refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed

        n_bytes = meanrev_batch.clean(folder)
    shared.show({"removed_bytes": n_bytes}, Text(f"Removed: {n_bytes / _MEGABYTE:,.1f} MB"))
