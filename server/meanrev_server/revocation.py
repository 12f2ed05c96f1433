"""Certificates of clients that are refused although the CA has signed them, by a file that is read again on a change.

The core of gRPC can check revocation lists (CRLs), but its Python API offers no way to give it one (grpcio 1.85). So
TLS accepts a revoked certificate, and each call with it is refused before a message of the call is read.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from ssl import PEM_cert_to_DER_cert
from typing import NamedTuple

from meanrev_server.config import Settings
from meanrev_server.errors import ConfigError
from meanrev_server.records import ClientCertificate
from meanrev_server.watched_files import Watched, read_file

__all__ = ["Revoked", "client_certificate", "revoked_of"]

_FINGERPRINT = re.compile(r"[0-9a-f]{2}(:?[0-9a-f]{2}){31}", re.IGNORECASE)
_NAMES = ("x509_subject_alternative_name", "x509_common_name")
_KEPT_DIGESTS = 1024


class Revoked(NamedTuple):
    """What a file of revoked certificates contains.

    Attributes:
        names: Names whose certificates are all revoked.
        fingerprints: SHA-256 digests of single certificates that are revoked.
    """

    names: frozenset[str] = frozenset()
    fingerprints: frozenset[bytes] = frozenset()

    def has(self, certificate: ClientCertificate) -> bool:
        """Return whether a certificate is revoked, itself or by one of its names."""
        return certificate.fingerprint in self.fingerprints or not self.names.isdisjoint(certificate.names)


def client_certificate(context: Mapping[str, Iterable[bytes]]) -> ClientCertificate | None:
    """Return the certificate that a client has shown; None where it has shown none.

    Args:
        context: The authentication context of a call, as gRPC gives it.
    """
    for pem in context.get("x509_pem_cert", ()):
        names = frozenset(name.decode("utf-8", "replace") for key in _NAMES for name in context.get(key, ()))
        return ClientCertificate(names, _digest(pem))
    return None


def revoked_of(settings: Settings) -> Watched[Revoked] | None:
    """Return the certificates that a server refuses; None where it has no such file.

    Args:
        settings: Their revoked_file names the file.

    Raises:
        ConfigError: the file cannot be used; the message names it and the line, and says why.
    """
    path = settings.revoked_file
    return Watched("revoked certificates", [path], lambda: _read(path)) if path else None


@lru_cache(_KEPT_DIGESTS)
def _digest(pem: bytes) -> bytes:
    return sha256(PEM_cert_to_DER_cert(pem.decode("ascii"))).digest()


def _read(path: str) -> Revoked:
    where = f"revoked_file = {path!r}"
    try:
        text = read_file("revoked_file", path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text") from None
    names, fingerprints = set(), set()
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        kind, _, value = line.partition(":")
        value = value.strip()
        if not line or line.startswith("#"):
            continue
        if kind == "name" and value:
            names.add(value)
        elif kind == "sha256" and _FINGERPRINT.fullmatch(value):
            fingerprints.add(bytes.fromhex(value.replace(":", "")))
        else:
            # A line that means nothing here would leave a certificate accepted that somebody has meant to revoke.
            rule = "must be name:NAME, or sha256: and the 64 hexadecimal digits of a certificate's fingerprint"
            raise ConfigError(f"{where} line {number} {rule}, got {line[:100]!r}")
    return Revoked(frozenset(names), frozenset(fingerprints))
