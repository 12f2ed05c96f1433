"""The queue before the compute threads: which computations start next, and which go together.

This is a pure core without a clock, a thread or an await. The launcher drives it: it adds computations, takes a batch
whenever a thread is idle, reports when a batch is done, and passes the time in seconds.

Computations with equal keys go together, in the order of their arrival. A key's batch starts at once where no other
batch of that key runs. While one runs, the next one fills, and starts earlier only when it is full. A key whose batch
has started goes behind the other keys. Identities take turns: the next batch is one of the identity whose last turn is
longest ago, so that no caller waits behind all that another has queued. Where a delay is set, it applies only to keys
whose last batch had more than one computation, so that a caller without neighbours never waits.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from meanrev_server.errors import LimitReached, setting_named
from meanrev_server.turns import Turns

__all__ = ["Batcher", "Computation", "Counts", "Load", "QueueLimits", "Taken"]

_REMEMBERED = 1024


class QueueLimits(NamedTuple):
    """Limits of batches and of the queue, named as the settings are.

    Attributes:
        max_batch_size: Most computations in a batch; 1 turns batching off.
        max_queue_delay_us: Microseconds that a computation may wait for others while a compute thread is idle, if its
            key's last batch had more than one.
        max_queue_calls: Most computations that wait.
        max_queue_bytes: Most bytes that waiting computations hold.
    """

    max_batch_size: int = 64
    max_queue_delay_us: int = 0
    max_queue_calls: int = 2048
    max_queue_bytes: int = 512 * 1024 * 1024


@dataclass(eq=False, slots=True)
class Computation:
    """A computation that waits; two are equal only where they are the same object.

    Attributes:
        work: What to compute; only the launcher looks at it.
        key: Computations with equal keys may go together; None goes alone.
        nbytes: Memory that the computation holds while it waits.
        deadline: Time from which on its answer is not needed; None is never.
        identity: Who asked for it; "" where the server does not know.
        added: Time at which it was added; the batcher sets it.
        long: Whether it may take long, so that short ones must not wait for it.
        cancelled: Whether its caller has left; Batcher.cancel sets it, also while it runs.
    """

    work: Any
    key: Hashable = None
    nbytes: int = 0
    deadline: float | None = None
    identity: str = ""
    added: float = 0.0
    long: bool = False
    cancelled: bool = False

    def is_wanted(self, now: float) -> bool:
        """Return whether someone still waits for the answer."""
        return not self.cancelled and (self.deadline is None or now < self.deadline)


class Taken(NamedTuple):
    """What the launcher does next.

    Attributes:
        batch: Computations to compute together; empty where nothing is ready.
        expired: Computations whose deadline passed while they waited; they never start.
    """

    batch: tuple[Computation, ...] = ()
    expired: tuple[Computation, ...] = ()


@dataclass(slots=True)
class Counts:
    """How many computations came and went; added = started + expired + cancelled + those that wait.

    Attributes:
        added: Computations that joined the queue.
        refused: Computations that exceeded a limit of the queue.
        started: Computations in batches.
        batches: Batches.
        expired: Computations whose deadline passed first.
        cancelled: Computations that were cancelled first.
        sizes: Batches by their size.
    """

    added: int = 0
    refused: int = 0
    started: int = 0
    batches: int = 0
    expired: int = 0
    cancelled: int = 0
    sizes: dict[int, int] = field(default_factory=dict)


class Load(NamedTuple):
    """What waits and runs at one moment.

    Attributes:
        waiting: Computations that wait.
        waiting_bytes: Bytes that they hold.
        busy: Threads that compute.
    """

    waiting: int
    waiting_bytes: int
    busy: int


class Batcher:
    """The queue of one launcher.

    Attributes:
        counts: How many computations came and went.
    """

    def __init__(self, limits: QueueLimits) -> None:
        """Start empty.

        Args:
            limits: Limits of batches and of the queue.
        """
        self.counts = Counts()
        self._limits = limits
        self._delay = limits.max_queue_delay_us * 1e-6
        # Groups in the order in which they start, computations in the order of their arrival: dicts as ordered sets.
        self._groups: dict[Hashable, dict[Computation, None]] = {}
        self._running: dict[Hashable, int] = {}
        # Keys whose last batch had more than one computation, the oldest first. Callers choose keys, so the number is
        # limited.
        self._batched_before: dict[Hashable, None] = {}
        self._calls = self._n_long = 0
        self._bytes = 0
        self._turns = Turns()

    @property
    def waiting(self) -> int:
        """Number of computations that wait."""
        return self._calls

    @property
    def waiting_bytes(self) -> int:
        """Bytes that they hold."""
        return self._bytes

    def add(self, computation: Computation, now: float) -> None:
        """Add a computation to the queue.

        Args:
            computation: A computation that was not added before.
            now: The time.

        Raises:
            LimitReached: a limit of the queue is reached; the message names the setting.
        """
        if self._calls >= self._limits.max_queue_calls:
            self.counts.refused += 1
            raise LimitReached(_full(f"{self._calls} computations wait", "max_queue_calls"), passing=True)
        if self._bytes + computation.nbytes > self._limits.max_queue_bytes:
            self.counts.refused += 1
            held = f"waiting computations would hold {self._bytes + computation.nbytes} bytes"
            raise LimitReached(_full(held, "max_queue_bytes"), passing=self._calls > 0)
        computation.added = now
        self._groups.setdefault(_group_of(computation), {})[computation] = None
        self._calls += 1
        self._n_long += computation.long
        self._turns.wait(computation.identity)
        self._bytes += computation.nbytes
        self.counts.added += 1

    def cancel(self, computation: Computation) -> bool:
        """Mark a computation as cancelled, and return whether it waited; one that waited never starts."""
        computation.cancelled = True
        if computation not in self._groups.get(_group_of(computation), ()):
            return False
        self._remove(computation)
        self.counts.cancelled += 1
        return True

    def take(self, now: float, *, long: bool = True) -> Taken:
        """Return the batch that starts now, for a launcher with an idle thread.

        Args:
            now: The time.
            long: Whether long computations may start too; if not, they wait and the short ones behind them start.
        """
        expired: list[Computation] = []
        batch: list[Computation] = []
        while not batch and (name := self._ready(now, long=long)) is not None:
            group = self._groups[name]
            while group and len(batch) < self._limits.max_batch_size:
                computation = next(iter(group))
                self._remove(computation)
                (batch if computation.is_wanted(now) else expired).append(computation)
            if group:
                self._groups[name] = self._groups.pop(name)
        self.counts.expired += len(expired)
        if batch:
            self.counts.started += len(batch)
            self.counts.batches += 1
            self._turns.take(batch[0].identity)
            self.counts.sizes[len(batch)] = self.counts.sizes.get(len(batch), 0) + 1
            if batch[0].key is not None:
                self._note(batch[0].key, len(batch))
        return Taken(tuple(batch), tuple(expired))

    def done(self, batch: tuple[Computation, ...]) -> None:
        """Record that a batch has been computed."""
        key = batch[0].key
        if key is not None:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]

    def wake_at(self, *, long: bool = True) -> float | None:
        """Return the time at which the delay of a waiting batch ends; None where no batch waits for a delay.

        Args:
            long: As in take.
        """
        if not self._delay:
            return None
        may_start = (
            (name, group)
            for name, group in self._groups.items()
            if name not in self._running and (long or not next(iter(group)).long)
        )
        return min((self._due(name, group) for name, group in may_start), default=None)

    def drain(self) -> tuple[Computation, ...]:
        """Cancel all computations that wait, and return them."""
        computations = tuple(computation for group in self._groups.values() for computation in group)
        for computation in computations:
            self.cancel(computation)
        return computations

    def _ready(self, now: float, *, long: bool) -> Hashable | None:
        if self._calls == (0 if long else self._n_long):  # as after most computations
            return None
        ready = (name for name, group in self._groups.items() if self._is_ready(name, group, now, long=long))
        if not self._turns.shared:
            return next(ready, None)
        return min(ready, key=lambda name: self._turns.last(next(iter(self._groups[name])).identity), default=None)

    def _is_ready(self, name: Hashable, group: dict[Computation, None], now: float, *, long: bool) -> bool:
        if not long and next(iter(group)).long:
            return False
        full = len(group) >= self._limits.max_batch_size
        return full or (name not in self._running and self._due(name, group) <= now)

    def _due(self, name: Hashable, group: dict[Computation, None]) -> float:
        return next(iter(group)).added + (self._delay if name in self._batched_before else 0.0)

    def _note(self, key: Hashable, size: int) -> None:
        self._running[key] = self._running.get(key, 0) + 1
        self._batched_before.pop(key, None)
        if size > 1 and self._delay:
            self._batched_before[key] = None
            if len(self._batched_before) > _REMEMBERED:
                del self._batched_before[next(iter(self._batched_before))]

    def _remove(self, computation: Computation) -> None:
        name = _group_of(computation)
        group = self._groups[name]
        del group[computation]
        if not group:
            del self._groups[name]
        self._calls -= 1
        self._n_long -= computation.long
        self._turns.leave(computation.identity)
        self._bytes -= computation.nbytes


def _group_of(computation: Computation) -> Hashable:
    """Return the key of a computation's group; one without a key is a group of its own."""
    return computation if computation.key is None else computation.key


def _full(what: str, setting: str) -> str:
    return f"the server is busy: {what}; try again later, or raise {setting_named(setting)}"
