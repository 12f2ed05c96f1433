"""FitResiduals: residuals of a universe on its factors, with scores, portfolios and loadings."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Unpack

import numpy as np

from meanrev.errors import InvalidInput
from meanrev.intake.table import Table
from meanrev.methods import residual_options
from meanrev.methods.chunks import matrix
from meanrev.methods.naming import series_names
from meanrev.methods.research import Research, ResearchRequest
from meanrev.methods.residual_options import FitOptions
from meanrev.progress import Progress
from meanrev.question import About, Question
from meanrev.results import ResidualPanel
from meanrev_wire import codec
from meanrev_wire.research_pb2 import ResidualPanelReply

__all__ = ["RESIDUALS", "read_panel", "residuals"]

_HOUR_S = 3600.0
_OVER_TIME = ("score", "theta", "reversion_p", "alpha", "r_squared", "hedged")
_OF_DAYS = ("windows", "portfolios", "loadings")


def read_panel(reply: Any, about: About, *, sent: Table | None = None) -> ResidualPanel:
    """Read a ResidualPanelReply.

    Args:
        reply: With a result; several, joined, where it is large.
        about: What is known about the call.
        sent: The prices, where they are at hand: what runs over time comes back in their container.
    """
    result = reply.result
    whole: dict[str, Any] = {name: codec.matrix(getattr(result, name), name) for name in _OVER_TIME}
    if sent is not None:
        whole = {name: sent.over_time(values) for name, values in whole.items()}
    days, n_names = np.asarray(result.days, dtype=np.int64), len(result.columns)
    windows, portfolios, loadings = (_of_days(result, name, days.size, n_names) for name in _OF_DAYS)
    return ResidualPanel(
        columns=tuple(result.columns),
        **whole,
        n_factors=np.asarray(result.n_factors, dtype=np.int64),
        days=days,
        windows=windows,
        Q=portfolios,
        B=loadings,
        meta=about,
    )


def _of_days(result: Any, name: str, n_days: int, n_names: int) -> Any:
    """Return a matrix with a row a day and name as an array of three dimensions; (0, N, 0) for no day."""
    if not n_days:
        return np.zeros((0, n_names, 0))
    return codec.matrix(getattr(result, name), name).reshape(n_days, n_names, -1)


RESIDUALS = Research(method="FitResiduals", reply=ResidualPanelReply, read=read_panel)


@RESIDUALS.declares
def residuals(
    prices: Any,
    *,
    factors: int | str | None = None,
    window: int | None = None,
    regression: int | None = None,
    max_reversion: float | None = None,
    max_p: float | None = None,
    days: str | Sequence[int] | None = None,
    asset_ids: Sequence[str] | None = None,
    progress: Progress = False,
    dry_run: bool = False,
    timeout: float = _HOUR_S,
    **given: Unpack[FitOptions],
) -> Question[ResidualPanel]:
    """Return the residuals of a universe on its factors, with scores, portfolios and loadings, row by row.

    Args:
        prices: As for statarb.
        factors: One number of factors, or one share of the variance such as "55%"; 15 where None.
        window: Returns behind the factors; 252 where None.
        regression: Returns behind the residuals; 60 where None.
        max_reversion: As for statarb.
        max_p: As for statarb.
        days: Ascending rows whose residuals, portfolios and loadings come back; "last" for the last row, "all" for all
            behind the window, which takes much memory; none where None.
        asset_ids: As for statarb.
        progress: As for statarb.
        dry_run: As for statarb.
        timeout: Seconds for everything.
        **given: members, min_r2, centre, drift, min_dof and refit, as for statarb.

    Returns:
        ResidualPanel, whose equations are in docs/operations/residuals.md.

    Raises:
        MeanRevError: as every call.
    """
    residual_options.refuse_unknown("residuals", given, FitOptions)
    read = matrix(prices).matrix("prices")
    names = series_names(read, asset_ids)
    options = {
        "factors": residual_options.one_factors(factors),
        "window": window,
        "regression": regression,
        "max_reversion": max_reversion,
        "max_p": max_p,
        "days": _days(days, len(read.values), 252 if window is None else window),
        **residual_options.fit_options(given, read, names),
    }
    request = ResearchRequest(RESIDUALS, read, names, options, partial(read_panel, sent=read))
    return request.question(progress, timeout, dry_run=dry_run)


def _days(given: str | Sequence[int] | None, n_rows: int, window: int) -> list[int] | None:
    if isinstance(given, str):
        if given not in {"last", "all"}:
            raise InvalidInput("days", 'must be row numbers, "last" or "all"', value=given)
        return list(range(window if given == "all" else n_rows - 1, n_rows))
    return residual_options.bars("days", given)
