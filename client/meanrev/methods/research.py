"""Research methods: a matrix and options go out, and the server computes while the caller waits, or as a job.

A research method has one module: a Research that defines how its replies are read, and the declaration of the client's
method, which Research.declares enters into RESEARCH. The clients, their submit and their jobs find it there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, cast

from google.protobuf.message import Message

from meanrev.errors import ServerError
from meanrev.intake.table import Table
from meanrev.methods import wire
from meanrev.methods.naming import SeriesNames
from meanrev.methods.parts import Joined, Whole
from meanrev.methods.sending import Sending
from meanrev.methods.wire import research_path
from meanrev.progress import Progress, shown
from meanrev.question import About, Question, Replies
from meanrev.results import Estimate, Result
from meanrev_wire.limits import OPTION_BYTES

__all__ = [
    "RESEARCH",
    "Reading",
    "Research",
    "ResearchQuestion",
    "ResearchRequest",
    "read_whole",
    "research_path",
]

P = ParamSpec("P")
R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)
S = TypeVar("S")

_MOST_BYTES_OF_PROGRESS = 256


class _Reply(Protocol):
    """The fields that the replies of all research methods have."""

    done: int
    total: int
    metadata: str


@dataclass(frozen=True)
class Research(Generic[R_co]):
    """A research method: its name in the service, and how its replies become a result.

    Attributes:
        method: Its name in the service.
        reply: Class of its replies.
        read: From the joined replies, and what is known about the call, to the result. It does without the prices that
            were sent, as where a job was submitted by another process.
        renamed: Fields and options of the request whose arguments have other names, for errors.
        join: Makes what joins the replies, of which there are several where the answer is large.
        most_option_bytes: Longest options that the method takes, as JSON.
    """

    method: str
    reply: type[Message]
    read: Callable[[Any, About], R_co]
    renamed: Mapping[str, str] = field(default_factory=dict)
    join: Callable[[type[Message]], Joined] = Joined
    most_option_bytes: int = OPTION_BYTES

    def declares(self, declare: Callable[P, Question[S]]) -> Callable[P, Question[S]]:
        """Enter the declaration of the client's method into RESEARCH, under its own name.

        Args:
            declare: Returns a ResearchQuestion.
        """
        RESEARCH[declare.__name__] = _Entry(self, declare)
        return declare

    def reading(self) -> "Reading":
        """Return how the replies are joined and read."""
        return Reading(partial(self.join, self.reply), self.read)


class _Entry(NamedTuple):
    """A research method, and the declaration of the client's method."""

    research: Research[Any]
    declare: Callable[..., Question[Any]]


RESEARCH: dict[str, _Entry] = {}
"""Each research method by the name of the client's method; the import of meanrev.methods fills it."""


@dataclass(frozen=True)
class ResearchRequest(Generic[R]):
    """A research method with its arguments.

    Attributes:
        research: The method.
        prices: The matrix or series that is sent.
        names: Of the columns, with the caller's labels.
        options: By name; None leaves one out.
        read: As Research.read, with the prices at hand.
    """

    research: Research[R]
    prices: Table
    names: SeriesNames
    options: Mapping[str, Any]
    read: Callable[[Any, About], R]

    def question(self, progress: Progress, timeout: float | None, *, dry_run: bool = False) -> "ResearchQuestion[R]":
        """Declare the call that computes while the caller waits.

        Args:
            progress: As for progress.shown.
            timeout: Seconds for everything; the client's own where None.
            dry_run: Upload nothing, and ask for an Estimate instead, which is the result then.
        """
        if dry_run:
            return cast("ResearchQuestion[R]", self.estimate(timeout))

        @contextmanager
        def watch() -> Iterator[Callable[[bytes], object]]:
            with shown(progress, self.research.method) as advance:
                yield _Watch(self.research.reply, advance)

        sending = self._sending(wire.written(self.options, self.research.most_option_bytes))
        question = ResearchQuestion(
            research_path(self.research.method),
            sending.calls,
            lambda replies, about: read_whole(self._own, replies[0].value(), about),
            streaming=True,
            timeout=timeout,
            labels=sending.labels,
            watch=watch,
            gather=partial(self.research.join, self.research.reply),
            fitted=sending.fitted,
            request=self,
        )
        return sending.by_id(question)

    def estimate(self, timeout: float | None) -> Question[Estimate]:
        """Declare the call that asks what the work would take; nothing is uploaded.

        Args:
            timeout: Seconds for everything; the client's own where None.
        """
        sending = self._sending(wire.written({**self.options, "dry_run": True}, self.research.most_option_bytes))
        return Question(
            research_path(self.research.method),
            [[sending.outline]],
            lambda replies, about: _estimate(self.research.reply, replies[0], about),
            streaming=True,
            timeout=timeout,
            labels=sending.labels,
        )

    def submission(self, read: Callable[[Replies, About], Any], timeout: float | None) -> Question[Any]:
        """Declare the call that makes a job of it.

        Args:
            read: From the reply to the job.
            timeout: Seconds for sending everything; the client's own where None.
        """
        metadata = wire.written({"method": self.research.method, **self.options}, self.research.most_option_bytes)
        sending = self._sending(metadata)
        question: Question[Any] = Question(
            research_path("SubmitJob"),
            sending.calls,
            read,
            streaming=True,
            timeout=timeout,
            labels=sending.labels,
            fitted=sending.fitted,
        )
        return sending.by_id(question)

    def reading(self) -> "Reading":
        """Return how replies are joined and read, with the caller's labels and the report of the caller's data."""
        return Reading(partial(self.research.join, self.research.reply), self._own)

    def _own(self, whole: Any, about: About) -> R:
        known = about if self.prices.report is None else {**about, "intake": self.prices.report}
        return self.names.own(self.read(whole, known))

    def _sending(self, metadata: str) -> Sending:
        return Sending(self.prices, self.names, metadata, self.research.renamed)


@dataclass(frozen=True, kw_only=True)
class ResearchQuestion(Question[R]):
    """The call that computes while the caller waits.

    Attributes:
        request: What it asks, which a job can ask too.
    """

    request: ResearchRequest[Any]


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
    """Reports the progress in replies, and does not parse the last one, which may be large, a second time."""

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
