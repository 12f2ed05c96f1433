"""How much the server takes on at once: calls, bytes and work in flight, refused at the door where it is too much.

A pure core: no clock, no await. Everything runs on the event loop's thread, so nothing is locked. Health and reflection
do not come by here.
"""

from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Self

from meanrev_server.errors import LimitReached

__all__ = ["SMALL_BYTES", "Admission", "Capacity", "Load", "Ticket"]

SMALL_BYTES = 64 * 1024
"""Of a message that counts as a call, but not by its bytes."""


class Capacity(NamedTuple):
    """The knobs, each a sum over all calls in flight.

    Attributes:
        max_calls_in_flight: Most calls, open streams among them.
        max_bytes_in_flight: Most bytes of their requests, and of the matrices that arrive in chunks.
        max_work_in_flight: Most work that they have announced, in elementary steps.
    """

    max_calls_in_flight: int = 4096
    max_bytes_in_flight: int = 4 * 1024**3
    max_work_in_flight: int = 10**13


@dataclass(slots=True)
class Load:
    """What is in flight, or what one call holds of it.

    Attributes:
        calls: Calls.
        nbytes: Bytes of their requests.
        work: Elementary steps.
    """

    calls: int = 0
    nbytes: int = 0
    work: int = 0


class Admission:
    """The door.

    Attributes:
        load: What is in flight.
        refused: Calls and messages that found no room so far.
    """

    def __init__(self, capacity: Capacity) -> None:
        """Start with nothing in flight.

        Args:
            capacity: The knobs.
        """
        self.load = Load()
        self.refused = 0
        self._capacity = capacity

    def admit(self, nbytes: int = 0) -> "Ticket":
        """Let a call in; its ticket is to be released at its end.

        Args:
            nbytes: Of its request; 0 where that is a stream.

        Raises:
            LimitReached: no room; the message names the knob.
        """
        self.check(1, nbytes, 0)
        ticket = Ticket(self)
        ticket.hold(1, nbytes, 0)
        return ticket

    def check(self, calls: int, nbytes: int, work: int, held: Load | None = None) -> None:
        """Refuse what does not fit beside what is in flight; what is not more than before always does.

        Args:
            calls: Calls more.
            nbytes: Bytes more.
            work: Steps more.
            held: What the same call holds already; nothing where None.

        Raises:
            LimitReached: it does not fit; passing where the call, with what it holds, would fit into an idle server.
        """
        load, most, mine = self.load, self._capacity, held or Load()
        if calls > 0 and load.calls + calls > most.max_calls_in_flight:
            self._refuse("max_calls_in_flight", "calls", load.calls, mine.calls + calls)
        if nbytes > 0 and load.nbytes + nbytes > most.max_bytes_in_flight:
            self._refuse("max_bytes_in_flight", "bytes", load.nbytes, mine.nbytes + nbytes)
        if work > 0 and load.work + work > most.max_work_in_flight:
            self._refuse("max_work_in_flight", "steps of work", load.work, mine.work + work)

    def _refuse(self, knob: str, unit: str, held: int, asked: int) -> NoReturn:
        self.refused += 1
        most: int = getattr(self._capacity, knob)
        raised = f"{knob} (MEANREV_{knob.upper()}) raises it"
        if asked > most:
            raise LimitReached(f"the call alone asks for {asked} {unit}, more than the limit of {most}; {raised}")
        busy = f"the server is busy: {held} {unit} are in flight, of {most}; try again later, or {raised}"
        raise LimitReached(busy, passing=True)


class Ticket:
    """One call's share of what is in flight.

    Attributes:
        load: What the call holds now.
    """

    def __init__(self, admission: Admission | None = None) -> None:
        """Hold nothing yet.

        Args:
            admission: Where it counts; None, in process, counts nowhere and is never refused.
        """
        self.load = Load()
        self._admission = admission
        self._kept = 0
        self._assembling = False

    @property
    def message_bytes(self) -> int:
        """Bytes of the message in work, without what is kept until the call ends."""
        return self.load.nbytes - self._kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def hold(self, calls: int, nbytes: int, work: int) -> None:
        """Hold exactly this much from now on, without a check."""
        mine = self.load
        if self._admission is not None:
            everyone = self._admission.load
            everyone.calls += calls - mine.calls
            everyone.nbytes += nbytes - mine.nbytes
            everyone.work += work - mine.work
        mine.calls, mine.nbytes, mine.work = calls, nbytes, work

    def receive(self, nbytes: int) -> None:
        """Hold a stream's next message in place of the one before it.

        A small one, a price or a block of them, does not count: it costs less than counting it, and no overload ends
        a stream that is open. A chunk of a matrix whose room is reserved does not count beside that room.

        Raises:
            LimitReached: a large one finds no room.
        """
        if self._assembling:
            return
        held = self._kept + (nbytes if nbytes > SMALL_BYTES else 0)
        if held != self.load.nbytes:
            self._grow(held, self.load.work)

    def keep(self, nbytes: int) -> None:
        """Hold so many bytes more until the call ends.

        Raises:
            LimitReached: they find no room.
        """
        self._grow(self.load.nbytes + nbytes, self.load.work)
        self._kept += nbytes

    def reserve(self, nbytes: int) -> None:
        """Hold the room of a whole matrix until the call ends, in place of the chunks that it arrives in.

        Args:
            nbytes: Of the matrix, as float64; again, and larger, where the first chunk did not say how long it is.

        Raises:
            LimitReached: it finds no room.
        """
        self._grow(nbytes, self.load.work)
        self._kept, self._assembling = nbytes, True

    def hand_over(self) -> "Ticket":
        """Return a ticket that outlives the call and holds from now on what this one kept, and its work."""
        lasting, kept, work = self.detached(), self._kept, self.load.work
        self.hold(self.load.calls, self.message_bytes, 0)
        self._kept = 0
        lasting.hold(0, kept, work)
        lasting._kept = kept  # noqa: SLF001 - of the same class
        return lasting

    def announce(self, work: int) -> None:
        """Hold the work that the computation to come is estimated at, in place of an earlier one.

        Args:
            work: Elementary steps: bars times pairs of thresholds, or multiplications.

        Raises:
            LimitReached: it finds no room.
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
