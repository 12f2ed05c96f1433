"""`meanrev batch`: scans of universes of thousands of names, chunk by chunk."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Group
from rich.text import Text

from meanrev.errors import InvalidInput
from meanrev.intake.options import FileOptions
from meanrev_cli.batch_options import means_options, require_batch, scan_options
from meanrev_cli.batch_progress import watching
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.price_options import universe_options
from meanrev_cli.shared import Shared, shared_flags

if TYPE_CHECKING:
    from meanrev_batch.engines import Stop
    from meanrev_batch.options import ScanOptions
    from meanrev_batch.report import Report

__all__ = ["batch", "clean", "gather", "plan", "scan", "status"]

_FOLDER = click.Path(path_type=Path)
_MEGABYTE = 1e6
_NEXT = {
    "again": "what is done is kept; the same command goes on",
    "trade": "the tests of this shard are done: when all shards have said so, run each once more, with --stage trade",
    "gather": "when all shards have said so: meanrev batch gather {out}",
}
"""The last line, by what is to be done next."""


@click.group()
def batch() -> None:
    """Scan universes of thousands of names, chunk by chunk.

    What was computed stays in the folder --out, and the same command goes on from there after any interruption.
    """


@batch.command()
@universe_options
@click.option("--out", type=_FOLDER, required=True, help="The folder of the run.")
@scan_options
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
    shard: tuple[int, int] | None,
    stage: str | None,
    **means: Any,
) -> None:
    """Test all pairs of a universe for cointegration, trade those that are selected, and rank them.

    Writes pairs.parquet, universe.parquet (why each name was left out) and report.json. Exit codes: 6, where chunks
    failed or are missing, 7, where another run computes in the folder, and 130, where it was interrupted; the same
    command goes on.
    """
    with _refusing(), watching(as_json=shared.as_json) as watch:
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed
        from meanrev_batch.engines import Stop  # noqa: PLC0415 - likewise

        if stage is not None and shard is None:
            raise Failure(ExitCode.USAGE, "--stage goes with --shard: a run without shards does both stages")
        stop, part = Stop(), None if shard is None else meanrev_batch.Shard(*shard, stage or "")
        with _stopping(stop):
            report = meanrev_batch.scan(
                universe, out, options, reading=reading, shard=part, watch=watch, stop=stop, **means
            )
    _show(shared, report, out)
    if report.state == "cancelled":
        context.exit(ExitCode.INTERRUPTED)
    if report.failed:
        context.exit(ExitCode.INCOMPLETE)


@batch.command()
@universe_options
@scan_options
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; one a CPU by default.")
@click.option("--dollars-per-hour", type=click.FloatRange(min=0), metavar="PRICE", help="Of the machine.")
@shared_flags
def plan(
    shared: Shared,
    universe: str,
    reading: FileOptions,
    options: "ScanOptions",
    workers: int | None,
    dollars_per_hour: float | None,
) -> None:
    """Tell what a scan will take: computes a few of its chunks in a temporary folder.

    Takes the words of `batch scan` that say what is computed.
    """
    n_workers = workers or len(os.sched_getaffinity(0))
    with _refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed
        from meanrev_batch.forecasting import lines  # noqa: PLC0415 - likewise

        found = meanrev_batch.forecast(
            universe, options, reading=reading, workers=n_workers, dollars_per_hour=dollars_per_hour
        )
    shared.show(asdict(found), Text("\n".join(lines(found))))


@batch.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@shared_flags
def gather(shared: Shared, folder: Path) -> None:
    """Join what the shards of a run computed in DIR, and write its answer."""
    with _refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed

        report = meanrev_batch.gather(folder)
    _show(shared, report, folder)


@batch.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@shared_flags
def status(shared: Shared, folder: Path) -> None:
    """Tell how far the run in DIR is, from its files."""
    with _refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed

        found = meanrev_batch.status(folder)
    tests, trades = found["chunks"]["test"], found["chunks"]["trade"]
    lines = [
        f"{found['run']['uri']}: {found['run']['source']['n_kept']:,} names, {found['run']['options']['select']}",
        f"stage test: {tests['done']:,} of {tests['total']:,} chunks; stage trade: {trades['done']:,} chunks",
        *(f"failed: {each['place']}: {each['reason']}" for each in found["failed"]),
        f"report: {found['report']['state'] if found['report'] else 'none yet'}",
    ]
    shared.show(found, Text("\n".join(lines)))


@batch.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@shared_flags
def clean(shared: Shared, folder: Path) -> None:
    """Remove the files of DIR that only going on needs, once its answer is there."""
    with _refusing():
        import meanrev_batch  # noqa: PLC0415 - the extra [batch] may not be installed

        n_bytes = meanrev_batch.clean(folder)
    shared.show({"removed_bytes": n_bytes}, Text(f"Removed: {n_bytes / _MEGABYTE:,.1f} MB"))


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what a run raises into a sentence and an exit code."""
    require_batch()
    from meanrev_batch import errors  # noqa: PLC0415 - the extra [batch] may not be installed

    try:
        yield
    except errors.BadUniverse as error:
        raise Failure(ExitCode.BAD_DATA, str(error)) from None
    except errors.BusyFolder as error:
        raise Failure(ExitCode.BUSY, str(error)) from None
    except errors.Incomplete as error:
        raise Failure(ExitCode.INCOMPLETE, str(error)) from None
    except errors.BadOption as error:
        error.args = (f"--{error.args[0].replace('_', '-', error.field.count('_'))}",)
        raise Failure(ExitCode.USAGE, str(error)) from None
    except errors.BatchError as error:
        raise Failure(ExitCode.USAGE, str(error)) from None
    except InvalidInput as error:
        raise Failure(ExitCode.BAD_DATA, str(error)) from None
    except OSError as error:
        where = "" if error.filename is None else f" {error.filename}"
        raise Failure(
            ExitCode.UNEXPECTED, f"cannot write{where}: {error.strerror}; what was computed before is kept"
        ) from None


@contextmanager
def _stopping(stop: "Stop") -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the run while the context is open: once to end well, twice to end now."""

    def asked(_number: int, _frame: object) -> None:
        stop.asked += 1

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _show(shared: Shared, report: "Report", out: Path) -> None:
    from meanrev_batch import report as reports  # noqa: PLC0415 - the extra [batch] may not be installed

    lines = reports.lines(report)
    if report.state == "complete":
        lines.append(f"Saved: {(out / 'pairs.parquet').resolve()}")
    else:
        lines.append(_NEXT[report.next].format(out=out))
    shared.show({**asdict(report), "out": str(out.resolve())}, Group(*map(Text, lines)))
