"""How a command of `meanrev batch` runs and ends: signals, sentences and exit codes."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Group
from rich.text import Text

from meanrev.errors import InvalidInput
from meanrev_cli.batch_options import require_batch
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared

if TYPE_CHECKING:
    from meanrev_batch.engines import Stop
    from meanrev_batch.report import Report

__all__ = ["ended", "refusing", "show", "stopping"]

_NEXT = {
    "again": "what is done is kept; the same command goes on",
    "trade": "the tests of this shard are done: when all shards have said so, run each once more, with --stage trade",
    "gather": "when all shards have said so: meanrev batch gather {out}",
}
"""The last line, by what is to be done next."""


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what a run raises into a sentence and an exit code."""
    require_batch()
    from meanrev_batch import errors  # noqa: PLC0415 - the extra [batch] may not be installed

    try:
        yield
    except errors.BadUniverse as error:
        raise Failure(ExitCode.BAD_DATA, str(error)) from None
    except errors.NoDevice as error:
        raise Failure(ExitCode.DEVICE, str(error)) from None
    except errors.NoEngine as error:
        raise Failure(ExitCode.NO_SERVER, str(error)) from None
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
def stopping(stop: "Stop") -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the run while the context is open: once to end well, twice to end now."""

    def asked(_number: int, _frame: object) -> None:
        stop.asked += 1

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ended(context: click.Context, shared: Shared, report: "Report", out: Path) -> None:
    """Show the report of a run, and exit with the code of its state."""
    show(shared, report, out)
    if report.state == "cancelled":
        context.exit(ExitCode.INTERRUPTED)
    if report.failed:
        context.exit(ExitCode.INCOMPLETE)


def show(shared: Shared, report: "Report", out: Path) -> None:
    """Show the report of a run."""
    from meanrev_batch import report as reports  # noqa: PLC0415 - the extra [batch] may not be installed

    lines = reports.lines(report)
    if report.state == "complete":
        lines += [f"Saved: {(out / file['name']).resolve()}" for file in report.files]
    else:
        lines.append(_NEXT[report.next].format(out=out))
    shared.show({**asdict(report), "out": str(out.resolve())}, Group(*map(Text, lines)))
