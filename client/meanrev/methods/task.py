"""A research method as a declaration of one's own: asked at once with progress, or submitted as a job."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar, cast

from google.protobuf.message import Message

from meanrev.errors import ServerError
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.chunks import Cut, Named
from meanrev.methods.naming import Series
from meanrev.progress import Progress, shown
from meanrev.question import About, Question, Replies
from meanrev.results import Result

__all__ = ["Task", "last_reply", "research_path"]

R = TypeVar("R", bound=Result)

_MOST_BYTES_OF_PROGRESS = 256


class _Reply(Protocol):
    """What the replies of all research methods have."""

    done: int
    total: int
    metadata: str

    def HasField(self, field_name: str) -> bool: ...  # noqa: N802 - protobuf's name


def research_path(method: str) -> str:
    """Return a research method's path."""
    return f"/meanrev.MeanRevResearch/{method}"


@dataclass(frozen=True)
class Task(Generic[R]):
    """A research method with its arguments.

    Attributes:
        method: Its name in the service.
        reply: Class of its replies.
        prices: What is sent.
        names: Of the columns, with the caller's labels.
        options: By name; None leaves one out.
        read: From the last reply, and what is known about the call, to the result.
        renamed: Options whose arguments are called otherwise.
    """

    method: str
    reply: type[Message]
    prices: Table
    names: Series
    options: Mapping[str, Any]
    read: Callable[[Any, About], R]
    renamed: Mapping[str, str] = field(default_factory=dict)

    def question(self, progress: Progress, timeout: float | None) -> Question[R]:
        """Declare the call that computes while the caller waits.

        Args:
            progress: As for progress.shown.
            timeout: Seconds for everything; the client's own where None.
        """

        @contextmanager
        def watch() -> Iterator[Callable[[bytes], object]]:
            with shown(progress, self.method) as advance:
                yield _Watch(self.reply, advance)

        return Question(
            research_path(self.method),
            [Cut(self.prices, self.names, wire.options(**self.options))],
            lambda replies, about: self.result(replies[0][-1] if replies[0] else b"", about),
            streaming=True,
            timeout=timeout,
            labels=self._labels(),
            watch=watch,
        )

    def submission(self, read: Callable[[Replies, About], Any], timeout: float | None) -> Question[Any]:
        """Declare the call that makes a job of it.

        Args:
            read: From the reply to the job.
            timeout: Seconds for sending everything; the client's own where None.
        """
        metadata = wire.options(method=self.method, **self.options)
        return Question(
            research_path("SubmitJob"),
            [Cut(self.prices, self.names, metadata)],
            read,
            streaming=True,
            timeout=timeout,
            labels=self._labels(),
        )

    def result(self, data: bytes, about: About) -> R:
        """Read the last reply, as last_reply does, with the caller's labels and what was taken of the caller's data."""
        known = about if self.prices.report is None else {**about, "intake": self.prices.report}
        return self.names.own(last_reply(self.reply, self.read, data, known))

    def _labels(self) -> Named:
        return Named(self.names.named(self.prices), self.renamed)


def last_reply(reply_type: type[Message], read: Callable[[Any, About], R], data: bytes, about: About) -> R:
    """Read a research method's last reply.

    Args:
        reply_type: Class of its replies.
        read: From the reply, and what is known about the call, to the result.
        data: As it came.
        about: What is known about the call.

    Raises:
        ServerError: it has no result.
    """
    reply = cast("_Reply", wire.decode(reply_type, data))
    if not reply.HasField("result"):
        raise ServerError("the replies ended without a result")
    return read(reply, {**about, **wire.extras(reply.metadata)})


class _Watch:
    """Tells of progress what replies say, without parsing the last one, which may be large, a second time."""

    def __init__(self, reply: type[Message], advance: Callable[[int, int], None]) -> None:
        self._reply = reply
        self._advance = advance
        self._total = 0

    def __call__(self, data: bytes) -> None:
        if len(data) <= _MOST_BYTES_OF_PROGRESS:
            reply = cast("_Reply", wire.decode(self._reply, data))
            self._total = reply.total
            self._advance(reply.done, reply.total)
        elif self._total:
            self._advance(self._total, self._total)
