"""Limits of the calls, bytes and work in flight; a call that would exceed one is refused before it begins.

This is a pure core without a clock or an await. Everything runs on the event loop's thread, so nothing is locked. Calls
of the health and reflection services are not counted.
"""

from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Self

from meanrev_server.errors import LimitReached, setting_named

__all__ = ["SMALL_BYTES", "Admission", "Capacity", "Load", "Ticket"]

SMALL_BYTES = 64 * 1024
"""Bytes up to which a message counts as a call only, and its bytes do not count."""


class Capacity(NamedTuple):
    """The limits, each of a sum over all calls in flight, named as the settings are.

    Attributes:
        max_calls_in_flight: Most calls, open streams included.
        max_bytes_in_flight: Most bytes of their requests, and of the matrices that arrive in chunks.
        max_work_in_flight: Most work that they have announced, in elementary steps.
    """

    max_calls_in_flight: int = 4096
    max_bytes_in_flight: int = 4 * 1024**3
    max_work_in_flight: int = 10**13


@dataclass(slots=True)
class Load:
    """What all calls in flight hold, or what one of them holds.

    Attributes:
        calls: Calls.
        nbytes: Bytes of their requests.
        work: Elementary steps.
    """

    calls: int = 0
    nbytes: int = 0
    work: int = 0


class Admission:
    """Admits calls, and counts what they hold.

    Attributes:
        load: What all calls in flight hold.
        refused: Calls and messages that were refused so far.
    """

    def __init__(self, capacity: Capacity) -> None:
        """Start with nothing in flight.

        Args:
            capacity: The limits.
        """
        self.load = Load()
        self.refused = 0
        self._capacity = capacity

    def admit(self, nbytes: int = 0) -> "Ticket":
        """Admit a call and return its ticket, which the caller releases when the call ends.

        Args:
            nbytes: Bytes of its request; 0 where that is a stream.

        Raises:
            LimitReached: a limit would be exceeded; the message names the setting.
        """
        self.check(1, nbytes, 0)
        ticket = Ticket(self)
        ticket.hold(1, nbytes, 0)
        return ticket

    def check(self, calls: int, nbytes: int, work: int, held: Load | None = None) -> None:
        """Refuse an increase that would exceed a limit; an increase of 0 or less is never refused.

        Args:
            calls: Increase of the calls.
            nbytes: Increase of the bytes.
            work: Increase of the work.
            held: What the same call holds already; nothing where None.

        Raises:
            LimitReached: a limit would be exceeded; passing where an idle server would admit the call.
        """
        load, most, mine = self.load, self._capacity, held or Load()
        if calls > 0 and load.calls + calls > most.max_calls_in_flight:
            self._refuse("max_calls_in_flight", "calls", load.calls, mine.calls + calls)
        if nbytes > 0 and load.nbytes + nbytes > most.max_bytes_in_flight:
            self._refuse("max_bytes_in_flight", "bytes", load.nbytes, mine.nbytes + nbytes)
        if work > 0 and load.work + work > most.max_work_in_flight:
            self._refuse("max_work_in_flight", "steps of work", load.work, mine.work + work)

    def _refuse(self, setting: str, unit: str, held: int, asked: int) -> NoReturn:
        self.refused += 1
        most: int = getattr(self._capacity, setting)
        raised = f"{setting_named(setting)} raises it"
        if asked > most:
            raise LimitReached(f"the call alone asks for {asked} {unit}, more than the limit of {most}; {raised}")
        busy = f"the server is busy: {held} {unit} are in flight, of {most}; try again later, or {raised}"
        raise LimitReached(busy, passing=True)


class Ticket:
    """What one call holds of the server's capacity.

    Attributes:
        load: What it holds now.
    """

    def __init__(self, admission: Admission | None = None) -> None:
        """Hold nothing yet.

        Args:
            admission: What counts it; None, for calls in process, which are not counted and never refused.
        """
        self.load = Load()
        self._admission = admission
        self._kept = 0
        self._assembling = False

    @property
    def message_bytes(self) -> int:
        """Bytes of the message in work, without the bytes that are held until the call ends."""
        return self.load.nbytes - self._kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def hold(self, calls: int, nbytes: int, work: int) -> None:
        """Hold exactly this much from now on, without checking a limit."""
        mine = self.load
        if self._admission is not None:
            everyone = self._admission.load
            everyone.calls += calls - mine.calls
            everyone.nbytes += nbytes - mine.nbytes
            everyone.work += work - mine.work
        mine.calls, mine.nbytes, mine.work = calls, nbytes, work

    def receive(self, nbytes: int) -> None:
        """Hold a stream's next message in place of the one before it.

        A small message, such as a price or a block of prices, does not count: serving it costs less than counting it,
        and an overload must not end an open stream. Nor does a chunk of a matrix whose bytes are reserved.

        Raises:
            LimitReached: a large message would exceed a limit.
        """
        if self._assembling:
            return
        held = self._kept + (nbytes if nbytes > SMALL_BYTES else 0)
        if held != self.load.nbytes:
            self._grow(held, self.load.work)

    def keep(self, nbytes: int) -> None:
        """Hold so many bytes more until the call ends.

        Raises:
            LimitReached: they would exceed a limit.
        """
        self._grow(self.load.nbytes + nbytes, self.load.work)
        self._kept += nbytes

    def reserve(self, nbytes: int) -> None:
        """Hold the bytes of a whole matrix until the call ends, in place of the chunks that it arrives in.

        Args:
            nbytes: Bytes of the matrix as float64. Where the first chunk did not tell the number of rows, this is
                called again with more bytes as rows arrive.

        Raises:
            LimitReached: the matrix would exceed a limit.
        """
        self._grow(nbytes, self.load.work)
        self._kept, self._assembling = nbytes, True

    def hand_over(self) -> "Ticket":
        """Return a ticket that outlives the call, and give it the bytes held until the call ends, and the work."""
        lasting, kept, work = self.detached(), self._kept, self.load.work
        self.hold(self.load.calls, self.message_bytes, 0)
        self._kept = 0
        lasting.hold(0, kept, work)
        lasting._kept = kept  # noqa: SLF001 - of the same class
        return lasting

    def announce(self, work: int) -> None:
        """Hold the estimated work of the next computation, in place of an earlier one's.

        Args:
            work: Elementary steps: bars times pairs of thresholds, or multiplications.

        Raises:
            LimitReached: the work would exceed a limit.
        """
        self._grow(self.load.nbytes, work)

    def detached(self) -> "Ticket":
        """Return a ticket that outlives the call, for work that goes on after its answer; it holds nothing yet."""
        return Ticket(self._admission)

    def release(self) -> None:
        """Hold nothing any more."""
        self.hold(0, 0, 0)
        self._kept = 0

    def _grow(self, nbytes: int, work: int) -> None:
        if self._admission is not None:
            self._admission.check(0, nbytes - self.load.nbytes, work - self.load.work, self.load)
        self.hold(self.load.calls, nbytes, work)
