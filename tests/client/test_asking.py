"""The order in which a client asks about a matrix, without a server."""

import pytest

import meanrev as mr
from meanrev.asking import steps
from meanrev.errors import Overloaded, from_status
from meanrev.question import ById, Question

SENT, NAMED, PUT = (Question(path, [], lambda _replies, _about: None) for path in ("sent", "named", "put"))


def walked(outcomes, *, cache=True):
    """Return the paths that are asked, where each has one of the outcomes after the other."""
    question = Question("sent", [], lambda *_: None, by_id=ById(lambda: NAMED, lambda: PUT))
    asked, doing = [], steps(question, cache=cache)
    step, left = next(doing), iter(outcomes)
    try:
        while True:
            if not isinstance(step, Question):
                step = doing.send(step())
                continue
            asked.append(step.path)
            outcome = next(left)
            step = doing.throw(outcome) if isinstance(outcome, Exception) else doing.send(outcome)
    except StopIteration as end:
        return asked, end.value
    except mr.MeanRevError as error:
        return asked, type(error)


MISSING, TOO_LARGE = (
    from_status(code, "no", '{"field": "f", "rule": "r"}') for code in ("NOT_FOUND", "RESOURCE_EXHAUSTED")
)
WRONG, BUSY = from_status("INVALID_ARGUMENT", "no"), Overloaded("busy")


@pytest.mark.parametrize(
    ("outcomes", "asked", "end"),
    [
        ([3], "named", 3),
        ([MISSING, None, 3], "named put named", 3),
        ([MISSING, None, MISSING, 3], "named put named sent", 3),
        ([MISSING, BUSY, 3], "named put sent", 3),
        ([MISSING, TOO_LARGE, 3], "named put sent", 3),
        ([MISSING, WRONG], "named put", mr.InvalidInput),
        ([MISSING, None, WRONG], "named put named", mr.InvalidInput),
        ([WRONG], "named", mr.InvalidInput),
        ([BUSY], "named", Overloaded),
        ([TOO_LARGE], "named", mr.InvalidInput),
    ],
)
def test_what_follows_what(outcomes, asked, end):
    assert walked(outcomes) == (asked.split(), end)


def test_without_a_cache_it_is_sent():
    assert walked([3], cache=False) == (["sent"], 3)
