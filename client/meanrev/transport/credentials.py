"""What a client shows of itself and asks of a server: its token, and the files of TLS."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

import grpc

from meanrev.errors import InvalidInput
from meanrev.transport.address import is_near, is_socket, separate

__all__ = ["SYSTEM", "Tls", "TlsFiles", "authorization", "tls_credentials", "tls_in"]

SYSTEM = "system"
"""The word of MEANREV_TLS_CA that means the roots that gRPC trusts, in place of a file."""


class TlsFiles(NamedTuple):
    """The files of an encrypted connection, each in PEM.

    Attributes:
        ca: The CA that must have signed the server's certificate; None trusts the roots that gRPC brings.
        cert: The client's own certificate, where the server asks for one.
        key: Its private key.
        name: The name that the server's certificate must have; None is the host of the address.
    """

    ca: str | Path | None = None
    cert: str | Path | None = None
    key: str | Path | None = None
    name: str | None = None


Tls = bool | str | Path | TlsFiles | tuple[str | Path, str | Path, str | Path] | None


def tls_in(environ: Mapping[str, str]) -> TlsFiles | Literal[False]:
    """Return what the environment says of TLS; False where it says nothing.

    Args:
        environ: Environment variables.
    """
    names = ("MEANREV_TLS_CA", "MEANREV_TLS_CLIENT_CERT", "MEANREV_TLS_CLIENT_KEY", "MEANREV_TLS_NAME")
    authority, cert, key, name = ((environ.get(each) or "").strip() or None for each in names)
    if authority is None and cert is None:
        return False
    return TlsFiles(None if authority == SYSTEM else authority, cert, key, name)


def authorization(
    token: object, address: str, *, secure: bool, environ: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the metadata that carries a token; () where there is none.

    Args:
        token: As the caller gave it; None means MEANREV_TOKEN, and "" none.
        address: Where it travels.
        secure: Whether the connection is encrypted.
        environ: Environment variables.

    Raises:
        InvalidInput: it is no token, or would travel in plaintext to another machine.
    """
    field = "token"
    if token is None:
        field, token = "MEANREV_TOKEN", (environ.get("MEANREV_TOKEN") or "").strip()
    if not (isinstance(token, str) and token.isascii() and token.isprintable()):
        raise InvalidInput(field, "must be a text of printable ASCII")  # its value is a secret
    if not token:
        return ()
    if not secure and not all(map(is_near, separate(address))):
        ways = "tls= (or MEANREV_TLS_CA) encrypts the connection, and a tunnel to this machine does too"
        raise InvalidInput(field, f"needs TLS where the server is on another machine: {ways}", value=address)
    return (("authorization", f"Bearer {token}"),)


def tls_credentials(tls: Tls, address: str, field: str = "tls") -> tuple[grpc.ChannelCredentials | None, str | None]:
    """Return gRPC's credentials, None for plaintext, and the name that the server must have, None for its host.

    Args:
        tls: What the caller gave, or tls_in found.
        address: Where they are used.
        field: Where they were given, for messages.

    Raises:
        InvalidInput: a file cannot be used; the message says which, and why.
    """
    if tls is None or tls is False:
        return None, None
    if is_socket(address):
        raise InvalidInput(field, "is of no use at a unix socket, which is on this machine", value=address)
    files = _files(tls, field)
    authority = None if files.ca is None else _authority(files.ca, field)
    cert, key = (None, None) if files.cert is None else _pair(files, field)
    return grpc.ssl_channel_credentials(authority, key, cert), files.name


def _files(tls: Tls, field: str) -> TlsFiles:
    if tls is True:
        return TlsFiles()
    if isinstance(tls, str | Path) and str(tls):
        return TlsFiles(tls)
    if isinstance(tls, tuple) and len(tls) in {len(TlsFiles._fields), 3}:
        files = TlsFiles(*tls)
        if (files.cert is None) == (files.key is None):
            return files
        raise InvalidInput(field, "needs both the client's certificate and its key, or neither", value=str(tls))
    rule = "must be True, a readable PEM file, or TlsFiles (three files: CA, certificate and key)"
    raise InvalidInput(field, rule, value=str(tls))


def _authority(path: str | Path, field: str) -> bytes:
    pem = _read(path, field)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise InvalidInput(field, "must name a CA in PEM (-----BEGIN CERTIFICATE-----)", value=str(path)) from None
    return pem


def _pair(files: TlsFiles, field: str) -> tuple[bytes, bytes]:
    cert, key = (_read(path, field) for path in (files.cert, files.key))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(str(files.cert), str(files.key), password=_none)
    except ssl.SSLError as error:
        reason = "does not fit the certificate" if error.reason == "KEY_VALUES_MISMATCH" else "or certificate is no PEM"
        raise InvalidInput(field, f"cannot be used: the client's key {reason}", value=str(files.key)) from None
    return cert, key


def _none() -> str:
    raise InvalidInput("tls", "needs a key without a passphrase: `openssl pkey -in KEY -out PLAIN` decrypts it")


def _read(path: str | Path | None, field: str) -> bytes:
    try:
        return Path(path or "").read_bytes()
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        rule = f"must be True, a readable PEM file, or TlsFiles (three files: CA, certificate and key); {reason}"
        raise InvalidInput(field, rule, value=str(path)) from None
