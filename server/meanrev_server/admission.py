"""How much the server takes on at once: calls, bytes and work in flight, refused at the door where it is too much.

A pure core: no clock, no await. Everything runs on the event loop's thread, so nothing is locked. Health and reflection
do not come by here.
"""

from typing import NamedTuple, Self

from meanrev_server.errors import LimitReached

__all__ = ["Admission", "Capacity", "Load", "Ticket"]

_SMALL = 64 * 1024
_UNITS = ("calls", "bytes", "steps of work")


class Capacity(NamedTuple):
    """The knobs, each a sum over all calls in flight.

    Attributes:
        max_calls_in_flight: Most calls, open streams among them.
        max_bytes_in_flight: Most bytes of their requests.
        max_work_in_flight: Most work that they have announced, in elementary steps.
    """

    max_calls_in_flight: int = 4096
    max_bytes_in_flight: int = 1024**3
    max_work_in_flight: int = 10**13


class Load(NamedTuple):
    """What is in flight, or what one call adds to it.

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
        self.check(Load(1, nbytes))
        ticket = Ticket(self)
        ticket.hold(Load(1, nbytes))
        return ticket

    def check(self, more: Load) -> None:
        """Refuse what does not fit.

        Args:
            more: What a call would add.

        Raises:
            LimitReached: it does not; passing where it would fit into an idle server.
        """
        for knob, unit, held, extra, most in zip(
            Capacity._fields, _UNITS, self.load, more, self._capacity, strict=True
        ):
            if extra > 0 and held + extra > most:
                self.refused += 1
                raise LimitReached(_no_room(knob, unit, held, extra, most), passing=extra <= most)

    def move(self, before: Load, after: Load) -> None:
        """Count a call's new load in place of its former one."""
        self.load = Load(*(have - old + new for have, old, new in zip(self.load, before, after, strict=True)))


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def hold(self, load: Load) -> None:
        """Hold exactly this much from now on, without a check."""
        if self._admission is not None:
            self._admission.move(self.load, load)
        self.load = load

    def receive(self, nbytes: int) -> None:
        """Hold a stream's next message in place of the one before it.

        A small one, a price or a block of them, does not count: it costs less than counting it, and no overload ends
        a stream that is open.

        Raises:
            LimitReached: a large one finds no room.
        """
        held = self._kept + (nbytes if nbytes > _SMALL else 0)
        if held != self.load.nbytes:
            self._grow(self.load._replace(nbytes=held))

    def keep(self, nbytes: int) -> None:
        """Hold so many bytes more until the call ends, for a matrix that is put together from its chunks.

        Raises:
            LimitReached: they find no room.
        """
        self._grow(self.load._replace(nbytes=self.load.nbytes + nbytes))
        self._kept += nbytes

    def announce(self, work: int) -> None:
        """Hold the work that the computation to come is estimated at, in place of an earlier one.

        Args:
            work: Elementary steps: bars times pairs of thresholds, or multiplications.

        Raises:
            LimitReached: it finds no room.
        """
        self._grow(self.load._replace(work=work))

    def detached(self) -> "Ticket":
        """Return a ticket that outlives the call, for work that goes on after its answer; it holds nothing yet."""
        return Ticket(self._admission)

    def release(self) -> None:
        """Hold nothing any more."""
        self.hold(Load())

    def _grow(self, load: Load) -> None:
        if self._admission is not None:
            self._admission.check(Load(*(new - old for new, old in zip(load, self.load, strict=True))))
        self.hold(load)


def _no_room(knob: str, unit: str, held: int, extra: int, most: int) -> str:
    raised = f"{knob} (MEANREV_{knob.upper()}) raises it"
    if extra > most:
        return f"the call alone asks for {extra} {unit}, more than the limit of {most}; {raised}"
    return f"the server is busy: {held} {unit} are in flight, of {most}; try again later, or {raised}"
