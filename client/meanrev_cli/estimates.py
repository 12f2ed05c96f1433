"""The option --dry-run: it estimates what a command would take, and uploads and computes nothing."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.table import Table

from meanrev.results import Estimate
from meanrev_cli.shared import Shared

__all__ = ["dry_run_flag", "show_estimate"]

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def dry_run_flag(command: F) -> F:
    """Add --dry-run to a command, which takes dry_run."""
    option = click.option("--dry-run", is_flag=True, help="Estimate time, memory and bytes; upload nothing.")
    return option(command)


def show_estimate(shared: Shared, estimate: Estimate) -> None:
    """Show an estimate as a short table, or as JSON.

    Args:
        shared: Flags that decide how it is shown.
        estimate: What the client got.
    """
    table = Table.grid(padding=(0, 2))
    table.add_row("work", f"{estimate.work:,} steps")
    table.add_row(
        "time", f"{estimate.seconds:.3g} s" if estimate.seconds else "unknown: the server did no such work yet"
    )
    table.add_row("server memory", _bytes(estimate.peak_bytes))
    table.add_row("answer", _bytes(estimate.reply_bytes))
    shared.show({"estimate": estimate.to_dict()}, table)


def _bytes(count: int) -> str:
    size, unit = next((each for each in _UNITS if count >= each[0]), (1, "bytes"))
    return f"{count / size:.1f} {unit}" if size > 1 else f"{count} bytes"
