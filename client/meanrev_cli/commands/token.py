"""`meanrev token`: a new bearer token, and the line by which a server accepts it."""

import os
import secrets
from pathlib import Path

import click
from rich.text import Text

from meanrev_cli.failure import ExitCode, Failure
from meanrev_cli.shared import Shared, shared_flags
from meanrev_server.authentication import is_name, token_line

__all__ = ["token"]

_BYTES = 32


@click.command()
@click.argument("name")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the token to a new file that only you can read, instead of showing it.",
)
@shared_flags
def token(shared: Shared, name: str, save: Path | None) -> None:
    """Make a token for the caller NAME.

    The line on stdout is for the server's token file (setting token_file), and contains a hash of the token alone:
    `meanrev token alice >> tokens`. The token is for the caller, and is shown once, on stderr.
    """
    if not is_name(name):
        raise Failure(ExitCode.USAGE, f"NAME must be 1 to 64 letters, digits and . _ @ + -, got {name!r}")
    secret = secrets.token_urlsafe(_BYTES)
    line = token_line(name, secret)
    if save is not None:
        _write(save, secret)
    elif not shared.as_json:
        click.echo(f"the token of {name}, which is shown once: {secret}", err=True)
    document = {"name": name, "line": line}
    if save is None:
        document["token"] = secret
    shared.show(document, Text(line))


def _write(path: Path, secret: str) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secret + "\n")
    except OSError as error:
        raise Failure(ExitCode.USAGE, f"--save {str(path)!r} cannot be written: {error.strerror}") from None
