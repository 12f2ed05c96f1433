"""A server in a process of its own."""

from contextlib import AbstractContextManager
from typing import Any

from meanrev.extensions import local

__all__ = ["serve"]


def serve(listen: str = "127.0.0.1:0", **settings: Any) -> AbstractContextManager[str]:
    """Serve from a process of its own while the context is open, or as long as this process runs.

    Forking is safe meanwhile, as it is with a Client.

    Args:
        listen: HOST:PORT, port 0 for a free one, or unix:/path.
        **settings: The server's further settings, as in its configuration file.

    Returns:
        A context whose value is the address to give to Client.

    Raises:
        InvalidInput: a setting is unknown or breaks its rule, or the address cannot be listened on.
        MeanRevError: the server's packages are not installed.
    """
    return local().serve(listen, settings)
