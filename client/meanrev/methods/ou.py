"""EstimateOUParams: Ornstein-Uhlenbeck fits."""

import math
import operator
from collections.abc import AsyncIterable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from meanrev.errors import InvalidInput, ServerError
from meanrev.intake.containers import table
from meanrev.intake.table import Table
from meanrev.methods import fields, wire
from meanrev.methods.fit_ou import FIT_OU, read_fits
from meanrev.methods.infinite_prices import answered, left_out
from meanrev.methods.naming import SeriesNames, reported, series_names
from meanrev.methods.research import ResearchRequest
from meanrev.methods.times import row_stamps
from meanrev.question import About, Live, Question, Replies
from meanrev.results import OuFit
from meanrev_wire.meanrev_pb2 import OuEstimate, PriceUpdate

__all__ = ["ou", "ou_stream"]

_PATH = wire.path("EstimateOUParams")
_ASSETS_A_CALL = 1000
_MANY = 8
"""Series from which on one call is faster than a stream with an answer each: measured, 3 times at 10, 60 at 1,000."""
_FIELDS = tuple(name for name in OuFit.__dataclass_fields__ if name != "meta")
_NO_CLAIMS = {"meta", "asset_id", "n_samples", "reason", "status", "timestamp_ms"}
_CLAIMS = tuple(name for name in _FIELDS if name not in _NO_CLAIMS)

Tick = float | tuple[str, float] | tuple[str, float, int] | Mapping[str, Any]


def ou(
    prices: Any,
    *,
    asset_ids: Sequence[str] | None = None,
    timestamps_ms: Any = None,
    dt: float | None = None,
    time_unit_ms: float | None = None,
    window: int | None = None,
    forgetting: float | None = None,
    bias: str | None = None,
    adf_lags: int | None = None,
    publish: bool | None = None,
    timeout: float | None = None,
) -> Question[OuFit]:
    """Fit an Ornstein-Uhlenbeck process to each series.

    Args:
        prices: (T,) for one series, (T, N) for one a column, oldest first. NaN is skipped; negative is legal.
        asset_ids: Names of the series; the frame's columns, else their numbers, where None.
        timestamps_ms: (T,) milliseconds since the epoch; a frame's time index where None. Sent where time_unit_ms or
            publish is given.
        dt: Time between prices, in theta's unit; 1 where None.
        time_unit_ms: Use the timestamps: theta per this many milliseconds.
        window: Fit the last so many prices only.
        forgetting: Weight of a price relative to the next one's, in (0, 1].
        bias: "none", "tang_chen", "jackknife" or "median_unbiased"; "none" where None.
        adf_lags: Lagged differences of the Dickey-Fuller regression.
        publish: Let these prices mark portfolios.
        timeout: Seconds for everything; the client's own where None.

    Returns:
        Scalars for one series, arrays with one entry a column for many. A series that cannot be fitted has status
        "error" and a reason; a column with an infinite price is one.

    Raises:
        MeanRevError: as every call.
    """
    read, reasons = left_out(table("prices", prices))
    if not read.values.size:
        raise InvalidInput("prices", "must hold at least one price", value=read.values.shape)
    stamps = row_stamps(read, timestamps_ms)
    names = series_names(read, asset_ids)
    metadata = wire.options(
        dt=dt,
        time_unit_ms=time_unit_ms,
        window=window,
        forgetting=forgetting,
        bias=bias,
        adf_lags=adf_lags,
        convergence="single_look",
        publish=publish,
    )
    sent = None if time_unit_ms is None and publish is None else stamps
    streamed = partial(_ask, read, names, sent, metadata, timeout, reasons)
    of_a_stream = (time_unit_ms, window, forgetting, publish, None if bias == "none" else bias)
    if len(names) < _MANY or any(option is not None for option in of_a_stream):
        return streamed()
    return _at_once(read, names, {"dt": dt, "adf_lags": adf_lags}, timeout, reasons, streamed)


def _at_once(
    read: Table,
    names: SeriesNames,
    options: Mapping[str, Any],
    timeout: float | None,
    reasons: Mapping[int, str],
    streamed: Callable[[], Question[OuFit]],
) -> Question[OuFit]:
    """Declare one call for all series, with the answer of the streams where that has more figures.

    FitOu has no figure at all of a series that cannot be fitted, and an earlier server has no FitOu.
    """

    def fits(reply: Any, about: About) -> OuFit:
        fit = replace(read_fits(reply, about), timestamp_ms=np.zeros(len(names), dtype=np.int64))
        return answered(fit, reasons)

    def following(fit: OuFit | None) -> Question[OuFit] | None:
        if fit is None:
            return streamed()
        failed = [i for i, status in enumerate(fit.status) if status == "error" and i not in reasons]
        if not failed:
            return None
        again = streamed()
        messages = [message for call in again.calls for message in call]
        calls = _streams([messages[i] for i in failed])
        return replace(again, calls=calls, read=lambda replies, about: _merged(fit, failed, replies, about))

    request: ResearchRequest[OuFit] = ResearchRequest(FIT_OU, read, names, options, fits)
    return replace(request.question(progress=False, timeout=timeout), following=following)


