"""The options of gRPC for connections: their limits, and how long gRPC waits for peers that are silent."""

import logging
import resource

from meanrev_server.config import Settings
from meanrev_server.errors import ConfigError

__all__ = ["channel_options", "most_connections"]

log = logging.getLogger(__name__)

_OTHER_FILES = 128
"""Open files that the server needs beside its connections: kernels, logs, a worker, the event loop."""
_FEWEST = 16
"""Connections below which a server is of no use: probes and a few clients."""


def most_connections(settings: Settings) -> int:
    """Return how many connections the limit of open files allows, after raising that as far as it may be raised.

    Args:
        settings: The server's settings.

    Raises:
        ConfigError: it allows hardly any.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = settings.max_connections + _OTHER_FILES
    if soft < needed or soft == resource.RLIM_INFINITY:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    room = soft - _OTHER_FILES
    if room < min(_FEWEST, settings.max_connections):
        raise ConfigError(
            f"max_connections = {settings.max_connections} needs {needed} open files, and the limit of this process is "
            f"{soft}; raise it (ulimit -n, LimitNOFILE=) to {_FEWEST + _OTHER_FILES} at least"
        )
    if room < settings.max_connections:
        log.warning("the limit of open files allows fewer connections", extra={"connections": room, "files": soft})
    return min(room, settings.max_connections)


def channel_options(settings: Settings, connections: int) -> list[tuple[str, int]]:
    """Return the limits of the transport; docs/tuning.md has the reasons.

    Args:
        settings: The server's settings.
        connections: Most connections at once.
    """
    return [
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_concurrent_streams", settings.max_concurrent_streams),
        ("grpc.max_allowed_incoming_connections", connections),
        ("grpc.max_connection_idle_ms", round(settings.connection_idle_s * 1000) or 2**31 - 1),
        # A message of 2 MB may hold 2 GB that are compressed, so all compression but none is refused.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        ("grpc.server.max_pending_requests", 8192),
        ("grpc.server.max_pending_requests_hard_limit", 16384),
        ("grpc.max_metadata_size", 8192),
        ("grpc.absolute_max_metadata_size", 16384),
        ("grpc.server_handshake_timeout_ms", 10_000),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        # Without it the other pings of gRPC wait a minute for their answer, and a peer that is gone holds on as long.
        ("grpc.http2.ping_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 3),
        ("grpc.so_reuseport", 0),
    ]
