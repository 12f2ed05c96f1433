"""gRPC's own view of connections and sockets (channelz), on a port of this machine alone."""

from typing import Any

import grpc

from meanrev_server.addresses import address_of
from meanrev_server.errors import ConfigError

__all__ = ["Channelz"]


class Channelz:
    """A server of its own for channelz, which shows every gRPC server and channel of this process.

    Attributes:
        address: HOST:PORT.
    """

    def __init__(self, where: str) -> None:
        """Listen; start answers.

        Args:
            where: HOST:PORT; port 0 picks a free one.

        Raises:
            ConfigError: grpcio-channelz is not installed, or the address cannot be listened on.
        """
        try:
            from grpc_channelz.v1 import channelz  # noqa: PLC0415 - optional
        except ModuleNotFoundError:
            missing = "channelz needs grpcio-channelz, which is not installed: pip install 'meanrev[channelz]'"
            raise ConfigError(missing) from None
        self._server: Any = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        channelz.add_channelz_servicer(self._server)
        try:
            port = self._server.add_insecure_port(where)
        except RuntimeError:
            raise ConfigError(f"cannot listen on channelz = {where!r}") from None
        self.address = f"{address_of('channelz', where).host}:{port}"

    async def start(self) -> None:
        """Answer calls."""
        await self._server.start()

    async def stop(self) -> None:
        """Answer no more."""
        await self._server.stop(0)
