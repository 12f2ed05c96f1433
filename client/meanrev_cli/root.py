"""The command `meanrev` and its subcommands, each imported when it is asked for, so that --help stays quick."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from meanrev_cli.failure import ExitCode, Failure, failure_as_json

__all__ = ["COMMANDS", "meanrev"]

COMMANDS: Mapping[str, str] = {
    "serve": "Serve until SIGTERM; print `listening on HOST:PORT` when ready.",
    "demo": "Fit, trade and stress real oil prices through a real server and client.",
    "doctor": "Check this machine and this installation, and say how to fix what is red.",
    "info": "Say what a server offers: services, methods, latency, versions.",
    "health": "Ask a server whether it serves.",
    "sweep": "Backtest prices of a file against a grid of thresholds, costs and lookbacks.",
    "scan": "Find pairs of columns of a file that are worth trading.",
    "fit": "Fit an Ornstein-Uhlenbeck process to each column of a file.",
    "pair": "Test one pair of columns for cointegration, and find the thresholds to trade it at.",
    "stats": "Describe what each column of a file would have brought, or the returns in it.",
    "rolling": "Find weights, or principal components, of every window of a file's returns.",
    "statarb": "Trade the residuals of a universe on its factors, and say what is left after costs.",
    "batch": "Scan, sweep or fit universes of thousands of names, chunk by chunk; what was interrupted goes on.",
    "put": "Have a server keep the prices of a file, for sweep and scan.",
    "matrices": "List the matrices that a server keeps.",
    "drop": "Have a server forget a matrix.",
    "jobs": "List, watch, fetch and cancel the jobs of a server.",
    "bench": "Measure how fast a server answers, from one caller to many.",
    "call": "Call any method with JSON, through the server's reflection.",
    "proto": "Write meanrev.proto, for stubs in another language.",
    "token": "Make a token for a caller, and the line by which a server accepts it.",
    "completion": "Print the script by which bash, zsh or fish completes the words.",
    "config": "Show the settings in force and where each came from.",
    "help": "Explain a command, or what several commands share.",
    "man": "Write the manual pages for man(1).",
}
"""One line a command; the module of the same name in meanrev_cli.commands holds it."""


class _Lazily(click.Group):
    """A group whose commands are modules."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; its end is a line on stderr and an exit code, and with --json a document on stdout."""
        words = sys.argv[1:] if args is None else list(args)
        if not standalone_mode:
            return super().main(words, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(words, prog_name, complete_var, standalone_mode=False, **extra)
        except click.Abort:
            click.echo("interrupted", err=True)
            sys.exit(ExitCode.INTERRUPTED)
        except click.ClickException as error:
            if "--json" in words and not (isinstance(error, Failure) and error.shown):
                click.echo(failure_as_json(error))
            error.show()
            sys.exit(error.exit_code)
        sys.exit(code if isinstance(code, int) else ExitCode.OK)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"meanrev_cli.commands.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Lazily,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 2 usage, 3 no server, 4 bad data, 5 device, 6 incomplete, 7 busy, 130 interrupted.",
)
@click.version_option(package_name="meanrev", message="%(package)s %(version)s")
def meanrev() -> None:
    """Mean-reversion research over gRPC: fits, thresholds, backtests, portfolios and signals."""
