"""A research method as a declaration of one's own: asked at once with progress, or submitted as a job."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from google.protobuf.message import Message

from meanrev.errors import ServerError
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.chunks import LARGE_BYTES, Cut, Named, check_size, outline
from meanrev.methods.naming import Series
from meanrev.methods.parts import Joined, Whole
from meanrev.progress import Progress, shown
from meanrev.question import About, Question, Replies
from meanrev.results import Estimate, Result

__all__ = ["Reading", "Task", "read_whole", "research_path"]

R = TypeVar("R", bound=Result)

_MOST_BYTES_OF_PROGRESS = 256


class _Reply(Protocol):
    """What the replies of all research methods have."""

    done: int
    total: int
    metadata: str


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
        read: From the joined replies, and what is known about the call, to the result.
        renamed: Options whose arguments are called otherwise.
        join: Makes what joins the replies, of which there are several where the answer is large.
        most_option_bytes: That the method takes of options, as JSON.
    """

    method: str
    reply: type[Message]
    prices: Table
    names: Series
    options: Mapping[str, Any]
    read: Callable[[Any, About], R]
    renamed: Mapping[str, str] = field(default_factory=dict)
    join: Callable[[type[Message]], Joined] = Joined
    most_option_bytes: int = wire.OPTION_BYTES

    def question(self, progress: Progress, timeout: float | None, *, dry_run: bool = False) -> Question[R]:
        """Declare the call that computes while the caller waits.

        Args:
            progress: As for progress.shown.
            timeout: Seconds for everything; the client's own where None.
            dry_run: Upload nothing, and ask for an Estimate instead, which is the result then.
        """
        if dry_run:
            return cast("Question[R]", self.estimate(timeout))

        @contextmanager
        def watch() -> Iterator[Callable[[bytes], object]]:
            with shown(progress, self.method) as advance:
                yield _Watch(self.reply, advance)

        metadata = wire.written(self.options, self.most_option_bytes)
        return Question(
            research_path(self.method),
            [Cut(self.prices, self.names, metadata)],
            lambda replies, about: self.result(replies[0].value(), about),
            streaming=True,
            timeout=timeout,
            labels=self._labels(),
            watch=watch,
            gather=partial(self.join, self.reply),
            fitted=self._fitted(metadata),
        )

    def estimate(self, timeout: float | None) -> Question[Estimate]:
        """Declare the call that asks what the work would take; nothing is uploaded.

        Args:
            timeout: Seconds for everything; the client's own where None.
        """
        metadata = wire.written({**self.options, "dry_run": True}, self.most_option_bytes)
        return Question(
            research_path(self.method),
            [[outline(self.prices, self.names, metadata)]],
            lambda replies, about: _estimate(self.reply, replies[0], about),
            streaming=True,
            timeout=timeout,
            labels=self._labels(),
        )

    def submission(self, read: Callable[[Replies, About], Any], timeout: float | None) -> Question[Any]:
        """Declare the call that makes a job of it.

        Args:
            read: From the reply to the job.
            timeout: Seconds for sending everything; the client's own where None.
        """
        metadata = wire.written({"method": self.method, **self.options}, self.most_option_bytes)
        return Question(
            research_path("SubmitJob"),
            [Cut(self.prices, self.names, metadata)],
            read,
            streaming=True,
            timeout=timeout,
            labels=self._labels(),
            fitted=self._fitted(metadata),
        )

    def result(self, whole: Any, about: About) -> R:
        """Read the joined replies, with the caller's labels and what was taken of the caller's data."""
        return read_whole(self._own, whole, about)

    def reading(self) -> "Reading":
        """Return how replies of this task are joined and read, wherever they come from."""
        return Reading(partial(self.join, self.reply), self._own)

    def _own(self, whole: Any, about: About) -> R:
        known = about if self.prices.report is None else {**about, "intake": self.prices.report}
        return self.names.own(self.read(whole, known))

    def _fitted(self, metadata: str) -> Callable[[Mapping[str, int]], Sequence[Sequence[bytes]]] | None:
        if self.prices.values.nbytes <= LARGE_BYTES:
            return None

        def cut(limits: Mapping[str, int]) -> Sequence[Sequence[bytes]]:
            argument = self.renamed.get("block", "prices")
            check_size(self.prices, limits, argument)
            return [Cut(self.prices, self.names, metadata, limits.get("max_message_bytes") or None, argument)]

        return cut

    def _labels(self) -> Named:
        return Named(self.names.named(self.prices), self.renamed)


class Reading(NamedTuple):
    """How a research method's replies become its result.

    Attributes:
        join: Makes what takes in the replies.
        read: From the joined replies, and what is known about the call, to the result.
    """

    join: Callable[[], Joined]
    read: Callable[[Any, About], Any]


def read_whole(read: Callable[[Any, About], R], whole: Any, about: About) -> R:
    """Read joined replies, whose metadata become part of what is known about the call.

    Args:
        read: From the replies, and what is known about the call, to the result.
        whole: A Joined's value.
        about: What is known about the call.
    """
    reply = cast("_Reply", whole.reply if isinstance(whole, Whole) else whole)
    return read(whole, {**about, **wire.extras(reply.metadata)})


def _estimate(reply_type: type[Message], replies: Sequence[bytes], about: About) -> Estimate:
    reply: Any = wire.decode(reply_type, replies[-1] if replies else b"")
    if not reply.HasField("estimate"):
        raise ServerError("this server gives no estimates")
    names = ("work", "seconds", "peak_bytes", "reply_bytes")
    return Estimate(**{name: getattr(reply.estimate, name) for name in names}, meta=about)


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
