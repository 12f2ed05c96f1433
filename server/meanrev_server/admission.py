"""Limits of what all calls in flight hold; a call that would exceed one is refused before it begins.

This is a pure core without a clock or an await. Everything runs on the event loop's thread, so nothing is locked. Calls
of the health and reflection services are not counted.
"""

from typing import NoReturn, Self
from weakref import WeakValueDictionary

from meanrev_server.capacity import LIMITS, Capacity, Demand, Load, check_demand
from meanrev_server.errors import LimitReached, setting_named

__all__ = ["SMALL_BYTES", "SMALL_PEAK_BYTES", "Admission", "Ticket"]

SMALL_BYTES = 64 * 1024
"""Bytes up to which a message counts as a call only, and its bytes do not count."""

SMALL_PEAK_BYTES = 1024 * 1024
"""Bytes of memory up to which a computation does not count: compute threads limit how many of them run."""


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
        self.capacity = capacity
        self._of_identities: WeakValueDictionary[str, Load] = WeakValueDictionary()

    def admit(self, nbytes: int = 0, identity: str = "") -> "Ticket":
        """Admit a call and return its ticket, which the caller releases when the call ends.

        Args:
            nbytes: Bytes of its request; 0 where that is a stream.
            identity: Who calls; "" where the server does not know.

        Raises:
            LimitReached: a limit would be exceeded; the message names the setting.
        """
        ticket = Ticket(self, identity)
        ticket.enter(nbytes)
        return ticket

    def held_by(self, identity: str) -> Load:
        """Return what the calls of an identity hold, which changes as they come and go.

        Args:
            identity: Not "", whose calls are in load alone.
        """
        found = self._of_identities.get(identity)
        if found is None:
            found = self._of_identities[identity] = Load()
        return found

    def check(self, before: Load, after: Load, of_identity: Load | None) -> None:
        """Refuse a change of what a call holds that would exceed a limit; a decrease is never refused.

        Args:
            before: What it holds now.
            after: What it would hold.
            of_identity: What all calls of its identity hold now; None where it has none.

        Raises:
            LimitReached: a limit would be exceeded; passing where an idle server would admit the call.
        """
        for part, setting, unit in LIMITS:
            increase = getattr(after, part) - getattr(before, part)
            if increase <= 0:
                continue
            most: int = getattr(self.capacity, setting)
            if of_identity is not None:
                share = int(most * self.capacity.identity_share)
                if getattr(of_identity, part) + increase > share:
                    self._refuse(setting, unit, getattr(of_identity, part), getattr(after, part), share)
            if getattr(self.load, part) + increase > most:
                self._refuse(setting, unit, getattr(self.load, part), getattr(after, part))

    def _refuse(self, setting: str, unit: str, held: int, asked: int, share: int | None = None) -> NoReturn:
        self.refused += 1
        most: int = getattr(self.capacity, setting) if share is None else share
        raised = f"{setting_named(setting)} raises it"
        of = ""
        if share is not None:
            raised = f"{setting_named(setting)} or {setting_named('identity_share')} raises it"
            of = " that one identity may hold"
        if asked > most:
            raise LimitReached(f"the call alone asks for {asked} {unit}, more than the limit of {most}{of}; {raised}")
        who = "the server is busy" if share is None else "the calls of your identity are many"
        busy = f"{who}: {held} {unit} are in flight, of {most}{of}; try again later, or {raised}"
        raise LimitReached(busy, passing=True)


