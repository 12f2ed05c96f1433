"""The part of a client that does not depend on whether it blocks: its address, its settings, and copies of it."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

from meanrev.errors import MeanRevError
from meanrev.methods import Methods
from meanrev.retry import Outage
from meanrev.transport.address import Address
from meanrev.transport.credentials import Tls
from meanrev.transport.options import Endpoint, default_timeout, endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ClientBase"]


class ClientBase(Methods, ABC):
    """A client that can be copied and pickled: the copy is made from its address and its settings, and connects anew.

    Attributes:
        address: Where calls go.
        timeout: Seconds that a call may take unless it has a timeout of its own.
        cache: Whether the server is to keep each matrix that research methods send.
    """

    def __init__(
        self,
        address: Address = None,
        *,
        token: str | None = None,
        tls: Tls = None,
        timeout: float | None = None,
        cache: bool = False,
    ) -> None:
        """Decide where calls go; the first one connects.

        Args:
            address: "HOST:PORT", "unix:/path" or "local" (in this process); a list of "HOST:PORT", or a text with
                commas between them, for servers that take turns; None means MEANREV_HOST, else "local".
            token: Bearer token; None means MEANREV_TOKEN. It needs TLS where the server is on another machine.
            tls: True for the roots that gRPC brings, a path of a CA's PEM file, or TlsFiles; None means MEANREV_TLS_CA,
                and plaintext where that is not set either.
            timeout: Seconds a call may take; None means MEANREV_TIMEOUT, else 30.
            cache: Have the server keep the matrices of research methods, so that one that it has is not sent again.

        Raises:
            InvalidInput: an argument breaks its rule.
            MeanRevError: "local" without the server's packages.
        """
        where = endpoint(address, token, tls)
        self._token, self._tls = token, tls
        self.address = where.address
        self.timeout = default_timeout(timeout)
        self.cache = cache
        self._upload_limits: Mapping[str, int] | None = None
        self._outage = Outage(self.address, self.timeout)
        self._connect(where)

    @abstractmethod
    def _connect(self, where: Endpoint) -> None:
        """Make the transport, which connects at its first call."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    def __copy__(self) -> Self:
        return type(self)(self.address, token=self._token, tls=self._tls, timeout=self.timeout, cache=self.cache)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __getstate__(self) -> dict[str, Any]:
        if self._token is not None:
            # Pickles are kept in files and sent to other machines; a secret is to be in none of them.
            rule = "a client with a token is not pickled, for the token is a secret; make one in the process that calls"
            raise MeanRevError(rule)
        return {"address": self.address, "tls": self._tls, "timeout": self.timeout, "cache": self.cache}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
