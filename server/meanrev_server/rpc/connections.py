"""Closing a client's connection, which gRPC for Python offers no way to do.

A reply that the client does not read stays in gRPC's memory as long as the connection is open, so this is the only way
to get that memory back.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

__all__ = ["close_connection"]

_OPEN_FILES = Path("/proc/self/fd")
_MAPPED = "::ffff:"
"""Before an IPv4 address on a socket for both kinds of addresses, such as gRPC's."""


def close_connection(peer: str) -> bool:
    """Close the connection to a client, and return whether there was one; gRPC then ends the calls on it.

    Args:
        peer: Address of the client as gRPC writes it, "ipv4:127.0.0.1:1234" or "ipv6:%5B::1%5D:1234". Clients on a unix
            socket have no addresses, and nothing is closed.
    """
    kind, _, address = peer.partition(":")
    host, _, port = address.rpartition(":")
    if kind not in {"ipv4", "ipv6"} or not port.isdecimal():
        return False
    wanted = host.removeprefix("%5B").removesuffix("%5D").removeprefix("[").removesuffix("]"), int(port)
    return any(_closed(int(name), wanted) for name in _open_files())


def _open_files() -> list[str]:
    try:
        return [entry.name for entry in _OPEN_FILES.iterdir()]
    except OSError:  # not Linux
        return []


def _closed(number: int, wanted: tuple[str, int]) -> bool:
    """Shut a socket down if it leads to the wanted address."""
    with suppress(OSError):
        # Until the copy is closed, the system cannot give the number to another file, which would be shut down instead.
        copy = os.dup(number)
        try:
            connection = socket.socket(fileno=copy)
        except OSError:  # another kind of file
            os.close(copy)
            return False
        with connection:
            if connection.family in {socket.AF_INET, socket.AF_INET6}:
                host, port, *_ = connection.getpeername()
                if (host.removeprefix(_MAPPED), port) == wanted:
                    connection.shutdown(socket.SHUT_RDWR)
                    return True
    return False
