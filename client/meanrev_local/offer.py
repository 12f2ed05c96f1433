"""What this package offers the client."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import msgspec

from meanrev.errors import InvalidInput
from meanrev.transport import AsyncTransport, Transport
from meanrev_local.runner import Runner, shared
from meanrev_local.transports import AsyncLocalTransport, LocalTransport
from meanrev_server.config import ConfigError, Settings

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
        """Return a context with a listening server in a thread; its value is the address.

        Args:
            listen: HOST:PORT, port 0 for a free one, or unix:/path.
            settings: Further settings by name.

        Raises:
            InvalidInput: a setting is unknown or breaks its rule, or the address cannot be listened on.
        """
        return _serving(listen, settings)


@contextmanager
def _serving(listen: str, settings: dict[str, Any]) -> Iterator[str]:
    runner = Runner(_settings(listen, settings))
    try:
        yield _started(runner)
    finally:
        runner.submit(runner.app.stop()).result()
        runner.close()


def _settings(listen: str, settings: dict[str, Any]) -> Settings:
    try:
        chosen = msgspec.convert({**settings, "listen": listen}, Settings)
        chosen.check()
    except (msgspec.ValidationError, ConfigError) as error:
        raise InvalidInput("settings", f"cannot be used: {error}") from None
    return chosen


def _started(runner: Runner) -> str:
    try:
        return runner.submit(runner.app.start()).result()
    except ConfigError as error:
        raise InvalidInput("listen", f"cannot be used: {error}") from None
