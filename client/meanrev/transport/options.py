"""Where a server is, and how a channel to it is made."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import grpc

from meanrev.errors import InvalidInput
from meanrev.transport.address import LOCAL, Address, is_near, separate, targets

__all__ = ["CHANNEL_OPTIONS", "LOCAL", "Endpoint", "channel_options", "default_timeout", "endpoint"]

DEFAULT_TIMEOUT_S = 30.0
_LONGEST_TIMEOUT_S = 1e8  # three years: what queues, clocks and gRPC can all count

CHANNEL_OPTIONS = (
    # The server's own limit answers a message that is too large, and names the setting.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 16384),
    # Without it all channels to a server would share a connection, and with it the server's limit of calls on one.
    ("grpc.use_local_subchannel_pool", 1),
    # A server that dies is noticed within a minute. One that restarts is found soon after the next attempt of a call.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    # The time that an attempt to connect may take, in spite of its name: a far or busy server needs some.
    ("grpc.min_reconnect_backoff_ms", 5_000),
)

Tls = Literal[True] | str | Path | tuple[str | Path, str | Path, str | Path] | None


@dataclass(frozen=True)
class Endpoint:
    """A server's address and how to reach it.

    Attributes:
        address: HOST:PORT, unix:/path or "local"; several servers with commas between them.
        credentials: TLS, or None for plaintext.
        metadata: Sent with every call.
    """

    address: str
    credentials: grpc.ChannelCredentials | None = None
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address of each server."""
        return separate(self.address)


def endpoint(address: Address, token: str | None, tls: Tls, environ: Mapping[str, str] = os.environ) -> Endpoint:
    """Decide where calls go.

    Args:
        address: HOST:PORT (50051 where left out), unix:/path or "local"; several servers as a list, or with commas
            between them; None means MEANREV_HOST, and "local" where that is not set.
        token: Bearer token, or None.
        tls: True for the system's roots, a path of a CA's PEM file, or paths (CA, certificate, key).
        environ: Environment variables.

    Raises:
        InvalidInput: an argument breaks its rule, or a token would travel in plaintext to another machine.
    """
    variable = (environ.get("MEANREV_HOST") or "").strip()
    if address is None or address == "":
        chosen = targets(variable, "MEANREV_HOST") if variable else LOCAL
    else:
        chosen = targets(address)
    if token is not None and not _fits_a_header(token):
        raise InvalidInput("token", "must be a text of printable ASCII")  # its value is a secret
    if token and not tls and not all(map(is_near, separate(chosen))):
        raise InvalidInput("token", "needs tls where the server is on another machine", value=chosen)
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    return Endpoint(chosen, _credentials(tls), metadata)


def channel_options(address: str) -> tuple[tuple[str, int], ...]:
    """Return the options of a channel: a server on this machine is called directly, whatever proxy is configured.

    Args:
        address: The server's.
    """
    return (*CHANNEL_OPTIONS, ("grpc.enable_http_proxy", 0)) if is_near(address) else CHANNEL_OPTIONS


def default_timeout(timeout: float | None, environ: Mapping[str, str] = os.environ) -> float:
    """Return seconds a call may take: as given, else MEANREV_TIMEOUT, else 30.

    Raises:
        InvalidInput: it is not a positive number.
    """
    given = environ.get("MEANREV_TIMEOUT", DEFAULT_TIMEOUT_S) if timeout is None else timeout
    try:
        seconds = float(given)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput("timeout", "must be a number of seconds > 0", value=given) from None
    if not seconds > 0:
        raise InvalidInput("timeout", "must be a number of seconds > 0", value=given)
    return min(seconds, _LONGEST_TIMEOUT_S)


def _credentials(tls: Tls) -> grpc.ChannelCredentials | None:
    if not tls:
        return None
    if tls is True:
        return grpc.ssl_channel_credentials()
    paths = tls if isinstance(tls, tuple) else (tls,)
    try:
        authority, *own = (Path(path).read_bytes() for path in paths)
        certificate, key = own or (None, None)
    except (OSError, TypeError, ValueError) as error:
        rule = f"must be True, a readable PEM file, or three of them: CA, certificate and key ({error})"
        raise InvalidInput("tls", rule, value=str(tls)) from None
    return grpc.ssl_channel_credentials(authority, key, certificate)


def _fits_a_header(token: object) -> bool:
    return isinstance(token, str) and token.isascii() and token.isprintable()
