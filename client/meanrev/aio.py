"""The asyncio client. It shares the declarations with the blocking one, and nothing wraps the other."""

import asyncio
import functools
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Self, TypeVar, cast, overload

from meanrev.asking import steps
from meanrev.client_base import ClientBase
from meanrev.errors import ConnectionFailed, InvalidInput, MeanRevError, Overloaded, from_status
from meanrev.extensions import local
from meanrev.jobs import AsyncJob
from meanrev.methods.info import upload_limits
from meanrev.methods.job_calls import reading_of, request_of, submission, watch
from meanrev.question import Awaiting, Live, Question
from meanrev.results import Estimate
from meanrev.retry import Retries, Watched
from meanrev.tracebacks import brief
from meanrev.transport.asynchronous import AsynchronousTransport
from meanrev.transport.options import LOCAL, Endpoint, default_timeout

if TYPE_CHECKING:
    from meanrev.transport import AsyncTransport

__all__ = ["AsyncClient"]

P = ParamSpec("P")
R = TypeVar("R")

_IN_FLIGHT = 64
"""Calls of one question at once: a server lets 256 share a connection by default, and others need it too."""


class AsyncClient(ClientBase, Awaiting):
    """A server, or the same code in this process, behind coroutine functions.

    Usable from any event loop, one after the other or at once; each gets its own channel.

    Attributes:
        address: Where calls go.
        timeout: Seconds that a call may take unless it has a timeout of its own.
        cache: Whether the server is to keep each matrix that research methods send.
    """

    def _connect(self, where: Endpoint) -> None:
        here = where.address == LOCAL
        self._transport: AsyncTransport = local().async_transport() if here else AsynchronousTransport(where)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect this event loop; a later call connects again."""
        await self._transport.close()

    @overload
    def submit(
        self, method: str, prices: Any, *, timeout: float | None = ..., dry_run: Literal[False] = ..., **options: Any
    ) -> Coroutine[Any, Any, AsyncJob]: ...
    @overload
    def submit(
        self, method: str, prices: Any, *, timeout: float | None = ..., dry_run: Literal[True], **options: Any
    ) -> Coroutine[Any, Any, Estimate]: ...
    async def submit(
        self,
        method: str,
        prices: Any,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - a gRPC deadline
        dry_run: bool = False,
        **options: Any,
    ) -> AsyncJob | Estimate:
        """Make a job of a research method: the server computes, and keeps the result.

        Args:
            method: Name of a method that takes a matrix and shows progress, such as "sweep" or "scan".
            prices: As for that method.
            timeout: Seconds for sending it; the client's own where None.
            dry_run: Submit nothing, and return an Estimate of time, memory and bytes in place of the job.
            **options: As for that method, but progress.

        Raises:
            InvalidInput: an argument breaks its rule.
            MeanRevError: as every call.
        """
        request = request_of(method, prices, options)
        if dry_run:
            return await self.bind(request.estimate)(timeout)
        return AsyncJob(self, await self.bind(submission)(request, timeout), request.reading())

    async def job(self, job_id: str, *, timeout: float | None = None) -> AsyncJob:  # noqa: ASYNC109 - likewise
        """Return a job that was submitted before, here or elsewhere.

        The server keeps labels of columns as texts and bars as numbers, and the result of this job has them so. The
        job that submit returned gives labels back as the whole numbers or dates that they were, and one series as one.

        Args:
            job_id: Its job_id.
            timeout: Seconds for asking; the client's own where None.

        Raises:
            InvalidInput: the caller has no such job, or it was dropped to make room.
            MeanRevError: as every call.
        """
        states = self.bind_live(watch)(job_id, self.timeout if timeout is None else timeout)
        async with aclosing(cast("Any", states)):
            state = await anext(states)
        return AsyncJob(self, state, reading_of(state.method))

    def bind(self, declare: Callable[P, Question[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Return the coroutine function that asks what declare declares."""

        @functools.wraps(declare)
        async def method(*args: P.args, **kwargs: P.kwargs) -> R:
            __tracebackhide__ = True
            try:
                return await self._answer(declare(*args, **kwargs))
            except MeanRevError as error:
                raise brief(error) from None

        return method

    def bind_live(self, declare: Callable[P, Live[R]]) -> Callable[P, AsyncIterator[R]]:
        """Return the asynchronous generator function that streams what declare declares."""

        @functools.wraps(declare)
        def method(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
            __tracebackhide__ = True
            try:
                return self._follow(declare(*args, **kwargs))
            except MeanRevError as error:
                raise brief(error) from None

        return method

    async def _answer(self, question: Question[R]) -> R:
        deadline = time.monotonic() + default_timeout(self.timeout if question.timeout is None else question.timeout)
        doing = steps(question, cache=self.cache)
        try:
            step = next(doing)
            while True:
                try:
                    if isinstance(step, Question):
                        brought = await self._ask(step, deadline)
                    else:
                        brought = await asyncio.to_thread(step)
                except MeanRevError as error:
                    step = doing.throw(error)
                else:
                    step = doing.send(brought)
        except StopIteration as end:
            return cast("R", end.value)

    async def _ask(self, question: Question[R], deadline: float) -> R:
        started = time.monotonic()
        if question.fitted is not None:
            question = replace(question, calls=await self._fitted(question.fitted, deadline))
        room = asyncio.Semaphore(_IN_FLIGHT)
        try:
            async with asyncio.TaskGroup() as group:
                calls = [
                    group.create_task(self._call(question, number, messages, deadline, room))
                    for number, messages in enumerate(question.calls)
                ]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        elapsed_ms = 1000 * (time.monotonic() - started)
        return question.read([call.result() for call in calls], {"address": self.address, "elapsed_ms": elapsed_ms})

    async def _fitted(
        self, fitted: Callable[[Mapping[str, int]], Sequence[Sequence[bytes]]], deadline: float
    ) -> Sequence[Sequence[bytes]]:
        """Return large calls within the server's limits, which are asked for once, and anew before a refusal."""
        if self._upload_limits is not None:
            with suppress(InvalidInput):
                return fitted(self._upload_limits)
        self._upload_limits = await self._ask(upload_limits(), deadline)
        return fitted(self._upload_limits)

    async def _call(
        self, question: Question[R], number: int, messages: Sequence[bytes], deadline: float, room: asyncio.Semaphore
    ) -> Any:
        retries = Retries(deadline, self._outage, repeatable=question.repeatable)
        async with room:
            while True:
                try:
                    replies = await self._attempt(question, number, messages, deadline)
                except (ConnectionFailed, Overloaded) as error:
                    pause = retries.after(error, time.monotonic())
                    if pause is None:
                        raise
                    await asyncio.sleep(pause)
                else:
                    self._outage.answered()
                    return replies

    async def _attempt(self, question: Question[R], number: int, messages: Sequence[bytes], deadline: float) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise from_status("DEADLINE_EXCEEDED", "", address=self.address)
        replies = question.gather()
        try:
            if not question.streaming:
                return [await self._transport.unary(question.path, messages[0], left)]
            stream = self._transport.stream(question.path, _asynchronous(messages), left)
            with question.watch() as seen:
                async with aclosing(stream):
                    async for reply in stream:
                        replies.append(reply)
                        seen(reply)
        except InvalidInput as error:
            question.explain(error, number, len(replies))
            raise
        return replies

    async def _follow(self, live: Live[R]) -> AsyncIterator[R]:
        __tracebackhide__ = True
        try:
            async with aclosing(self._replies(live)) as replies:
                async for reply in replies:
                    yield live.read(reply)
        except MeanRevError as error:
            live.explain(error)
            raise brief(error) from None

    async def _replies(self, live: Live[R]) -> AsyncGenerator[bytes, None]:
        """Yield the replies of a stream, which is opened again where it is repeatable and the connection was lost."""
        timeout = None if live.timeout is None else default_timeout(live.timeout)
        watched = Watched(timeout, self.timeout, self._outage, repeatable=live.repeatable)
        while True:
            try:
                async with aclosing(self._transport.stream(live.path, _encoded(live), watched.left())) as stream:
                    async for reply in stream:
                        watched.answered()
                        yield reply
            except ConnectionFailed as error:
                pause = watched.after(error)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return


async def _encoded(live: Live[Any]) -> AsyncIterator[bytes]:
    first = True
    async for item in _asynchronous(live.items):
        yield live.encode(item, first)
        first = False


async def _asynchronous(items: Iterable[R] | AsyncIterable[R]) -> AsyncIterator[R]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
