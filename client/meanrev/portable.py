"""What the two clients share beside their methods: they can be copied and pickled, without connections."""

from typing import Any, Self

from meanrev.errors import MeanRevError
from meanrev.transport.options import Tls

__all__ = ["Portable"]


class Portable:
    """A client that is made again from its address and its settings, here or in another process.

    Attributes:
        address: Where calls go.
        timeout: Seconds a call may take where it says nothing else.
    """

    address: str
    timeout: float
    _token: str | None
    _tls: Tls

    def __copy__(self) -> Self:
        return type(self)(self.address, token=self._token, tls=self._tls, timeout=self.timeout)  # type: ignore[call-arg]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __getstate__(self) -> dict[str, Any]:
        if self._token is not None:
            # Pickles are kept in files and sent to other machines; a secret is to be in none of them.
            rule = "a client with a token is not pickled, for the token is a secret; make one in the process that calls"
            raise MeanRevError(rule)
        return {"address": self.address, "tls": self._tls, "timeout": self.timeout}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
