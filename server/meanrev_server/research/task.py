"""What a research method is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.estimate import Estimate
from meanrev_server.rpc import options
from meanrev_server.rpc.trading_options import TradingOptions

__all__ = ["Progress", "ResearchOptions", "Task", "TradingResearchOptions"]

Progress = Callable[[int, int], None]
"""Takes (done, total); raises Abandoned where the caller has left."""


class ResearchOptions(options.Options, frozen=True, kw_only=True):
    """Options that all research methods have.

    Attributes:
        dry_run: Answer with what the work would take, in place of the work; the first chunk needs no block then.
    """

    dry_run: bool = False


class TradingResearchOptions(TradingOptions, frozen=True, kw_only=True):
    """The same for research methods that trade; msgspec's structs have one base each.

    Attributes:
        dry_run: As in ResearchOptions.
    """

    dry_run: bool = False


O = TypeVar("O", bound=options.Options)


def _n_columns(outline: Outline, _: options.Options) -> int:
    return outline.n_columns


def _nothing_more(_: options.Options) -> None:
    """Check nothing beyond the types of the options."""


@dataclass(frozen=True, slots=True)
class Task(Generic[O]):
    """A research method.

    Attributes:
        method: Its name in the service.
        options_type: Its options.
        reply: Class of its replies.
        estimate: What the work takes, from the outline of the matrix and the options.
        run: The work, from the matrix, the options and a Progress.
        total: Steps that progress counts, from the outline and the options; columns by default.
        check: Checks of the options that their types cannot express; raises InvalidInput.
    """

    method: str
    options_type: type[O]
    reply: type[Message]
    estimate: Callable[[Outline, O], Estimate]
    run: Callable[[UploadedMatrix, O, Progress], Answer]
    total: Callable[[Outline, O], int] = _n_columns
    check: Callable[[O], None] = _nothing_more
