"""What a research method is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from google.protobuf.message import Message
from msgspec import Meta

from meanrev_server.matrix_upload import UploadedMatrix
from meanrev_server.outline import Outline
from meanrev_server.research.answer import Answer
from meanrev_server.research.estimate import Estimate
from meanrev_server.rpc import options
from meanrev_server.rpc.trading_options import TradingOptions
from meanrev_server.state.parts import Parts

__all__ = ["Level", "Progress", "ResearchOptions", "Task", "TradingResearchOptions"]

Progress = Callable[[int, int], None]
"""Takes (done, total); raises Interrupted where the caller has left."""


class ResearchOptions(options.Options, frozen=True, kw_only=True):
    """Options that all research methods have.

    Attributes:
        dry_run: Answer with what the work would take, in place of the work; the first chunk needs no block then.
    """

    dry_run: bool = False


Level = float | Annotated[tuple[float | None, ...], Meta(min_length=1)]
"""One number for all columns, or one a column; null where a column has none, which is not traded then."""


class TradingResearchOptions(TradingOptions, frozen=True, kw_only=True):
    """The same for research methods that trade; msgspec's structs have one base each.

    Attributes:
        dry_run: As in ResearchOptions.
        mu: Mean of each column's process, for score "fixed"; with sigma_eq, or neither of them beside fit_rows.
        sigma_eq: Its stationary standard deviation.
        fit_rows: First rows to which the process of score "fixed" is fitted; those behind them are traded.
    """

    dry_run: bool = False
    mu: Level | None = None
    sigma_eq: Level | None = None
    fit_rows: Annotated[int, Meta(ge=4)] | None = None


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
        run_in_parts: The same work, which asks Parts for each of its parts; None where it has no parts.
        run_together: The same work for several matrices with as many rows and the same options, in the launches of one
            on a GPU, each with the answer that it gets alone, to the last bit; None where requests do not go together.
    """

    method: str
    options_type: type[O]
    reply: type[Message]
    estimate: Callable[[Outline, O], Estimate]
    run: Callable[[UploadedMatrix, O, Progress], Answer]
    total: Callable[[Outline, O], int] = _n_columns
    check: Callable[[O], None] = _nothing_more
    run_in_parts: Callable[[UploadedMatrix, O, Progress, Parts], Answer] | None = None
    run_together: Callable[[Sequence[UploadedMatrix], O], list[Answer]] | None = None

    def answer(self, table: UploadedMatrix, chosen: O, progress: Progress, parts: Parts) -> Answer:
        """Do the work; parts that are kept already are not computed again, where it has parts.

        Args:
            table: The matrix.
            chosen: The options.
            progress: Called with the steps that are done.
            parts: Keeps the parts of a job.
        """
        if self.run_in_parts is None:
            return self.run(table, chosen, progress)
        return self.run_in_parts(table, chosen, progress, parts)
