"""`meanrev serve`: one server in the foreground."""

import logging
import os
from typing import Any, get_args, get_type_hints

import click
import uvloop

from gpu_kernels.errors import KernelError
from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.settings import settings_from, ways_to_set
from meanrev_cli.shared import Shared, shared_flags
from meanrev_server.app import App
from meanrev_server.compute_backend import limit_blas, spare_the_loop
from meanrev_server.config import ConfigError, Settings
from meanrev_server.errors import StateUnusable
from meanrev_server.telemetry import start_logging

__all__ = ["serve"]


def _choices(setting: str) -> click.Choice[str]:
    return click.Choice(get_args(get_type_hints(Settings)[setting]))


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Address, or unix:/path; port 0 picks a free one.")
@click.option("--backend", type=_choices("backend"), help="Where the maths runs.")
@click.option("--insecure", is_flag=True, default=None, help="Allow plaintext on an address that others can reach.")
@click.option("--tls-cert", metavar="FILE", help="The server's certificate in PEM; serves TLS.")
@click.option("--tls-key", metavar="FILE", help="Its private key.")
@click.option("--tls-client-ca", metavar="FILE", help="Ask clients for certificates that this CA has signed.")
@click.option("--token-file", metavar="FILE", help="Ask for tokens: a name and a token a line (`meanrev token`).")
@click.option("--revoked-file", metavar="FILE", help="Refuse these certificates: sha256:HEX or name:NAME a line.")
@click.option("--grace", "grace_s", type=float, metavar="SECONDS", help="Time for calls in flight on a stop.")
@click.option("--compute-threads", type=int, metavar="N", help="Computations that run at once.")
@click.option("--state-dir", metavar="DIR", help="Where portfolios, marks and jobs outlive the server.")
@click.option("--metrics", metavar="HOST:PORT", help="Where Prometheus reads metrics; port 0 picks a free one.")
@click.option("--dashboard", metavar="HOST:PORT", help="Where browsers open the dashboard; port 0 picks a free one.")
@click.option("--log", type=_choices("log"), help="How log lines look on stderr.")
@click.option("--log-level", type=_choices("log_level"), help="Least severe level that is logged.")
@shared_flags
def serve(shared: Shared, **flags: Any) -> None:
    """Serve until SIGINT or SIGTERM; a second signal stops at once.

    Prints one line on stdout, `listening on HOST:PORT`, when calls are accepted; everything else is a log line on
    stderr. A flag left out takes its value from MEANREV_<SETTING>, then from --config, then from the default:
    `meanrev config` shows which.
    """
    settings = settings_from(shared, flags)
    level = "debug" if shared.verbose and flags["log_level"] is None else settings.log_level
    _run(settings, level, '{{"listening": "{}"}}' if shared.as_json else "listening on {}")


def _run(settings: Settings, level: str, line: str) -> None:
    start_logging(settings.log, level)
    logging.getLogger("asyncio").setLevel(logging.INFO)
    limit_blas(settings)
    try:
        app = App(settings)
    except ConfigError as error:
        raise Failure(ExitCode.USAGE, str(error)) from None
    except KernelError as error:
        raise Failure(ExitCode.DEVICE, f"{error}; {ways_to_set('backend')} chooses another backend") from None
    spare_the_loop()
    try:
        uvloop.run(app.run(lambda address: click.echo(line.format(address))))
    except StateUnusable as error:
        raise Failure(ExitCode.USAGE, f"{error}; {ways_to_set('state_dir')} sets it") from None
    except ConfigError as error:
        raise Failure(ExitCode.NO_SERVER, f"{error}{_advice(str(error))}") from None
    # Python would wait for the compute threads, whose callers have been answered or given up: grace is over.
    logging.shutdown()
    os._exit(ExitCode.OK)


def _advice(reason: str) -> str:
    """Return how to choose another address, where one could not be listened on."""
    setting = next((name for name in ("metrics", "channelz", "dashboard") if reason.startswith(f"{name} = ")), "listen")
    listens = (setting != "listen" and "pip install" not in reason) or reason.startswith("cannot listen on")
    return f"; {ways_to_set(setting)} chooses another, and port 0 a free one" if listens else ""
