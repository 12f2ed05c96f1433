"""Addresses of servers: what they may look like, which are of this machine, and which a proxy stands before."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from meanrev.errors import InvalidInput

__all__ = [
    "DEFAULT_PORT",
    "LOCAL",
    "Address",
    "is_near",
    "is_socket",
    "proxy_variable",
    "separate",
    "target",
    "targets",
]

LOCAL = "local"
"""The address that means: compute in this process."""

Address = str | Sequence[str] | None
"""What a client takes as an address."""

DEFAULT_PORT = 50051
LARGEST_PORT = 65535

_RULE = "must be HOST:PORT, unix:/path or local"
_DNS = "dns:///"
_OF_SOCKETS = ("unix:", "unix-abstract:")
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://+", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]+")
_PARTS = re.compile(r"^(?P<host>\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^:]*)(?::(?P<port>.*))?$", re.IGNORECASE)

_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")
"""The variables that gRPC reads, the first that is set wins; it reads no others, and none in capitals."""


def target(address: object, field: str = "address") -> str:
    """Return an address as gRPC takes it: without spaces around it, and with a port.

    Args:
        address: HOST:PORT (50051 where the port is left out), [IPv6]:PORT, unix:/path, dns:///HOST:PORT or "local".
        field: Where it was given, for messages.

    Raises:
        InvalidInput: it is none of these, or its port is not 1 to 65535.
    """
    if not isinstance(address, str):
        raise InvalidInput(field, _RULE, value=address)
    text = address.strip()
    if text.startswith(_OF_SOCKETS) and not text.partition(":")[2].strip("/"):
        raise InvalidInput(field, _RULE, value=address)
    if text == LOCAL or text.startswith(_OF_SOCKETS):
        return text
    prefix = _DNS if text.startswith(_DNS) else ""
    rest = text.removeprefix(prefix)
    scheme = _SCHEME.match(rest)
    if scheme:
        bare = rest[scheme.end() :].partition("/")[0]
        secure = "; tls= chooses an encrypted connection" if scheme[1].lower() in {"https", "grpcs"} else ""
        raise InvalidInput(field, f"{_RULE}, without {scheme[0]} (try {bare!r}{secure})", value=address)
    if rest.count(":") > 1 and "[" not in rest:
        raise InvalidInput(field, f"{_RULE}; an IPv6 address stands in brackets, as in [::1]:50051", value=address)
    parts = _PARTS.match(rest)
    if parts is None or not (parts["host"].startswith("[") or _HOST.fullmatch(parts["host"])):
        raise InvalidInput(field, _RULE, value=address)
    return f"{prefix}{parts['host']}:{_port(parts['port'], field, address)}"


def targets(address: object, field: str = "address") -> str:
    """Return the addresses of one or several servers as target does, with commas between them.

    Args:
        address: An address, several with commas between them, or a list of them.
        field: Where it was given, for messages.

    Raises:
        InvalidInput: as target; or there is none, or one of several is "local" or a unix socket.
    """
    given = address.split(",") if _lists_servers(address) else address
    if isinstance(given, str) or not isinstance(given, Sequence):
        return target(given, field)
    found = tuple(dict.fromkeys(target(one, field) for one in given))
    # The path of a socket may have commas in it, so a text of several could not be taken apart again.
    if not found or (len(found) > 1 and any(one == LOCAL or one.startswith(_OF_SOCKETS) for one in found)):
        raise InvalidInput(field, "must be HOST:PORT for each of several servers", value=address)
    return ",".join(found)


def separate(address: str) -> tuple[str, ...]:
    """Return the addresses that targets has joined."""
    return tuple(address.split(",")) if _lists_servers(address) else (address,)


def is_near(address: str) -> bool:
    """Return whether an address is of this machine: no data leaves it then, and no proxy is needed.

    Args:
        address: As target returned it.
    """
    host = address.removeprefix(_DNS).rpartition(":")[0].strip("[]").lower()
    if address == LOCAL or address.startswith(_OF_SOCKETS):
        return True
    return host in {"localhost", "::1", "0.0.0.0", "::"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None  # noqa: S104 - asked, not listened on


def is_socket(address: str) -> bool:
    """Return whether an address is that of a unix socket.

    Args:
        address: As target returned it.
    """
    return address.startswith(_OF_SOCKETS)


def proxy_variable(address: str, environ: Mapping[str, str]) -> str:
    """Return the environment variable whose proxy gRPC goes through to an address; "" where it goes direct.

    Args:
        address: As target returned it.
        environ: Environment variables.
    """
    name = next((name for name in _PROXIES if environ.get(name)), "")
    if not name or is_near(address):
        return ""
    host = address.removeprefix(_DNS).rpartition(":")[0].strip("[]")
    spared = environ.get("no_grpc_proxy") or environ.get("no_proxy") or ""
    # gRPC compares ends of names; its rules for networks (10.0.0.0/8) are left to it.
    return "" if any(part.strip() and host.endswith(part.strip()) for part in spared.split(",")) else name


def _lists_servers(address: object) -> TypeGuard[str]:
    """Return whether a text names several servers; the path of a single socket may have commas in it."""
    return isinstance(address, str) and "," in address and not address.strip().startswith(_OF_SOCKETS)


def _port(given: str | None, field: str, address: str) -> int:
    if given is None:
        return DEFAULT_PORT
    if not (given.isascii() and given.isdecimal() and len(given) <= 5 and 1 <= int(given) <= LARGEST_PORT):
        raise InvalidInput(field, f"must have a port from 1 to {LARGEST_PORT}", value=address)
    return int(given)
