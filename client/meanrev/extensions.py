"""The in-process mode, which is above the client: an entry point names it, and nothing here imports it."""

from functools import cache
from importlib.metadata import entry_points
from typing import cast

from meanrev.errors import MeanRevError
from meanrev.transport import Extension

__all__ = ["local"]


@cache
def local() -> Extension:
    """Return the in-process mode.

    Raises:
        MeanRevError: it is not installed, or the packages it needs are not.
    """
    found = next(iter(entry_points(group="meanrev.extensions", name="local")), None)
    advice = "pip install '.[server]' in a checkout of meanrev brings it, or give the HOST:PORT of a server"
    if found is None:
        raise MeanRevError(f"computing in this process is not installed; {advice}")
    try:
        return cast("Extension", found.load())
    except ModuleNotFoundError as error:
        raise MeanRevError(f"computing in this process needs the package {error.name!r}; {advice}") from None
