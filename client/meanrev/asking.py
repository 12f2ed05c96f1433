"""The order in which a client asks the questions that lead to one answer. A client carries the steps out."""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from meanrev.errors import InvalidInput, Overloaded, ServerError
from meanrev.question import ById, Question

__all__ = ["Step", "steps"]

R = TypeVar("R")

Step = Question[Any] | Callable[[], Any]
"""A question to ask, or work that takes too long for an event loop."""

_NOT_KEPT = frozenset({"NOT_FOUND", "RESOURCE_EXHAUSTED"})
"""Statuses of a server that does not keep a matrix, or cannot."""


def steps(question: Question[R], *, cache: bool) -> Generator[Step, Any, R]:
    """Yield what to do, take in what it brings or the error that it raises, and return the answer.

    Args:
        question: What the caller asks.
        cache: Whether the server is to keep each matrix, so that it is sent once.
    """
    by_id = question.by_id
    if by_id is None or not (cache or by_id.always):
        answer: R = yield from _following(question)
    else:
        answer = yield from _by_id(question, by_id)
    return answer


def _by_id(question: Question[R], by_id: ById[R]) -> Generator[Step, Any, R]:
    """Name the matrix; where it is not kept, have it kept and name it again; where it cannot be kept, send it."""
    named = yield by_id.named
    answer: R
    try:
        answer = yield named
    except InvalidInput as error:
        if error.code != "NOT_FOUND":
            raise
    else:
        return answer
    if by_id.put is not None:
        put = yield by_id.put
        try:
            yield put
            answer = yield named
        except Overloaded:
            pass
        except InvalidInput as error:
            if error.code not in _NOT_KEPT:
                raise
        else:
            return answer
    return (yield from _following(question))


def _following(question: Question[R]) -> Generator[Step, Any, R]:
    """Ask a question, and the one that follows it where one does."""
    answer: R
    if question.following is None:
        answer = yield question
        return answer
    try:
        answer = yield question
    except ServerError as error:
        following = question.following(None) if error.code == "UNIMPLEMENTED" else None
        if following is None:
            raise
    else:
        following = question.following(answer)
        if following is None:
            return answer
    answer = yield following
    return answer
