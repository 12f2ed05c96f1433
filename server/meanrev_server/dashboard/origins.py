"""Which requests of browsers are refused, before anything of them is read.

A page of another site can make a browser send requests here: its name may be made to point to this machine (DNS
rebinding), or a form on it may post to us (CSRF). So the Host header must be an address or a name that is ours, which
an attacker's name is not, and a request that another page caused is refused.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from meanrev_server.addresses import Address, is_loopback

__all__ = ["API", "Origins", "Refusal"]

API = "/api/"
"""Where paths begin that return data or change something."""

_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::[0-9]{1,5})?", re.ASCII)
_METHODS = ("GET", "HEAD", "POST")
_LONGEST = 80


class Refusal(NamedTuple):
    """Why a request is refused.

    Attributes:
        status: HTTP status.
        message: A sentence.
    """

    status: int
    message: str


class Origins(NamedTuple):
    """What a dashboard is reached by.

    Attributes:
        listen: The address that it listens on, as it was set.
        scheme: "http" or "https".
    """

    listen: Address
    scheme: str

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request is refused, None where it is not.

        Args:
            method: The HTTP method.
            path: The path.
            headers: The headers, by their names in lower case.
        """
        return next(self._refusals(method, path, headers), None)

    def _refusals(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[Refusal]:
        host = headers.get("host", "")
        if not self._is_ours(host):
            rule = f"the Host header must be an address of this machine, localhost or {self.listen.host}"
            yield Refusal(421, f"{rule}, got {host[:_LONGEST]!r}; open the dashboard by one of these")
        if method not in _METHODS:
            yield Refusal(405, f"the method must be one of {', '.join(_METHODS)}, got {method[:_LONGEST]!r}")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{self.scheme}://{host}".lower():
            yield Refusal(403, f"the request comes from a page of another site: {origin[:_LONGEST]!r}")
        if path.startswith(API):
            site = headers.get("sec-fetch-site", "same-origin")
            if site != "same-origin":
                yield Refusal(403, f"the request comes from another page, which the browser calls {site[:_LONGEST]!r}")
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if method == "POST" and kind != "application/json":
                yield Refusal(415, f"the content type must be application/json, got {kind[:_LONGEST]!r}")

    def _is_ours(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["host"].lower()
        if name in {"localhost", self.listen.host.lower()}:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        # No other machine reaches a loopback address, so no other address leads here.
        return is_loopback(name) or not is_loopback(self.listen.host)
