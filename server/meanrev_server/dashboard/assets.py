"""The files of the pages, which are read once. Nothing in them comes from another machine."""

import hashlib
from importlib import resources
from typing import NamedTuple

__all__ = ["HEADERS", "PAGE", "Asset", "assets"]

PAGE = "index.html"
"""The file that the path / answers with."""

_KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOLDERS = ("assets", "assets/vendor")

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Headers of every answer: a page runs no script but ours, is framed by nobody, and sends nothing elsewhere."""


class Asset(NamedTuple):
    """One file of the pages.

    Attributes:
        data: Its content.
        kind: Its content type.
        etag: Changes with its content.
    """

    data: bytes
    kind: str
    etag: str


def assets() -> dict[str, Asset]:
    """Return the files by name; those of a kind that no page loads, such as licences, are left out."""
    found = {}
    for folder in _FOLDERS:
        for file in resources.files(__package__).joinpath(folder).iterdir():
            kind = _KINDS.get(file.name.rpartition(".")[2])
            if kind is not None and file.is_file():
                data = file.read_bytes()
                found[file.name] = Asset(data, kind, f'"{hashlib.sha256(data).hexdigest()[:32]}"')
    return found
