"""How a command shows the server who calls, and how it checks who answers: a token, and the files of TLS."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from meanrev.errors import InvalidInput
from meanrev.transport.credentials import TlsFiles, tls_in
from meanrev.transport.options import Endpoint, endpoint
from meanrev_cli.failure import ExitCode, Failure

__all__ = ["Access", "access_flags"]

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = {
    "tls_ca": "MEANREV_TLS_CA",
    "tls_client_cert": "MEANREV_TLS_CLIENT_CERT",
    "tls_client_key": "MEANREV_TLS_CLIENT_KEY",
    "tls_name": "MEANREV_TLS_NAME",
}


@dataclass(frozen=True, slots=True)
class Access:
    """What the flags say; the client takes what is None from the environment.

    Attributes:
        token: Bearer token.
        tls: The files of TLS.
    """

    token: str | None = None
    tls: TlsFiles | None = None

    def endpoint(self, address: str) -> Endpoint:
        """Return where a channel goes, and how.

        Args:
            address: HOST:PORT or unix:/path.

        Raises:
            Failure: a file cannot be used, or the token would travel in plaintext; exit code USAGE.
        """
        try:
            return endpoint(address, self.token, self.tls)
        except InvalidInput as error:
            raise Failure(ExitCode.USAGE, str(error)) from None


def access_flags(command: F) -> F:
    """Add --token-file, --tls-ca, --tls-name and the flags of the client's certificate; the command takes access."""

    @click.option(
        "--token-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="A file with the token to send (or MEANREV_TOKEN, the token itself).",
    )
    @click.option("--tls-ca", metavar="FILE", help="Encrypt, and trust this CA, or `system` (or MEANREV_TLS_CA).")
    @click.option("--tls-client-cert", metavar="FILE", help="The certificate to show (or MEANREV_TLS_CLIENT_CERT).")
    @click.option("--tls-client-key", metavar="FILE", help="Its key (or MEANREV_TLS_CLIENT_KEY).")
    @click.option("--tls-name", metavar="NAME", help="Name in the server's certificate (or MEANREV_TLS_NAME).")
    @functools.wraps(command)
    def with_flags(*arguments: Any, token_file: Path | None, **others: Any) -> Any:
        given = {flag: others.pop(flag) for flag in _FLAGS}
        access = Access(None if token_file is None else _token(token_file), _tls(given))
        return command(*arguments, access=access, **others)

    return cast("F", with_flags)


def _tls(given: dict[str, str | None]) -> TlsFiles | None:
    """Return the files that the flags name, and beside one flag those that the environment does."""
    variables = {_FLAGS[flag]: value for flag, value in given.items() if value}
    if not variables:
        return None
    found = tls_in({**os.environ, **variables})
    if not found:
        flag = next(flag for flag in _FLAGS if given[flag])
        raise Failure(ExitCode.USAGE, f"--{flag.replace('_', '-')} needs --tls-ca (or MEANREV_TLS_CA)")
    return found


def _token(path: Path) -> str:
    try:
        words = path.read_text(encoding="utf-8-sig").split()
    except OSError as error:
        raise Failure(ExitCode.USAGE, f"--token-file {str(path)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        words = []
    if len(words) != 1:
        rule = "must contain the token and nothing else; the file of names and tokens is the server's"
        raise Failure(ExitCode.USAGE, f"--token-file {str(path)!r} {rule}")
    return words[0]
