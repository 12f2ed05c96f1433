"""Who calls: bearer tokens, and the names in the certificates of clients.

This is a pure core: it takes what came with a call, and returns the caller's name or raises Unauthenticated.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from meanrev_server.config import Settings
from meanrev_server.errors import ConfigError, Unauthenticated
from meanrev_server.records import ClientCertificate
from meanrev_server.revocation import Revoked, client_certificate, revoked_of
from meanrev_server.watched_files import Watched, read_file

__all__ = [
    "ASKS_NOBODY",
    "FEWEST_CHARACTERS",
    "NOT_OURS",
    "Authentication",
    "Bearer",
    "authentication_of",
    "is_name",
    "token_line",
]

FEWEST_CHARACTERS = 32
"""Of a token; 32 characters of `meanrev token` have 192 bits."""

_MOST_CHARACTERS = 1024
_LONGEST_NAME = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # what RFC 6750 lets an Authorization header carry
_DIGEST = re.compile(r"sha256:(?P<hex>[0-9a-f]{64})", re.IGNORECASE)
_HOW = "send the metadata `authorization: Bearer TOKEN`"

NOT_OURS = "the token is not one of this server's, or is no longer"
"""Why a token is refused, and why the calls of one end that has been removed."""

Names = Mapping[bytes, str]
"""The name of each token, by the SHA-256 digest of the token."""


class Bearer(NamedTuple):
    """Who has shown a token; nobody where the server asks for none.

    Attributes:
        name: The token's.
        token: Its SHA-256 digest.
    """

    name: str = ""
    token: bytes = b""


class Authentication(NamedTuple):
    """What a server asks its callers for.

    Attributes:
        tokens: The tokens that it accepts; None where it asks for none.
        certificates: Whether a caller is named by its certificate.
        revoked: The certificates that it refuses; None where it can refuse none.
    """

    tokens: Watched[Names] | None = None
    certificates: bool = False
    revoked: Watched[Revoked] | None = None

    def by_token(self, metadata: Iterable[tuple[str, str | bytes]]) -> Bearer:
        """Return whose token came with a call.

        Args:
            metadata: The call's.

        Raises:
            Unauthenticated: there is none, or it is not one of the server's.
        """
        if self.tokens is None:
            return Bearer()
        given = [value for key, value in metadata if key == "authorization"]
        if len(given) != 1:
            raise Unauthenticated(f"this server needs one bearer token with every call: {_HOW}")
        text = given[0] if isinstance(given[0], str) else given[0].decode("latin-1")
        scheme, _, token = text.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated(f"this server needs a bearer token, and no other authorization: {_HOW}")
        # Equal digests are found by their own hash, so the time depends on digests alone, and these cannot be chosen.
        digest = sha256(token.strip().encode("utf-8", "replace")).digest()
        name = self.tokens.value.get(digest)
        if name is None:
            raise Unauthenticated(NOT_OURS)
        return Bearer(name, digest)

    def is_removed(self, token: bytes) -> bool:
        """Return whether a token that the server has accepted before is none of its tokens any more."""
        return self.tokens is not None and token != b"" and token not in self.tokens.value

    def unrevoked(self, context: Mapping[str, Iterable[bytes]]) -> ClientCertificate | None:
        """Return the certificate of a client; None where the server can refuse none.

        Args:
            context: The authentication context of the call, as gRPC gives it.

        Raises:
            Unauthenticated: the certificate is revoked.
        """
        if self.revoked is None:
            return None
        certificate = client_certificate(context)
        if self.is_revoked(certificate):
            raise Unauthenticated("the client's certificate is revoked; ask the server's operator for another one")
        return certificate

    def is_revoked(self, certificate: ClientCertificate | None) -> bool:
        """Return whether a certificate that the server has accepted before is revoked now."""
        return self.revoked is not None and certificate is not None and self.revoked.value.has(certificate)

    def by_certificate(self, names: Iterable[bytes] | None) -> str:
        """Return the name in a client's certificate, which TLS has verified.

        Args:
            names: Its subject alternative names, or where it has none its common name, as gRPC finds them.

        Raises:
            Unauthenticated: there is none, there are several, or it is no text.
        """
        found = [name for name in names or () if name]
        if len(found) != 1:
            number = "no name" if not found else f"{len(found)} alternative names"
            raise Unauthenticated(f"the client's certificate has {number}; it must have one, or only a common name")
        try:
            name = found[0].decode("utf-8")
        except UnicodeDecodeError:
            name = ""
        if not name.isprintable() or not 0 < len(name) <= _LONGEST_NAME:
            rule = f"must be printable text of at most {_LONGEST_NAME} characters"
            raise Unauthenticated(f"the name in the client's certificate {rule}")
        return name


ASKS_NOBODY = Authentication()
"""Every caller is served, and none has a name."""


def authentication_of(settings: Settings) -> Authentication:
    """Return what a server asks its callers for; with tokens and certificates, tokens name the callers.

    Args:
        settings: Their token_file, tls_client_ca and revoked_file decide.

    Raises:
        ConfigError: a file cannot be used; the message names it, and says why.
    """
    path, revoked = settings.token_file, revoked_of(settings)
    if not path:
        return Authentication(certificates=bool(settings.tls_client_ca), revoked=revoked)
    return Authentication(Watched("tokens", [path], lambda: _names(path)), revoked=revoked)


def is_name(name: str) -> bool:
    """Return whether a token may have a name: up to 64 letters, digits, and . _ @ + - behind the first."""
    return _NAME.fullmatch(name) is not None


def token_line(name: str, token: str) -> str:
    """Return the line of a token file that accepts a token without containing it.

    Args:
        name: Who calls with it.
        token: The token.
    """
    return f"{name} sha256:{sha256(token.encode()).hexdigest()}"


def _names(path: str) -> Names:
    data = read_file("token_file", path, secret=True)
    where = f"token_file = {path!r}"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{where} is not UTF-8 text") from None
    found: dict[bytes, str] = {}
    lines: dict[bytes, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        digest = _digest(f"{where} line {number}", words)
        if digest in found:
            raise ConfigError(f"{where} line {number} has the token of line {lines[digest]}: each must differ")
        found[digest], lines[digest] = words[0], number
    if not found:
        raise ConfigError(f"{where} has no token; `meanrev token NAME` makes one, and prints its line")
    return found


def _digest(where: str, words: Sequence[str]) -> bytes:
    """Return the digest of a line's token. No message shows a word of the line, for any may be the secret."""
    if len(words) != 2:
        raise ConfigError(f"{where} must be a name and a token, or a name and sha256:HEX, got {len(words)} words")
    name, token = words
    if not is_name(name):
        raise ConfigError(f"{where} must begin with a name of 1 to 64 letters, digits and . _ @ + -")
    if token.lower().startswith("sha256:"):
        hashed = _DIGEST.fullmatch(token)
        if hashed is None:
            raise ConfigError(f"{where} must have 64 hexadecimal digits behind sha256:")
        return bytes.fromhex(hashed["hex"])
    if _TOKEN.fullmatch(token) is None:
        raise ConfigError(f"{where} has a token with other characters than letters, digits and . _ ~ + / -")
    if not FEWEST_CHARACTERS <= len(token) <= _MOST_CHARACTERS:
        raise ConfigError(
            f"{where} has a token of {len(token)} characters; it must have {FEWEST_CHARACTERS} to {_MOST_CHARACTERS} "
            "(`meanrev token NAME` makes one)"
        )
    return sha256(token.encode()).digest()
