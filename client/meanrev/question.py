"""Declarations of calls: each method of the clients is declared once, and both clients carry it out.

A declaration turns arguments into a Question: the bytes to send, and how to read the bytes that come back. Method and
LiveMethod make it a method of a client. On a blocking client the method returns the result; on an asyncio client it
returns a coroutine.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, cast, get_args, overload

from meanrev.errors import InvalidInput, MeanRevError

__all__ = ["Awaiting", "Blocking", "ById", "Gathering", "Labels", "Live", "LiveMethod", "Method", "Question", "Watch"]

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")

Replies = Sequence[Any]
"""What was gathered of each call: a list of its replies, unless the question gathers otherwise."""

About = Mapping[str, Any]
"""What the client adds to an answer: address and elapsed_ms."""

Watch = Callable[[], AbstractContextManager[Callable[[bytes], object]]]
"""Opens a function that takes each reply of a call as it comes; an error that it raises ends the call."""


def _unwatched() -> AbstractContextManager[Callable[[bytes], object]]:
    return nullcontext(lambda _reply: None)


class Gathering(Protocol):
    """A collection of the replies of one attempt at a call, such as a list."""

    def append(self, reply: bytes, /) -> None:
        """Take in the next reply."""

    def __len__(self) -> int: ...


class Labels(Protocol):
    """The caller's labels of the data that was sent."""

    def explain(self, error: InvalidInput, message: int) -> None:
        """Complete an error: its index in the caller's data, and its hint.

        Args:
            error: What the server answered.
            message: Number of the message that it answers.
        """


@dataclass(frozen=True)
class ById(Generic[R]):
    """How a question that sends a matrix is asked without sending it, where the server keeps the matrix.

    Attributes:
        named: Makes the question that names the matrix by its id, for which all its numbers may have to be hashed.
        put: Makes the question that has the server keep the matrix, after which the other one is asked again; raises
            InvalidInput where the numbers are not those of the id any more. None: the question that sends it does that.
        always: Any client asks so; otherwise one whose cache is on.
    """

    named: "Callable[[], Question[R]]"
    put: "Callable[[], Question[Any]] | None" = None
    always: bool = False


@dataclass(frozen=True)
class Question(Generic[R]):
    """A call, or several of the same method, whose messages are all known.

    Attributes:
        path: "/package.Service/Method".
        calls: The messages of each call; a unary call has one.
        read: From what was gathered of each call, and what is known about them (address, elapsed_ms), to the result.
        streaming: The method takes and returns streams.
        timeout: Seconds for everything; the client's own where None.
        labels: The caller's labels of the data that was sent, for errors.
        labelled: Prefix of the fields that hold these data.
        renamed: From names of fields on the wire ("metadata." before options) to those of the arguments, for errors.
        watch: Called anew at each attempt; takes the replies of a streaming call as they come.
        gather: Makes the collection of the replies of a streaming call, anew at each attempt.
        fitted: For a large upload: from the server's limits, by the names of its settings, to calls within them; raises
            InvalidInput where it can never fit. None: the upload is small, and the client asks for no limit.
        repeatable: The calls may be made again where the connection was lost, although the server may have done what
            they ask: doing it twice is the same as doing it once.
        following: Returns the next question, from the answer or, where the server has no such method, from None; its
            answer replaces this one. None: there is no next question.
        by_id: How to ask without sending the matrix; None where there is none to send.
    """

    path: str
    calls: Sequence[Sequence[bytes]]
    read: Callable[[Replies, About], R]
    streaming: bool = False
    timeout: float | None = None
    labels: Labels | None = None
    labelled: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    watch: Watch = _unwatched
    gather: Callable[[], Gathering] = list
    fitted: Callable[[Mapping[str, int]], Sequence[Sequence[bytes]]] | None = None
    repeatable: bool = True
    following: "Callable[[R | None], Question[R] | None] | None" = None
    by_id: ById[R] | None = None

    def explain(self, error: InvalidInput, call: int, replies: int) -> None:
        """Complete an error with the caller's labels and names.

        Args:
            error: What the server answered.
            call: Number of the call.
            replies: Replies of that call before the error.
        """
        if self.labels is not None and error.field.startswith(self.labelled):
            self.labels.explain(error, sum(len(messages) for messages in self.calls[:call]) + replies)
        error.renamed(self.renamed)

    def then(self, change: Callable[[R], S]) -> "Question[S]":
        """Return the same question with its result changed; of several ways to ask, one that needs no other call."""
        asked = (self.following(None) if self.following is not None else None) or self
        read = asked.read
        return replace(cast("Any", asked), read=lambda replies, about: change(read(replies, about)), by_id=None)


