"""Versions of this installation's packages."""

import platform
from importlib import metadata

__all__ = ["of_this_installation"]

_DISTRIBUTIONS = ("meanrev", "numpy", "grpcio", "protobuf")


def of_this_installation() -> dict[str, str]:
    """Return versions by name, Python's among them."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _DISTRIBUTIONS}}
