"""Matrices that the server keeps, so that calls name them in place of sending them.

This is a pure core without a clock or an await. Everything runs on the event loop's thread, so nothing is locked. Where
an archive lasts, a matrix is kept on its disk, and memory holds those that were used last. Otherwise memory alone keeps
it. To make room, the matrix that was used least recently is dropped first, but none that a call is using.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from meanrev_server.errors import LimitReached, NotFound, setting_named
from meanrev_server.kept_bytes import KeptBytes
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["MAX_MATRICES", "KeptMatrix", "Matrices"]

MAX_MATRICES = 10_000
"""Most matrices that are kept for a caller; the one that was used least recently is dropped for a further one."""

_AROUND = 1024
"""Bytes of memory of a matrix beside its content."""


@dataclass(slots=True, eq=False)
class KeptMatrix:
    """A matrix that is kept for a caller.

    Attributes:
        identity: Whose it is.
        matrix_id: The id of its content.
        rows: T.
        cols: N.
        nbytes: Bytes of its values and timestamps.
        held: Bytes that it counts in memory, and on the disk.
        stored_ms: When it was stored, in milliseconds since the epoch.
        used_ms: When a call last used it.
        tag: Part of its file's name, different each time that it is stored.
        table: The matrix; None where it is on the disk alone.
        uses: Calls that use it now.
        gone: Whether it was dropped; then its memory is counted until no call uses it.
    """

    identity: str
    matrix_id: str
    rows: int
    cols: int
    nbytes: int
    held: int
    stored_ms: int
    used_ms: int
    tag: str = ""
    table: UploadedMatrix | None = None
    uses: int = 0
    gone: bool = False

    @classmethod
    def of(cls, identity: str, table: UploadedMatrix, now_ms: int) -> "KeptMatrix":
        """Return a matrix that is to be kept.

        Args:
            identity: Whose it is.
            table: The matrix, with its id.
            now_ms: The time, in milliseconds since the epoch.
        """
        held = table.held_bytes + _AROUND
        n_rows, n_columns = table.values.shape
        return cls(identity, table.matrix_id, n_rows, n_columns, table.nbytes, held, now_ms, now_ms, table=table)


class Matrices:
    """The kept matrices of all callers, of each caller in the order of their last use.

    Attributes:
        memory: Counts those in memory.
        disk: Counts those on the disk.
        lasts: Whether they are on a disk.
    """

    def __init__(self, memory: KeptBytes, disk: KeptBytes, drop: Callable[[KeptMatrix], None]) -> None:
        """Start empty.

        Args:
            memory: Bytes of memory.
            disk: Bytes of the disk.
            drop: Called with each matrix that is dropped.
        """
        self.memory, self.disk, self._drop = memory, disk, drop
        self.lasts = False
        self._of: dict[str, OrderedDict[str, KeptMatrix]] = {}
        self._used: set[KeptMatrix] = set()

    def __len__(self) -> int:
        """Return how many are kept."""
        return sum(map(len, self._of.values()))

    def find(self, identity: str, matrix_id: str) -> KeptMatrix | None:
        """Return a caller's matrix, or None."""
        mine = self._of.get(identity)
        return None if mine is None else mine.get(matrix_id)

    def get(self, identity: str, matrix_id: str) -> KeptMatrix:
        """Return a caller's matrix.

        Raises:
            NotFound: the caller has no such matrix, or it was dropped to make room.
        """
        found = self.find(identity, matrix_id)
        if found is None:
            more = setting_named(self._scarce)
            rule = (
                "must be of a matrix that PutMatrix keeps for this caller; one that was put may have been dropped by "
                f"the caller, to make room ({more} gives more), or with a server without state_dir"
            )
            raise NotFound.of("matrix_id", rule, matrix_id)
        return found

    def listed(self, identity: str, limit: int, after: tuple[int, str] | None = None) -> list[KeptMatrix]:
        """Return a caller's matrices, newest first.

        Args:
            identity: The caller.
            limit: Most matrices.
            after: (stored_ms, matrix_id) of the one after which the list begins; the newest where None.
        """
        mine = sorted(self._of.get(identity, {}).values(), key=lambda kept: (-kept.stored_ms, kept.matrix_id))
        if after is not None:
            mine = [kept for kept in mine if (-kept.stored_ms, kept.matrix_id) > (-after[0], after[1])]
        return mine[:limit]

    def check_size(self, identity: str, nbytes: int) -> None:
        """Refuse a matrix that can never be kept, before it is uploaded.

        Raises:
            LimitReached: it is too large; not passing.
        """
        for budget in self._budgets:
            budget.check(identity, nbytes)

    def touch(self, kept: KeptMatrix, now_ms: int) -> None:
        """Record that a call uses a matrix, which is dropped last from now on."""
        kept.used_ms = now_ms
        if not kept.gone:
            self._of[kept.identity].move_to_end(kept.matrix_id)
            self._used.add(kept)

    def take_used(self) -> list[KeptMatrix]:
        """Return the matrices that were used since the last time."""
        used, self._used = self._used, set()
        return [kept for kept in used if not kept.gone]

    def restore(self, kept: KeptMatrix) -> None:
        """Add a matrix that is on the disk since before the server started; no limit refuses it."""
        self._of.setdefault(kept.identity, OrderedDict())[kept.matrix_id] = kept
        self.disk.count(kept.identity, kept.held)

    @contextmanager
    def room_for(self, kept: KeptMatrix) -> Iterator[Callable[[], None]]:
        """Hold room for a new matrix while the context is open; its value adds it. Others are dropped for it.

        Raises:
            LimitReached: it is too large, or calls are using what would have to be dropped (passing).
        """
        self.check_size(kept.identity, kept.held)
        with ExitStack() as rooms:
            for budget in self._budgets:
                rooms.enter_context(self._room(budget, kept))
            yield lambda: self._add(kept)

    @contextmanager
    def room_to_load(self, kept: KeptMatrix) -> Iterator[Callable[[UploadedMatrix], None]]:
        """Hold room in memory for a matrix of the disk while the context is open; its value takes it.

        Raises:
            LimitReached: as room_for.
        """
        self.memory.check(kept.identity, kept.held)
        with self._room(self.memory, kept):
            yield lambda table: self._load(kept, table)

    def release(self, kept: KeptMatrix) -> None:
        """Record that a call does not use a matrix any more."""
        kept.uses -= 1
        if kept.gone and not kept.uses:
            self._unload(kept)

    def forget(self, kept: KeptMatrix) -> None:
        """Drop a matrix; the calls that use it go on, and its memory is counted until they end."""
        if kept.gone:
            return
        kept.gone = True
        mine = self._of[kept.identity]
        del mine[kept.matrix_id]
        if not mine:
            del self._of[kept.identity]
        if self.lasts:
            self.disk.count(kept.identity, -kept.held)
        if not kept.uses:
            self._unload(kept)
        self._drop(kept)

    @property
    def _budgets(self) -> tuple[KeptBytes, ...]:
        return (self.memory, self.disk) if self.lasts else (self.memory,)

    @property
    def _scarce(self) -> str:
        return (self.disk if self.lasts else self.memory).setting

    def _add(self, kept: KeptMatrix) -> None:
        mine = self._of.setdefault(kept.identity, OrderedDict())
        while len(mine) >= MAX_MATRICES:
            self.forget(next(iter(mine.values())))
            mine = self._of.setdefault(kept.identity, OrderedDict())
        mine[kept.matrix_id] = kept
        for budget in self._budgets:
            budget.count(kept.identity, kept.held)

    def _load(self, kept: KeptMatrix, table: UploadedMatrix) -> None:
        kept.table = table
        self.memory.count(kept.identity, kept.held)
        if kept.gone and not kept.uses:  # its calls have left while it was read
            self._unload(kept)

    def _unload(self, kept: KeptMatrix) -> None:
        if kept.table is not None:
            kept.table = None
            self.memory.count(kept.identity, -kept.held)

    @contextmanager
    def _room(self, budget: KeptBytes, kept: KeptMatrix) -> Iterator[None]:
        self._make_room(budget, kept.identity, kept.held)
        budget.count(kept.identity, kept.held)
        try:
            yield
        finally:
            budget.count(kept.identity, -kept.held)

    def _make_room(self, budget: KeptBytes, identity: str, nbytes: int) -> None:
        """Drop others for so many bytes: the caller's own first, then those of the caller who has most.

        Raises:
            LimitReached: what calls are using leaves no room; nothing is dropped then.
        """
        mine = budget.of(identity) + nbytes - budget.most_of(identity)
        everyone = budget.total + nbytes - budget.most
        leaving = []
        for kept in self._by_last_use(identity, budget):
            own = kept.identity == identity
            if max(mine, everyone) <= 0 or (mine > 0 and not own):
                break
            if not kept.uses and (budget is self.disk or kept.table is not None):
                leaving.append(kept)
                everyone -= kept.held
                mine -= kept.held if own else 0
        if max(mine, everyone) > 0:
            busy = f"matrices that calls are using leave no room for {nbytes} bytes beside them, of {budget.most}"
            raise LimitReached(f"{busy}; try again later, or raise {setting_named(budget.setting)}", passing=True)
        for kept in leaving:
            if budget is self.memory and self.lasts:
                self._unload(kept)
            else:
                self.forget(kept)

    def _by_last_use(self, identity: str, budget: KeptBytes) -> Iterator[KeptMatrix]:
        yield from self._of.get(identity, {}).values()
        others = sorted(self._of.keys() - {identity}, key=lambda other: (-budget.of(other), other))
        for other in others:
            yield from self._of[other].values()
