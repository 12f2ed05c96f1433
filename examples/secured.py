"""A server with TLS and a token, as on a machine that others can reach; the examples of clients connect to it.

It makes its own certificates in a temporary folder by openssl. For a real machine, docs/security.md has the same
commands one by one, and a public CA or that of your organisation is better than one of your own.
"""

import contextlib
import hashlib
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import meanrev as mr

SKIPPED = 77
"""The exit code of an example that needs something that this machine lacks."""

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Secured(NamedTuple):
    """What a caller of the server needs.

    Attributes:
        address: HOST:PORT.
        ca: The certificate of the CA that signed the server's.
        token: The caller's token.
        folder: A temporary folder for further files.
    """

    address: str
    ca: Path
    token: str
    folder: Path


def skip(reason: str) -> NoReturn:
    """End this example, because the machine lacks something.

    Args:
        reason: What it lacks, and what brings it.
    """
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


@contextlib.contextmanager
def secured_server() -> Iterator[Secured]:
    """Serve with a certificate of our own CA and one caller, alice; all files go when the block ends."""
    if shutil.which("openssl") is None:
        skip("the command openssl is missing, which makes the certificates")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ca, cert, key = certificates(folder)
        token = secrets.token_urlsafe(32)
        tokens = folder / "tokens"  # it has the hash of the token alone, as `meanrev token alice` prints it
        tokens.write_text(f"alice sha256:{hashlib.sha256(token.encode()).hexdigest()}\n")
        tokens.chmod(0o600)
        with mr.serve(tls_cert=str(cert), tls_key=str(key), token_file=str(tokens)) as address:
            yield Secured(address, ca, token, folder)


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Make a CA, and a certificate and key of the server that it signs.

    Args:
        folder: Where the files go.

    Returns:
        The CA's certificate, the server's certificate, and the server's key.
    """
    ca, ca_key, request = folder / "ca.pem", folder / "ca.key", folder / "tls.csr"
    cert, key, names = folder / "tls.crt", folder / "tls.key", folder / "tls.ext"
    names.write_text("basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-x509", *_KEY, "-keyout", ca_key, "-out", ca, "-days", "2", "-subj", "/CN=our CA")
    openssl("req", *_KEY, "-keyout", key, "-out", request, "-subj", "/CN=gpu-box")
    signed = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile", names, "-out", cert)
    openssl("x509", "-req", "-in", request, *signed)
    key.chmod(0o600)
    return ca, cert, key


def openssl(*words: str | Path) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)
