"""gRPC's own view of connections and sockets (channelz), on a port of this machine alone."""

from typing import Any

import grpc

from meanrev_server.errors import ConfigError

__all__ = ["serve_channelz"]


async def serve_channelz(address: str) -> tuple[grpc.aio.Server, int]:
    """Serve channelz, which shows every gRPC server and channel of this process.

    Args:
        address: HOST:PORT; port 0 picks a free one.

    Returns:
        The server, and its port.

    Raises:
        ConfigError: grpcio-channelz is not installed, or the address cannot be listened on.
    """
    try:
        from grpc_channelz.v1 import channelz  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        missing = "channelz needs grpcio-channelz, which is not installed: pip install 'meanrev[channelz]'"
        raise ConfigError(missing) from None
    server: Any = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    channelz.add_channelz_servicer(server)
    try:
        port: int = server.add_insecure_port(address)
    except RuntimeError:
        raise ConfigError(f"channelz = {address!r} cannot be listened on") from None
    await server.start()
    return server, port
