"""The parts of a server that can be observed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gpu_kernels.backend import Backend
from meanrev_server.admission import Admission
from meanrev_server.config import Settings
from meanrev_server.launcher import Launcher
from meanrev_server.records import Calls
from meanrev_server.state.stores import State
from meanrev_server.tls import ServerCertificate
from meanrev_server.watched_files import Watched
from meanrev_worker import Fleet

__all__ = ["Identity", "Parts"]


class Identity(NamedTuple):
    """What a server is, for metrics and spans.

    Attributes:
        version: Version of this code.
        methods: Full names of our services' methods ("meanrev.MeanRevService/Info"), by the method's name.
    """

    version: str
    methods: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one server.

    Attributes:
        settings: Its settings.
        identity: What it is.
        backend: Where the maths runs.
        calls: Its calls.
        launcher: Its compute threads and their queue.
        admission: What its calls hold.
        state: What its callers have left on it.
        files: The files that it reads again when they change.
        certificate: Its certificate; None where it serves in plaintext.
        fleet: Its child processes; None where the maths runs in the server.
    """

    settings: Settings
    identity: Identity
    backend: Backend
    calls: Calls
    launcher: Launcher
    admission: Admission
    state: State
    files: Sequence[Watched[Any]] = ()
    certificate: Watched[ServerCertificate] | None = None
    fleet: Fleet | None = None
