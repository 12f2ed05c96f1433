"""The server's certificate: files are checked before they are served, and read again when they change."""

import ssl
import time
from functools import partial
from typing import Any, NamedTuple

from meanrev_server.config import Settings
from meanrev_server.errors import ConfigError
from meanrev_server.watched_files import Watched, read_file

__all__ = ["ServerCertificate", "certificate_of"]

_EXPIRED, _NOT_YET = 10, 9
_PURPOSE = 26
"""Numbers that OpenSSL gives to the faults of certificates (X509_V_ERR in x509_vfy.h)."""

_UNSUPPORTED_KEYS = {
    "Ed25519": bytes.fromhex("302a300506032b6570032100"),
    "Ed448": bytes.fromhex("3043300506032b6571033a00"),
}
"""How the public keys begin, in DER (RFC 8410), that gRPC cannot serve."""


class ServerCertificate(NamedTuple):
    """What a TLS server needs.

    Attributes:
        chain: Its certificate, and those that lead to the CA, in PEM.
        key: Its private key, in PEM.
        client_ca: The CA that must have signed the certificates of clients; None where they need none.
        expires: time.time() from which on the certificate is not valid any more.
    """

    chain: bytes
    key: bytes
    client_ca: bytes | None
    expires: float


def certificate_of(settings: Settings) -> Watched[ServerCertificate] | None:
    """Return the certificate of a server; None where it serves in plaintext.

    Args:
        settings: Their tls_cert, tls_key and tls_client_ca name the files.

    Raises:
        ConfigError: a file is missing or cannot be used; the message names it, and says why.
    """
    if not settings.tls_cert:
        return None
    paths = [path for path in (settings.tls_cert, settings.tls_key, settings.tls_client_ca) if path]

    def read() -> ServerCertificate:
        key = read_file("tls_key", settings.tls_key, secret=True)
        chain = read_file("tls_cert", settings.tls_cert)
        expires = _check_pair(settings, chain)
        return ServerCertificate(chain, key, _client_ca(settings.tls_client_ca), expires)

    return Watched("certificate", paths, read)


def _check_pair(settings: Settings, chain: bytes) -> float:
    """Check certificate and key as OpenSSL does, up to a handshake between two ends in memory; return the expiry."""
    client = _trusting("tls_cert", settings.tls_cert, chain)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Where the key is encrypted OpenSSL would ask for its passphrase on the terminal.
        server.load_cert_chain(
            settings.tls_cert, settings.tls_key, password=partial(_refuse_encrypted, settings.tls_key)
        )
    except ssl.SSLError as error:
        raise ConfigError(_about_key(settings, error)) from None
    except OSError as error:
        raise ConfigError(f"tls_key = {settings.tls_key!r} cannot be read: {error.strerror}") from None
    try:
        return _shake_hands(server, client)
    except ssl.SSLCertVerificationError as error:
        raise ConfigError(f"tls_cert = {settings.tls_cert!r} {_about_certificate(error)}") from None
    except ssl.SSLError as error:
        raise ConfigError(f"tls_cert = {settings.tls_cert!r} cannot serve: {error.reason or error}") from None


def _trusting(setting: str, path: str, pem: bytes) -> ssl.SSLContext:
    """Return the context of a client that trusts the certificates of a file, and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        text = pem.decode("ascii")
        context.load_verify_locations(cadata=text)
        begin = text.index("-----BEGIN CERTIFICATE-----")
        first = ssl.PEM_cert_to_DER_cert(text[begin : text.index("-----END CERTIFICATE-----") + 25])
    except (ValueError, ssl.SSLError):
        rule = "contains no certificate in PEM (-----BEGIN CERTIFICATE-----)"
        raise ConfigError(f"{setting} = {path!r} {rule}") from None
    for kind, beginning in _UNSUPPORTED_KEYS.items():
        if beginning in first:
            raise ConfigError(f"{setting} = {path!r} has an {kind} key, which gRPC does not support: use ECDSA or RSA")
    return context


def _refuse_encrypted(path: str) -> str:
    remedy = "the server has no passphrase: `openssl pkey -in KEY -out PLAIN` decrypts it"
    raise ConfigError(f"tls_key = {path!r} is encrypted, and {remedy}")


def _about_key(settings: Settings, error: ssl.SSLError) -> str:
    named = f"tls_key = {settings.tls_key!r}"
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{named} is not the key of tls_cert = {settings.tls_cert!r}"
    if error.reason and error.reason.endswith("_TOO_SMALL"):
        return f"tls_cert = {settings.tls_cert!r} has too small a key: use ECDSA P-256, or RSA with 2048 bits or more"
    return f"{named} contains no private key in PEM that fits tls_cert (-----BEGIN PRIVATE KEY-----)"


def _about_certificate(error: ssl.SSLCertVerificationError) -> str:
    reasons = {
        _EXPIRED: "has expired",
        _NOT_YET: "is not valid yet, by the clock of this machine",
        _PURPOSE: "is not for a server: its extended key usage must allow serverAuth",
    }
    return reasons.get(error.verify_code, f"cannot be used: {error.verify_message}")


def _shake_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> float:
    """Return when the certificate expires that the server has shown."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = client.wrap_bio(to_client, to_server)
    ends = [caller, server.wrap_bio(to_server, to_client, server_side=True)]
    while ends:
        ends = [end for end in ends if not _done(end)]
    shown: Any = caller.getpeercert()
    return float(ssl.cert_time_to_seconds(shown["notAfter"]))


def _done(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _client_ca(path: str) -> bytes | None:
    if not path:
        return None
    pem = read_file("tls_client_ca", path)
    found = _trusting("tls_client_ca", path, pem).get_ca_certs()
    if not found:
        raise ConfigError(f"tls_client_ca = {path!r} contains no certificate of a CA (basic constraint CA:TRUE)")
    if all(ssl.cert_time_to_seconds(str(each["notAfter"])) < time.time() for each in found):
        raise ConfigError(f"tls_client_ca = {path!r} has expired")
    return pem
