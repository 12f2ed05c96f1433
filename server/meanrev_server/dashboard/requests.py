"""What the pages send: JSON objects with known keys, whose faults are worded like those of gRPC's options."""

from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from gpu_kernels.errors import InvalidInput
from gpu_kernels.time_units import PERIODS_PER_YEAR
from meanrev_server import rules
from meanrev_server.rpc.options import json_object

__all__ = ["JobChoice", "MatrixChoice", "PairRequest", "PortfolioRequest", "RuleRequest", "SweepRequest", "read"]

S = TypeVar("S", bound=msgspec.Struct)

Name = Annotated[str, Meta(min_length=1, max_length=1000)]
Id = Annotated[str, Meta(max_length=100)]
Range = Annotated[str, Meta(max_length=1000)]

DEFAULT_COST_PER_SIDE = 0.0005
"""Of the notional."""


class JobChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names a job.

    Attributes:
        job_id: Its id.
    """

    job_id: Id


class MatrixChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Names a kept matrix.

    Attributes:
        matrix_id: Its id.
    """

    matrix_id: Id


class SweepRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for a sweep of one column.

    Attributes:
        matrix_id: The kept matrix.
        column: Its column.
        entry: Entry levels as "from:to:step".
        exit: Exit levels.
        cost: Per side.
        lookback: Bars of the rolling z-score.
        mode: As in the options of every trading rule, like the next.
        periods_per_year: Bars in a year.
    """

    matrix_id: Id
    column: Name
    entry: Range = "0.5:3:0.25"
    exit: Range = "-0.5:1.5:0.25"
    cost: float = DEFAULT_COST_PER_SIDE
    lookback: int = 20
    mode: Literal["compounding", "unit"] = "compounding"
    periods_per_year: float = PERIODS_PER_YEAR


class RuleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for the equity of one cell of a sweep.

    Attributes:
        matrix_id: As in SweepRequest, like the others.
        column: The column.
        entry: The entry level.
        exit: The exit level.
        cost: Per side.
        lookback: Bars of the rolling z-score.
        mode: As in SweepRequest, like the next.
        periods_per_year: Bars in a year.
    """

    matrix_id: Id
    column: Name
    entry: float
    exit: float
    cost: float = DEFAULT_COST_PER_SIDE
    lookback: int = 20
    mode: Literal["compounding", "unit"] = "compounding"
    periods_per_year: float = PERIODS_PER_YEAR


class PairRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for the fit and the trades of a pair.

    Attributes:
        matrix_id: The kept matrix.
        y: The column to regress.
        x: The column to regress it on.
        log: Regress logarithms of the prices.
        cost: As in the options of FitPair.
        fit_share: Share of the bars that the pair is fitted to; later ones are traded, or all where it is 1.
        periods_per_year: Bars in a year.
    """

    matrix_id: Id
    y: Name
    x: Name
    log: bool = True
    cost: Annotated[float, Meta(ge=0)] = DEFAULT_COST_PER_SIDE
    fit_share: Annotated[float, Meta(ge=0.1, le=1)] = 0.7
    periods_per_year: float = PERIODS_PER_YEAR


class PortfolioRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks for the health of a stored portfolio.

    Attributes:
        portfolio_id: Its id.
    """

    portfolio_id: Name


def read(kind: type[S], body: bytes) -> S:
    """Return a request.

    Args:
        kind: What it must be.
        body: JSON in UTF-8.

    Raises:
        InvalidInput: it is no JSON object, a key is missing or unknown, or a value breaks its rule.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise InvalidInput("the request", "must be JSON in UTF-8") from None
    try:
        given = json_object(text)
    except InvalidInput as error:
        raise error.renamed({"metadata": "the request"}) from None
    if given is None:
        raise InvalidInput("the request", "must be a JSON object", value=text[:80])
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        path, rule, value = rules.broken(error, kind, given)
        raise InvalidInput(path or "the request", rule, value=value) from None
