"""A client as the command line uses it: its errors become sentences and exit codes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

import meanrev
from meanrev.intake.table import Table
from meanrev.progress import Progress
from meanrev_cli.access import Access
from meanrev_cli.failure import ExitCode, Failure, failure_from
from meanrev_cli.price_options import day_of
from meanrev_cli.progress_lines import ProgressLines
from meanrev_cli.shared import Shared

__all__ = ["asking", "host_flag", "progress_shown", "server_flag"]

F = TypeVar("F", bound=Callable[..., Any])


def host_flag(command: F) -> F:
    """Add --host to a command, which takes host."""
    option = click.option(
        "--host",
        metavar="HOST",
        envvar="MEANREV_HOST",
        default="local",
        show_default=True,
        help="Where to compute: HOST:PORT, unix:/path or local (or MEANREV_HOST).",
    )
    return option(command)


def server_flag(command: F) -> F:
    """Add --host to a command that asks a running server; remote.address_of has the address where it is None."""
    option = click.option("--host", metavar="HOST", help="The server; MEANREV_HOST or the settings' listen otherwise.")
    return option(command)


def progress_shown(shared: Shared) -> Progress:
    """Return how progress is shown: a bar where stderr is a terminal and the result is text, and lines elsewhere."""
    return True if sys.stderr.isatty() and not shared.as_json else ProgressLines()


@contextmanager
def asking(host: str, access: Access, sent: Table | None = None) -> Iterator[meanrev.Client]:
    """Open a client.

    Args:
        host: Where to compute.
        access: The token to send, and the files of TLS.
        sent: The prices that are sent, for messages.

    Raises:
        Failure: a call failed.
    """
    try:
        client = meanrev.Client(host, token=access.token, tls=access.tls)
    except meanrev.InvalidInput as error:
        raise Failure(ExitCode.USAGE, str(error)) from None
    except meanrev.MeanRevError as error:
        raise failure_from(error) from None
    try:
        with client:
            yield client
    except meanrev.ConnectionFailed as error:
        raise failure_from(error, "`meanrev serve` starts a server, --host names another") from None
    except meanrev.InvalidInput as error:
        _place(error, sent)
        raise failure_from(error) from None
    except meanrev.MeanRevError as error:
        raise failure_from(error) from None


def _place(error: meanrev.InvalidInput, sent: Table | None) -> None:
    """Name the place of an error as the file does: by row and column, not by an index of the array."""
    if sent is None:
        return
    place = error.index if isinstance(error.index, tuple) else ()
    if error.field == "prices" and len(place) == 2 and place[1] < len(sent.names):
        when = f", {day_of(sent, place[0])}" if sent.timestamps_ms is not None else ""
        error.hint = f"row {place[0] + 1} of column {str(sent.names[place[1]])!r}{when}"
    if error.field == "n_bars":
        unreported = "the file" if sent.kept is None else "the matrix"
        source = unreported if sent.report is None else sent.report.source
        error.field, error.value = f"rows of prices in {source}", len(sent.values)
