"""Work that a server does while its caller does not wait."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any, cast

from meanrev.errors import ConnectionFailed
from meanrev.methods import job_calls
from meanrev.methods.research import Reading
from meanrev.progress import Progress, shown
from meanrev.question import Awaiting, Blocking
from meanrev.results import JobState

__all__ = ["AsyncJob", "Job"]

_HOUR_S = 3600.0

_RESTART_S = 30.0
"""Seconds without a server after which result gives up; a server with a state directory resumes its jobs at a start."""

_PAUSE_S = 0.5


class _Submitted:
    """A job's id and its last known state.

    Attributes:
        job_id: 64 hexadecimal digits; the same request is the same job, so that submitting it again finds it again.
        state: Last known one.
    """

    def __init__(self, state: JobState, reading: Reading) -> None:
        self.job_id = state.job_id
        self.state = state
        self._reading = reading

    def __repr__(self) -> str:
        state = self.state
        return f"<{type(self).__name__} {self.job_id[:12]} {state.method} {state.status} {state.done}/{state.total}>"


class _Patience:
    """How long result waits for a server that is being restarted, and for the job."""

    def __init__(self, timeout: float) -> None:
        self._deadline = time.monotonic() + timeout
        self._gone_at: float | None = None

    @property
    def left_s(self) -> float:
        """Seconds until result gives up; never 0, so that the server is asked once."""
        return max(1e-3, self._deadline - time.monotonic())

    def answered(self) -> None:
        """Record that the server answers."""
        self._gone_at = None

    def check(self, error: ConnectionFailed) -> None:
        """Raise the error unless there is time for another attempt."""
        now = time.monotonic()
        self._gone_at = self._gone_at or now
        if now - self._gone_at > _RESTART_S or now + _PAUSE_S > self._deadline:
            raise error


class Job(_Submitted):
    """A job of a Client.

    Attributes:
        job_id: 64 hexadecimal digits; the same request is the same job, so that submitting it again finds it again.
        state: Last known one.
    """

    def __init__(self, client: Blocking, state: JobState, reading: Reading) -> None:
        """Take the server's answer; Client.submit and Client.job make jobs."""
        super().__init__(state, reading)
        self._client = client

    def watch(self, *, timeout: float | None = None) -> Iterator[JobState]:
        """Yield the job's state, now and at each change, until it ends.

        Args:
            timeout: Seconds for all of it; no limit where None.

        Raises:
            MeanRevError: as every call.
        """
        for state in self._client.bind_live(job_calls.watch)(self.job_id, timeout):
            self.state = state
            yield state

    def result(self, *, progress: Progress = False, timeout: float = _HOUR_S) -> Any:
        """Wait for the job and return what its method returns, also while the server is restarted.

        Args:
            progress: True for a bar, or a function of (done, total, eta_s).
            timeout: Seconds to wait, and once more to fetch.

        Raises:
            MeanRevError: the job failed or was cancelled; or as every call.
        """
        patience = _Patience(timeout)
        with shown(progress, self.state.method) as advance:
            while True:
                try:
                    with closing(cast("Any", self.watch(timeout=patience.left_s))) as states:
                        for state in states:
                            patience.answered()
                            advance(state.done, state.total)
                    break
                except ConnectionFailed as error:
                    patience.check(error)
                    time.sleep(_PAUSE_S)
        job_calls.ended(self.state)
        return self._client.bind(job_calls.fetch)(self.job_id, self._reading, timeout)

    def cancel(self) -> JobState:
        """Ask the job to stop at its next step, and return its state as it is now.

        Raises:
            MeanRevError: as every call.
        """
        self.state = self._client.bind(job_calls.cancel)(self.job_id)
        return self.state


class AsyncJob(_Submitted):
    """A job of an AsyncClient.

    Attributes:
        job_id: 64 hexadecimal digits; the same request is the same job, so that submitting it again finds it again.
        state: Last known one.
    """

    def __init__(self, client: Awaiting, state: JobState, reading: Reading) -> None:
        """Take the server's answer; AsyncClient.submit and AsyncClient.job make jobs."""
        super().__init__(state, reading)
        self._client = client

    async def watch(self, *, timeout: float | None = None) -> AsyncIterator[JobState]:  # noqa: ASYNC109 - a gRPC deadline
        """Yield the job's state, now and at each change, until it ends.

        Args:
            timeout: Seconds for all of it; no limit where None.

        Raises:
            MeanRevError: as every call.
        """
        states = cast("Any", self._client.bind_live(job_calls.watch)(self.job_id, timeout))
        async with aclosing(states):
            async for state in states:
                self.state = state
                yield state

    async def result(self, *, progress: Progress = False, timeout: float = _HOUR_S) -> Any:  # noqa: ASYNC109 - likewise
        """Wait for the job and return what its method returns, also while the server is restarted.

        Args:
            progress: True for a bar, or a function of (done, total, eta_s).
            timeout: Seconds to wait, and once more to fetch.

        Raises:
            MeanRevError: the job failed or was cancelled; or as every call.
        """
        patience = _Patience(timeout)
        with shown(progress, self.state.method) as advance:
            while True:
                try:
                    async with aclosing(cast("Any", self.watch(timeout=patience.left_s))) as states:
                        async for state in states:
                            patience.answered()
                            advance(state.done, state.total)
                    break
                except ConnectionFailed as error:
                    patience.check(error)
                    await asyncio.sleep(_PAUSE_S)
        job_calls.ended(self.state)
        return await self._client.bind(job_calls.fetch)(self.job_id, self._reading, timeout)

    async def cancel(self) -> JobState:
        """Ask the job to stop at its next step, and return its state as it is now.

        Raises:
            MeanRevError: as every call.
        """
        self.state = await self._client.bind(job_calls.cancel)(self.job_id)
        return self.state
