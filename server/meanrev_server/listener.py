"""The address that a server listens on, in plaintext or with TLS."""

import os
import socket
from typing import TYPE_CHECKING, Any

import grpc

from meanrev_server.errors import ConfigError

if TYPE_CHECKING:
    from meanrev_server.tls import ServerCertificate
    from meanrev_server.watched_files import Watched

__all__ = ["listen"]


def listen(server: grpc.aio.Server, address: str, certificate: "Watched[ServerCertificate] | None") -> str:
    """Let a server listen, and return the address with the port that it got.

    Args:
        server: The server, before its start.
        address: HOST:PORT, port 0 for a free one, or unix:/path.
        certificate: What TLS needs; None is plaintext.

    Raises:
        ConfigError: the address is in use or not of this machine.
    """
    if address.startswith("unix:") and _answers(address.removeprefix("unix:")):
        raise ConfigError(f"cannot listen on {address!r}: a server answers there already")
    # Only the owner may use a unix socket, from its first moment on; a chmod after the bind would come too late.
    mask = os.umask(0o177)
    try:
        if certificate is None:
            port = server.add_insecure_port(address)
        else:
            port = server.add_secure_port(address, _credentials(certificate))
    except RuntimeError:
        raise ConfigError(f"cannot listen on {address!r}: the address is in use or not of this machine") from None
    finally:
        os.umask(mask)
    return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"


def _credentials(certificate: "Watched[ServerCertificate]") -> grpc.ServerCredentials:
    """Return credentials that use the newest certificate for each new connection."""
    served = certificate.value

    def changed() -> Any:
        """Return the configuration if gRPC has an older one; gRPC's own threads call this, one at a time."""
        nonlocal served
        if certificate.value is served:
            return None
        served = certificate.value
        return _configuration(served)

    asks_clients = served.client_ca is not None
    return grpc.dynamic_ssl_server_credentials(_configuration(served), changed, asks_clients)


def _configuration(certificate: "ServerCertificate") -> Any:
    return grpc.ssl_server_certificate_configuration([(certificate.key, certificate.chain)], certificate.client_ca)


def _answers(path: str) -> bool:
    """Return whether somebody listens on a unix socket; gRPC would silently take its path over."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True