def _merged(fit: OuFit, places: Sequence[int], replies: Replies, about: About) -> OuFit:
    """Return a fit with some of its series answered anew."""
    estimates = [_estimate(reply) for call in replies for reply in call]
    if len(estimates) != len(places):
        raise ServerError(f"{len(places)} series were sent, {len(estimates)} estimates came back")
    columns: dict[str, Any] = {"asset_id": fit.asset_id}
    for name in _FIELDS:
        if name in columns:
            continue
        entries = list(fit[name])
        for place, estimate in zip(places, estimates, strict=True):
            entries[place] = getattr(estimate, name)
        columns[name] = tuple(entries) if isinstance(entries[0], str) else np.array(entries)
    return OuFit(**columns, meta=about)


def _ask(
    read: Table, names: SeriesNames, stamps: Any, metadata: str, timeout: float | None, reasons: Mapping[int, str]
) -> Question[OuFit]:
    """Declare the streams: a block of prices a series, _ASSETS_A_CALL series a stream."""
    columns = np.ascontiguousarray(read.values.reshape(len(read.values), -1).T)
    messages = [
        wire.encode(PriceUpdate, asset_id=name, prices=column, timestamps_ms=stamps, metadata=metadata)
        for name, column in zip(names, columns, strict=True)
    ]

    def result(replies: Replies, about: About) -> OuFit:
        fits = [_estimate(reply) for call in replies for reply in call]
        if len(fits) != len(messages):
            raise ServerError(f"{len(messages)} series were sent, {len(fits)} estimates came back")
        if read.values.ndim == 1:
            return names.own(_fit(fits, about))
        return names.own(answered(_stacked(fits, names.labels, about), reasons))

    return Question(
        _PATH,
        _streams(messages),
        reported(read, result),
        streaming=True,
        timeout=timeout,
        labels=_Columns(names.named(read)),
        labelled="prices",
    )


def _streams(messages: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [messages[first : first + _ASSETS_A_CALL] for first in range(0, len(messages), _ASSETS_A_CALL)]


def ou_stream(
    ticks: Iterable[Tick] | AsyncIterable[Tick],
    *,
    dt: float | None = None,
    time_unit_ms: float | None = None,
    window: int | None = None,
    forgetting: float | None = None,
    bias: str | None = None,
    adf_lags: int | None = None,
    convergence: str | None = None,
    emit_every: int | None = None,
    publish: bool | None = None,
    timeout: float | None = None,
) -> Live[OuFit]:
    """Fit as prices arrive: an estimate for each tick, or for every emit_every-th of its series.

    Args:
        ticks: A price; (asset_id, price); (asset_id, price, timestamp_ms); or a mapping of PriceUpdate's fields.
        dt: As for ou, like the options that follow.
        time_unit_ms: As for ou.
        window: As for ou.
        forgetting: As for ou.
        bias: As for ou.
        adf_lags: As for ou.
        convergence: "every_tick" calls a fit converged where a unit root is rejected at a level that holds over all
            ticks together, "single_look" where the test of the tick by itself rejects it at 5 %; the first where None.
        emit_every: An estimate for every so many ticks of a series.
        publish: Let these prices mark portfolios.
        timeout: Seconds for the whole stream; no limit where None.

    Returns:
        An iterator of estimates, asynchronous from an AsyncClient.

    Raises:
        MeanRevError: as every call.
    """
    metadata = wire.options(
        dt=dt,
        time_unit_ms=time_unit_ms,
        window=window,
        forgetting=forgetting,
        bias=bias,
        adf_lags=adf_lags,
        convergence=convergence,
        emit_every=emit_every,
        publish=publish,
    )

    def encode(tick: Tick, first: bool) -> bytes:
        return wire.encode(PriceUpdate, **{"metadata": metadata if first else None, **_tick(tick)})

    return Live(_PATH, ticks, encode, lambda reply: _fit([_estimate(reply)], {}), timeout)


class _Columns:
    """Which price of which column a message's error is about."""

    def __init__(self, read: Table) -> None:
        self._read = read

    def explain(self, error: InvalidInput, message: int) -> None:
        if isinstance(error.index, int) and self._read.values.ndim > 1:
            error.index = (error.index, message)
        self._read.explain(error, message)


def _tick(tick: Tick) -> Mapping[str, Any]:
    return fields.priced("ticks", tick, ("asset_id", "price", "timestamp_ms"))


def _estimate(reply: bytes) -> OuEstimate:
    """Read a reply, with NaN for what too few prices have no figure of: the wire has 0 there."""
    estimate = wire.decode(OuEstimate, reply)
    if estimate.status == "updating" and not estimate.sigma:
        for name in _CLAIMS:
            setattr(estimate, name, math.nan)
    elif not estimate.b_median_unbiased:
        estimate.b_median_unbiased = estimate.b_lower = estimate.b_upper = math.nan
    return estimate


def _fit(estimates: list[OuEstimate], about: About) -> OuFit:
    estimate = estimates[0]
    values = zip(_FIELDS, operator.attrgetter(*_FIELDS)(estimate), strict=True)
    return OuFit(**dict(values), meta={**about, **wire.extras(estimate.metadata)})


def _stacked(estimates: list[OuEstimate], labels: Sequence[Hashable], about: About) -> OuFit:
    columns: dict[str, Any] = {}
    for name in _FIELDS:
        entries = [getattr(estimate, name) for estimate in estimates]
        columns[name] = tuple(entries) if entries and isinstance(entries[0], str) else np.array(entries)
    notes = {
        label: wire.extras(estimate.metadata)
        for label, estimate in zip(labels, estimates, strict=True)
        if estimate.metadata
    }
    return OuFit(**columns, meta={**about, "of_series": notes} if notes else about)
