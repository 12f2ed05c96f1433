"""How matrices are kept: stored before an id is answered, read from the disk when a call uses them, and dropped."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from meanrev_server.errors import LimitReached, NotFound, StorageFailed
from meanrev_server.matrices import KeptMatrix, Matrices
from meanrev_server.state.archive import Archive
from meanrev_server.uploaded_matrix import UploadedMatrix

__all__ = ["KeptMatrices"]

log = logging.getLogger(__name__)


class KeptMatrices:
    """The kept matrices and the archive that has them.

    Attributes:
        matrices: Those of all callers.
    """

    def __init__(self, matrices: Matrices, archive: Callable[[], Archive]) -> None:
        """Begin nothing.

        Args:
            matrices: Those of all callers.
            archive: Returns what keeps them.
        """
        self.matrices, self._archive = matrices, archive
        self._doing: dict[Hashable, asyncio.Future[None]] = {}

    async def put(self, identity: str, table: UploadedMatrix) -> KeptMatrix:
        """Keep a matrix; one that is kept already stays as it is, and two calls at once store it once.

        Args:
            identity: Whose it is.
            table: The matrix, with its id; nobody writes to its arrays any more.

        Raises:
            LimitReached: it is too large, or calls are using what would have to be dropped.
            StorageFailed: the disk does not take it.
        """
        key = identity, table.matrix_id
        if self.matrices.find(*key) is None:
            await self._once(key, lambda: self._store(KeptMatrix.of(identity, table, _now_ms())))
        kept = self.matrices.find(*key)
        if kept is None:
            raise LimitReached("the matrix was dropped already to make room for others; put it again", passing=True)
        self.matrices.touch(kept, _now_ms())
        return kept

    async def acquire(self, identity: str, matrix_id: str) -> tuple[KeptMatrix, UploadedMatrix]:
        """Return a caller's matrix, which stays in memory until it is released.

        Args:
            identity: The caller.
            matrix_id: The id, well formed.

        Raises:
            NotFound: the caller has no such matrix.
            LimitReached: calls are using what would have to be dropped from memory for it (passing).
            StorageFailed: the disk does not answer.
        """
        kept = self.matrices.get(identity, matrix_id)
        kept.uses += 1
        try:
            if kept.table is None:
                await self._once(kept, lambda: self._load(kept))
            self.matrices.touch(kept, _now_ms())
            assert kept.table is not None  # noqa: S101 - what is used is not dropped from memory
        except BaseException:
            self.matrices.release(kept)
            raise
        return kept, kept.table

    async def drop(self, identity: str, matrix_id: str) -> KeptMatrix:
        """Forget a caller's matrix; calls that use it go on.

        Raises:
            NotFound: the caller has no such matrix.
            StorageFailed: the disk does not answer; the matrix is still kept.
        """
        kept = self.matrices.get(identity, matrix_id)
        await self._archive().delete_matrix(kept)
        self.matrices.forget(kept)
        return kept

    async def flush(self) -> None:
        """Record when matrices were last used, which decides what is dropped first, after a restart too."""
        used = self.matrices.take_used()
        if not used:
            return
        try:
            await self._archive().use_matrices(used)
        except StorageFailed as error:  # those that are used again are recorded the next time
            log.error("uses of matrices were not stored", extra={"reason": str(error)})

    async def _once(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Wait for work that several calls may ask for at once; it goes on where a caller leaves."""
        doing = self._doing.get(key)
        if doing is None:
            doing = self._doing[key] = asyncio.ensure_future(work())
            doing.add_done_callback(lambda done: self._done(key, done))
        await asyncio.shield(doing)

    def _done(self, key: Hashable, done: "asyncio.Future[None]") -> None:
        del self._doing[key]
        if not done.cancelled():
            done.exception()  # asyncio would report an exception that was never retrieved

    async def _store(self, kept: KeptMatrix) -> None:
        with self.matrices.room_for(kept) as add:
            await self._archive().put_matrix(kept)
            add()

    async def _load(self, kept: KeptMatrix) -> None:
        with self.matrices.room_to_load(kept) as take:
            table = await self._archive().matrix(kept)
            if table is None:
                log.error("a kept matrix is damaged and was dropped", extra={"matrix_id": kept.matrix_id})
                self.matrices.forget(kept)
                rule = "must be of a matrix that can be read: the file of this one is damaged; put it again"
                raise NotFound.of("matrix_id", rule, kept.matrix_id)
            take(table)


def _now_ms() -> int:
    return int(time.time() * 1000)
