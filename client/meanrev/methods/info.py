"""Info: a server's version, backend, device and limits."""

from collections.abc import Mapping

from meanrev.methods import wire
from meanrev.methods.research import research_path
from meanrev.question import About, Question, Replies
from meanrev.results import ServerInfo
from meanrev_wire.research_pb2 import InfoRequest, InfoResponse

__all__ = ["info", "upload_limits"]

_FIELDS = tuple(name for name in ServerInfo.__dataclass_fields__ if name != "meta")


def info(*, timeout: float | None = None) -> Question[ServerInfo]:
    """Return the server's version, backend, device and limits.

    Args:
        timeout: Seconds for everything; the client's own where None.

    Raises:
        MeanRevError: as every call.
    """

    def result(replies: Replies, about: About) -> ServerInfo:
        reply = wire.decode(InfoResponse, replies[0][0])
        values = {name: getattr(reply, name) for name in _FIELDS}
        return ServerInfo(**values, meta={**about, **wire.extras(reply.metadata)})

    return Question(research_path("Info"), [[wire.encode(InfoRequest)]], result, timeout=timeout)


def upload_limits() -> Question[Mapping[str, int]]:
    """Ask for the limits of uploads, by the names of the server's settings; 0 where it does not report one."""

    def result(replies: Replies, _: About) -> Mapping[str, int]:
        reply = wire.decode(InfoResponse, replies[0][0])
        return {name: getattr(reply, name) for name in ("max_message_bytes", "max_matrix_bytes")}

    return Question(research_path("Info"), [[wire.encode(InfoRequest)]], result)
