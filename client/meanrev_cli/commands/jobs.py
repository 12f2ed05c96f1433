"""`meanrev jobs`: the jobs of a server, listed, watched, fetched and cancelled."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from meanrev.results import JobState
from meanrev_cli.access import Access, access_flags
from meanrev_cli.asking import asking, progress_shown, server_flag
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.narrow import Fitting
from meanrev_cli.output_files import can_be_written, write_table
from meanrev_cli.remote import address_of
from meanrev_cli.shared import Shared, shared_flags
from meanrev_cli.sweep_words import cell, records
from meanrev_cli.whole_ids import MOST_LISTED, SHOWN_DIGITS, whole_job_id

__all__ = ["cancel", "fetch", "jobs", "list_jobs", "watch"]

_COLUMNS = ("job_id", "method", "status", "done", "total", "submitted", "finished", "error")
_TEXTS = frozenset({"job_id", "method", "status", "submitted", "finished", "error"})
_ORDER = ("job_id", "status", "method", "done", "total", "submitted", "error", "finished")
_SHOWN = 20


@click.group()
def jobs() -> None:
    """List, watch, fetch and cancel jobs; Client.submit makes them.

    JOB is the id of a job, or its first digits where only one job has them.
    """


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1, MOST_LISTED), default=_SHOWN, show_default=True, help="Most jobs.")
@server_flag
@access_flags
@shared_flags
def list_jobs(shared: Shared, host: str | None, access: Access, limit: int) -> None:
    """List jobs, newest first."""
    with asking(address_of(shared, host), access) as client:
        found = client.jobs(limit=limit)
    table = Fitting(_COLUMNS, [_words(state) for state in found], texts=_TEXTS, order=_ORDER)
    shared.show({"jobs": [state.to_dict() for state in found]}, table if found else Text("no jobs"))


@jobs.command()
@click.argument("job_id", metavar="JOB")
@server_flag
@access_flags
@shared_flags
def watch(shared: Shared, host: str | None, access: Access, job_id: str) -> None:
    """Show a job until it ends; exit code 1 if it fails or is cancelled."""
    with asking(address_of(shared, host), access) as client:
        job = client.job(whole_job_id(client, job_id))
        for state in job.watch():
            if not shared.as_json:
                click.echo(_line(state))
    if shared.as_json:
        shared.show(job.state.to_dict(), Text())
    if job.state.status != "done":
        raise Failure(
            ExitCode.UNEXPECTED, f"the job is {job.state.status}: {job.state.error or 'no reason'}", shown=True
        )


@jobs.command()
@click.argument("job_id", metavar="JOB")
@click.option("--out", type=click.Path(path_type=Path), help="Write the result: .csv, .csv.gz or .parquet.")
@server_flag
@access_flags
@shared_flags
def fetch(shared: Shared, host: str | None, access: Access, job_id: str, out: Path | None) -> None:
    """Wait for a job, and show its result."""
    can_be_written(out)
    with asking(address_of(shared, host), access) as client:
        job = client.job(whole_job_id(client, job_id))
        columns = _columns(job.result(progress=progress_shown(shared)))
    if out is not None:
        write_table(out, columns)
    saved = None if out is None else str(out.resolve())
    shared.show(
        {"job": job.state.to_dict(), "result": records(columns), "saved": saved}, _picture(job.state, columns, saved)
    )


@jobs.command()
@click.argument("job_id", metavar="JOB")
@server_flag
@access_flags
@shared_flags
def cancel(shared: Shared, host: str | None, access: Access, job_id: str) -> None:
    """Stop a job at its next step."""
    with asking(address_of(shared, host), access) as client:
        state = client.job(whole_job_id(client, job_id)).cancel()
    shared.show(state.to_dict(), Text(_line(state)))


def _columns(found: Any) -> dict[str, Any]:
    """Return the columns of a result, all of one length."""
    columns: dict[str, Any] = found.to_columns()
    length = max((len(values) for values in columns.values() if np.ndim(values)), default=1)
    return {name: values if np.ndim(values) else [values] * length for name, values in columns.items()}


def _words(state: JobState) -> list[str]:
    times = (_time(state.submitted_ms), _time(state.finished_ms))
    counts = (f"{state.done:,}", f"{state.total:,}")
    return [state.job_id[:SHOWN_DIGITS], state.method, state.status, *counts, *times, state.error]


def _time(stamp_ms: int) -> str:
    return datetime.fromtimestamp(stamp_ms / 1000).astimezone().isoformat(" ", "seconds")[:19] if stamp_ms else ""


def _line(state: JobState) -> str:
    error = f": {state.error}" if state.error else ""
    return f"{state.job_id[:SHOWN_DIGITS]} {state.method} {state.status} {state.done:,}/{state.total:,}{error}"


def _picture(state: JobState, columns: dict[str, Any], saved: str | None) -> Group:
    rows = [[cell(value, "{}") for value in row] for row in zip(*columns.values(), strict=True)]
    texts = frozenset(name for name, values in columns.items() if len(values) and isinstance(values[0], str))
    parts: list[RenderableType] = [Text(_line(state)), Fitting(list(columns), rows[:_SHOWN], texts=texts)]
    if len(rows) > _SHOWN:
        parts.append(Text(f"... and {len(rows) - _SHOWN} more rows; --out or --json has all", style="dim"))
    if saved is not None:
        parts.append(Text(f"Saved: {saved}", style="bold"))
    return Group(*parts)