@dataclass(frozen=True)
class Live(Generic[R]):
    """A stream whose messages become known as it goes.

    Attributes:
        path: "/package.Service/Method".
        items: What to send; asynchronous ones need an asyncio client.
        encode: From an item, and whether it is the first, to a message.
        read: From a reply to a result.
        timeout: Seconds for the whole stream; None means no limit.
        renamed: As for a Question.
        repeatable: The stream may be opened again where the connection was lost: the server answers the same items
            from where it is, whatever it has answered before.
    """

    path: str
    items: Iterable[Any] | AsyncIterable[Any]
    encode: Callable[[Any, bool], bytes]
    read: Callable[[bytes], R]
    timeout: float | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = False

    def explain(self, error: MeanRevError) -> None:
        """Complete an error with the caller's names."""
        if isinstance(error, InvalidInput):
            error.renamed(self.renamed)

    def then(self, change: Callable[[R], S]) -> "Live[S]":
        """Return the same stream with its results changed."""
        read = self.read
        return replace(cast("Any", self), read=lambda reply: change(read(reply)))


class Blocking(ABC):
    """A client whose methods return their results."""

    @abstractmethod
    def bind(self, declare: Callable[P, Question[R]]) -> Callable[P, R]:
        """Return the method that asks what declare declares."""

    @abstractmethod
    def bind_live(self, declare: Callable[P, Live[R]]) -> Callable[P, Iterator[R]]:
        """Return the method that streams what declare declares."""


class Awaiting(ABC):
    """A client whose methods are awaited."""

    @abstractmethod
    def bind(self, declare: Callable[P, Question[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Return the coroutine function that asks what declare declares."""

    @abstractmethod
    def bind_live(self, declare: Callable[P, Live[R]]) -> Callable[P, AsyncIterator[R]]:
        """Return the asynchronous generator function that streams what declare declares."""


class Method(Generic[P, R]):
    """A client's method for a Question."""

    def __init__(self, declare: Callable[P, Question[R]]) -> None:
        """Take the declaration, whose docstring and arguments become the method's."""
        self._declare = declare
        self.__doc__ = declare.__doc__
        _show(declare, lambda result: result)

    @overload
    def __get__(self, client: None, owner: type) -> Callable[P, Question[R]]: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, client: Blocking | Awaiting | None, owner: type) -> Callable[P, Any]:
        return self._declare if client is None else client.bind(self._declare)


class LiveMethod(Generic[P, R]):
    """A client's method for a Live stream."""

    def __init__(self, declare: Callable[P, Live[R]]) -> None:
        """Take the declaration, whose docstring and arguments become the method's."""
        self._declare = declare
        self.__doc__ = declare.__doc__
        _show(declare, lambda result: Iterator[result])  # type: ignore[valid-type] # a type at run time

    @overload
    def __get__(self, client: None, owner: type) -> Callable[P, Live[R]]: ...
    @overload
    def __get__(self, client: Blocking, owner: type) -> Callable[P, Iterator[R]]: ...
    @overload
    def __get__(self, client: Awaiting, owner: type) -> Callable[P, AsyncIterator[R]]: ...
    def __get__(self, client: Blocking | Awaiting | None, owner: type) -> Callable[P, Any]:
        return self._declare if client is None else client.bind_live(self._declare)


def _show(declare: Callable[..., Any], shown: Callable[[Any], Any]) -> None:
    """Let help() show the result that a method's caller gets in place of the declaration's Question."""
    signature = inspect.signature(declare)
    result = get_args(signature.return_annotation)
    if result:
        declare.__signature__ = signature.replace(return_annotation=shown(result[0]))  # type: ignore[attr-defined]
