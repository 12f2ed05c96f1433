"""Addresses to listen on: how they are written, and whether other machines can reach them."""

import ipaddress
import re
from typing import NamedTuple

from meanrev_server.errors import ConfigError

__all__ = ["Address", "address_of", "is_loopback"]

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[\w.-]+):(?P<port>[0-9]+)")


class Address(NamedTuple):
    """A host and a port.

    Attributes:
        host: Name or IP address, an IPv6 address in brackets.
        port: From 0, which picks a free one, to 65535.
    """

    host: str
    port: int


def address_of(setting: str, value: str, otherwise: str = "") -> Address:
    """Read a setting HOST:PORT.

    Args:
        setting: Its name, for messages.
        value: Its value.
        otherwise: What it may be too, as a phrase (" or unix:/path").

    Raises:
        ConfigError: it is not an address.
    """
    found = _ADDRESS.fullmatch(value)
    if found is None:
        bare = value.count(":") > 1 and "[" not in value and "//" not in value
        advice = ", with an IPv6 address in brackets" if bare else ""
        raise ConfigError(f"{setting} must be HOST:PORT{otherwise}{advice}, got {value!r}")
    host, port = found["host"], found["port"]
    if len(port) > 5 or int(port) > 65535:
        raise ConfigError(f"{setting} must be HOST:PORT with a port from 1 to 65535, or 0, got {value!r}")
    return Address(host, int(port))


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a host.

    Args:
        host: As Address has it.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
