"""The blocking client."""

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, Self, TypeVar, cast, overload

from meanrev.asking import steps
from meanrev.client_base import ClientBase
from meanrev.errors import ConnectionFailed, InvalidInput, MeanRevError, Overloaded, from_status
from meanrev.extensions import local
from meanrev.jobs import Job
from meanrev.methods.info import upload_limits
from meanrev.methods.job_calls import reading_of, request_of, submission, watch
from meanrev.question import Blocking, Live, Question
from meanrev.results import Estimate
from meanrev.retry import Retries, Watched
from meanrev.tracebacks import brief
from meanrev.transport.blocking import BlockingTransport
from meanrev.transport.options import LOCAL, Endpoint, default_timeout

if TYPE_CHECKING:
    from meanrev.transport import Transport

__all__ = ["Client"]

P = ParamSpec("P")
R = TypeVar("R")


class Client(ClientBase, Blocking):
    """A server, or the same code in this process, behind plain methods.

    Safe to share between threads, to use inside a running event loop, and after a fork.

    Attributes:
        address: Where calls go.
        timeout: Seconds that a call may take unless it has a timeout of its own.
        cache: Whether the server is to keep each matrix that research methods send.
    """

    def _connect(self, where: Endpoint) -> None:
        here = where.address == LOCAL
        self._transport: Transport = local().transport() if here else BlockingTransport(where)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect; a later call connects again."""
        self._transport.close()

    @overload
    def submit(
        self, method: str, prices: Any, *, timeout: float | None = ..., dry_run: Literal[False] = ..., **options: Any
    ) -> Job: ...
    @overload
    def submit(
        self, method: str, prices: Any, *, timeout: float | None = ..., dry_run: Literal[True], **options: Any
    ) -> Estimate: ...
    def submit(
        self,
        method: str,
        prices: Any,
        *,
        timeout: float | None = None,
        dry_run: bool = False,
        **options: Any,
    ) -> Job | Estimate:
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
            return self.bind(request.estimate)(timeout)
        return Job(self, self.bind(submission)(request, timeout), request.reading())

    def job(self, job_id: str, *, timeout: float | None = None) -> Job:
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
        with closing(cast("Any", states)):
            state = next(states)
        return Job(self, state, reading_of(state.method))

    def bind(self, declare: Callable[P, Question[R]]) -> Callable[P, R]:
        """Return the method that asks what declare declares."""

        @functools.wraps(declare)
        def method(*args: P.args, **kwargs: P.kwargs) -> R:
            __tracebackhide__ = True
            try:
                return self._answer(declare(*args, **kwargs))
            except MeanRevError as error:
                raise brief(error) from None

        return method

    def bind_live(self, declare: Callable[P, Live[R]]) -> Callable[P, Iterator[R]]:
        """Return the method that streams what declare declares."""

        @functools.wraps(declare)
        def method(*args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
            __tracebackhide__ = True
            try:
                return self._follow(declare(*args, **kwargs))
            except MeanRevError as error:
                raise brief(error) from None

        return method

    def _answer(self, question: Question[R]) -> R:
        deadline = time.monotonic() + default_timeout(self.timeout if question.timeout is None else question.timeout)
        doing = steps(question, cache=self.cache)
        try:
            step = next(doing)
            while True:
                try:
                    brought = self._ask(step, deadline) if isinstance(step, Question) else step()
                except MeanRevError as error:
                    step = doing.throw(error)
                else:
                    step = doing.send(brought)
        except StopIteration as end:
            return cast("R", end.value)

    def _ask(self, question: Question[R], deadline: float) -> R:
        started = time.monotonic()
        if question.fitted is not None:
            question = replace(question, calls=self._fitted(question.fitted, deadline))
        replies = [self._call(question, number, messages, deadline) for number, messages in enumerate(question.calls)]
        elapsed_ms = 1000 * (time.monotonic() - started)
        return question.read(replies, {"address": self.address, "elapsed_ms": elapsed_ms})

    def _fitted(
        self, fitted: Callable[[Mapping[str, int]], Sequence[Sequence[bytes]]], deadline: float
    ) -> Sequence[Sequence[bytes]]:
        """Return large calls within the server's limits, which are asked for once, and anew before a refusal."""
        if self._upload_limits is not None:
            with suppress(InvalidInput):
                return fitted(self._upload_limits)
        self._upload_limits = self._ask(upload_limits(), deadline)
        return fitted(self._upload_limits)

    def _call(self, question: Question[R], number: int, messages: Sequence[bytes], deadline: float) -> Any:
        retries = Retries(deadline, self._outage, repeatable=question.repeatable)
        while True:
            try:
                replies = self._attempt(question, number, messages, deadline)
            except (ConnectionFailed, Overloaded) as error:
                pause = retries.after(error, time.monotonic())
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                self._outage.answered()
                return replies

    def _attempt(self, question: Question[R], number: int, messages: Sequence[bytes], deadline: float) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise from_status("DEADLINE_EXCEEDED", "", address=self.address)
        replies = question.gather()
        try:
            if not question.streaming:
                return [self._transport.unary(question.path, messages[0], left)]
            stream = self._transport.stream(question.path, iter(messages), left)
            with question.watch() as seen, closing(stream):
                for reply in stream:
                    replies.append(reply)
                    seen(reply)
        except InvalidInput as error:
            question.explain(error, number, len(replies))
            raise
        return replies

    def _follow(self, live: Live[R]) -> Iterator[R]:
        __tracebackhide__ = True
        try:
            if not isinstance(live.items, Iterable):
                raise InvalidInput("items", "must be iterable; AsyncClient takes asynchronous ones", value=live.items)
            for reply in self._replies(live):
                yield live.read(reply)
        except MeanRevError as error:
            live.explain(error)
            raise brief(error) from None

    def _replies(self, live: Live[R]) -> Iterator[bytes]:
        """Yield the replies of a stream, which is opened again where it is repeatable and the connection was lost."""
        timeout = None if live.timeout is None else default_timeout(live.timeout)
        watched = Watched(timeout, self.timeout, self._outage, repeatable=live.repeatable)
        items = cast("Iterable[Any]", live.items)
        while True:
            messages = (live.encode(item, number == 0) for number, item in enumerate(items))
            try:
                with closing(self._transport.stream(live.path, messages, watched.left())) as stream:
                    for reply in stream:
                        watched.answered()
                        yield reply
            except ConnectionFailed as error:
                pause = watched.after(error)
                if pause is None:
                    raise
                time.sleep(pause)
            else:
                return
