"""What this package offers the client."""

from contextlib import AbstractContextManager
from typing import Any

from meanrev.transport import AsyncTransport, Transport
from meanrev_local.runner import shared
from meanrev_local.served import serving
from meanrev_local.transports import AsyncLocalTransport, LocalTransport

__all__ = ["LocalOffer"]


class LocalOffer:
    """The extension "local" of the client."""

    def transport(self) -> Transport:
        """Return a blocking way to the server in this process."""
        return LocalTransport(shared)

    def async_transport(self) -> AsyncTransport:
        """Return an asyncio way to the server in this process."""
        return AsyncLocalTransport(shared)

    def serve(self, listen: str, settings: dict[str, Any]) -> AbstractContextManager[str]:
        """Return a context with a listening server in a process of its own; its value is the address.

        Args:
            listen: HOST:PORT, port 0 for a free one, or unix:/path.
            settings: Further settings by name.

        Raises:
            InvalidInput: a setting is unknown or breaks its rule, or the address cannot be listened on.
        """
        return serving(listen, settings)