class Ticket:
    """What one call holds of the server's capacity.

    Attributes:
        load: What it holds now.
        identity: Who calls; "" where the server does not know.
    """

    def __init__(self, admission: Admission | None = None, identity: str = "") -> None:
        """Hold nothing yet.

        Args:
            admission: What counts it; None, for calls in process, which are not counted and never refused.
            identity: Who calls.
        """
        self.load = Load()
        self.identity = identity
        self._admission = admission
        self._of_identity = admission.held_by(identity) if admission is not None and identity else None
        self._message = self._kept = self._peak = 0
        self._assembling = False

    @property
    def message_bytes(self) -> int:
        """Bytes of the message in work, without the bytes that are held until the call ends."""
        return self._message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()

    def enter(self, nbytes: int) -> None:
        """Begin to hold a call and the bytes of its request.

        Raises:
            LimitReached: they would exceed a limit.
        """
        self._change(Load(1, nbytes, 0, 0))
        self._message = nbytes

    def expect(self, nbytes: int) -> None:
        """Hold so many bytes for a request that is still coming, in place of those held before.

        Raises:
            LimitReached: they would exceed a limit.
        """
        self._hold(nbytes, 0, 0, 0)

    def receive(self, nbytes: int) -> None:
        """Hold a stream's next message in place of the one before it.

        A small message, such as a price or a block of prices, does not count: serving it costs less than counting it,
        and an overload must not end an open stream. Nor does a chunk of a matrix whose bytes are reserved.

        Raises:
            LimitReached: a large message would exceed a limit.
        """
        message = 0 if nbytes <= SMALL_BYTES or self._assembling else nbytes
        if message != self._message:
            self._hold(message, self._kept, self._peak, self.load.work)

    def rest(self) -> None:
        """Hold nothing for a message and its computation any more, because a stream waits for its next message."""
        if not self._assembling and (self._message or self._peak or self.load.work):
            self._put(Load(self.load.calls, self._kept, 0, self.load.reply_bytes), 0, self._kept, 0)

    def keep(self, nbytes: int) -> None:
        """Hold so many bytes more until the call ends.

        Raises:
            LimitReached: they would exceed a limit.
        """
        self._hold(self._message, self._kept + nbytes, self._peak, self.load.work)

    def reserve(self, nbytes: int) -> None:
        """Hold the bytes of a whole matrix until the call ends, in place of the chunks that it arrives in.

        Args:
            nbytes: Bytes of the matrix as float64. Where the first chunk did not give the number of rows, this is
                called again with more bytes as rows arrive.

        Raises:
            LimitReached: the matrix would exceed a limit.
        """
        self._hold(0, nbytes, self._peak, self.load.work)
        self._assembling = True

    def hand_over(self) -> "Ticket":
        """Return a ticket that outlives the call; it takes over all but the call itself and the message in work."""
        lasting = self.detached()
        lasting._put(Load(0, self.load.nbytes - self._message, self.load.work, 0), 0, self._kept, self._peak)  # noqa: SLF001 - of the same class
        self._put(Load(self.load.calls, self._message, 0, self.load.reply_bytes), self._message, 0, 0)
        return lasting

    def announce(self, demand: Demand) -> None:
        """Hold the work, the memory and the reply of the next computation, in place of an earlier one's.

        Args:
            demand: What it asks for; its memory includes the request's.

        Raises:
            LimitReached: a limit would be exceeded, for now or, where it is of this request alone, ever.
        """
        peak = demand.peak_bytes if demand.peak_bytes > SMALL_PEAK_BYTES else 0
        if self._admission is not None:
            capacity = self._admission.capacity
            share = 1.0 if self._of_identity is None else capacity.identity_share
            check_demand(demand, capacity, share)
        reply = demand.reply_bytes if demand.reply_bytes > SMALL_BYTES else 0
        self._hold(self._message, self._kept, max(0, peak - self._message), demand.work, reply)

    def reply(self, nbytes: int) -> None:
        """Hold a reply until it is sent, in place of the reply before it; a small one does not count.

        Raises:
            LimitReached: too many bytes of replies have not been sent.
        """
        held = nbytes if nbytes > SMALL_BYTES else 0
        if held != self.load.reply_bytes:
            load = self.load
            self._change(Load(load.calls, load.nbytes, load.work, held))

    def may_reply(self, nbytes: int) -> bool:
        """Hold a reply as reply does, and return True; return False where too many bytes have not been sent."""
        try:
            self.reply(nbytes)
        except LimitReached:
            return False
        return True

    def finish(self) -> None:
        """Hold nothing but the call and its reply any more, because it has been computed."""
        self._put(Load(self.load.calls, 0, 0, self.load.reply_bytes), 0, 0, 0)

    def detached(self) -> "Ticket":
        """Return a ticket that outlives the call, for work that goes on after its answer; it holds nothing yet."""
        return Ticket(self._admission, self.identity)

    def restore(self, nbytes: int, work: int) -> None:
        """Hold what a job was admitted with before the server stopped, without checking a limit.

        Args:
            nbytes: Bytes of its matrix.
            work: Its work.
        """
        self._put(Load(0, nbytes, work, 0), 0, nbytes, 0)

    def release(self) -> None:
        """Hold nothing any more."""
        self._put(Load(), 0, 0, 0)

    def _hold(self, message: int, kept: int, peak: int, work: int, reply: int | None = None) -> None:
        """Hold exactly this from now on. A matrix that is kept is part of the memory that was announced for it."""
        held = self.load.reply_bytes if reply is None else reply
        self._change(Load(self.load.calls, message + max(kept, peak), work, held))
        self._message, self._kept, self._peak = message, kept, peak

    def _put(self, after: Load, message: int, kept: int, peak: int) -> None:
        """Hold exactly this from now on, without checking a limit."""
        self._move(after)
        self._message, self._kept, self._peak = message, kept, peak

    def _change(self, after: Load) -> None:
        if self._admission is not None:
            self._admission.check(self.load, after, self._of_identity)
        self._move(after)

    def _move(self, after: Load) -> None:
        mine = self.load
        if self._admission is not None:
            for everyone in (self._admission.load, self._of_identity):
                if everyone is not None:
                    everyone.calls += after.calls - mine.calls
                    everyone.nbytes += after.nbytes - mine.nbytes
                    everyone.work += after.work - mine.work
                    everyone.reply_bytes += after.reply_bytes - mine.reply_bytes
        self.load = after
