"""The pair page: prices, the fitted spread with its thresholds, the fit with its intervals, and the trades' account."""

import json
import math
from typing import Any, NamedTuple

import numpy as np

from gpu_kernels.checks import Floats
from meanrev_server.dashboard.gate import Gate, Visit
from meanrev_server.dashboard.requests import PairRequest
from meanrev_server.dashboard.thinning import drawn_bars, numbers
from meanrev_server.dashboard.views.sweeps import drawn_account
from meanrev_server.records import Caller
from meanrev_server.uploaded_matrix import UploadedMatrix
from meanrev_wire import codec
from meanrev_wire import research_pb2 as wire

__all__ = ["pair"]

_FIT, _PROCESS, _BACKTEST = "FitPair", "FitOu", "Backtest"


class _Pair(NamedTuple):
    """The bars in which both prices are known.

    Attributes:
        prices: (T, 2), y first.
        timestamps_ms: (T,), or None.
        n_left_out: Bars in which a price is missing.
        n_fitted: First bars that the pair is fitted to.
    """

    prices: Floats
    timestamps_ms: Any
    n_left_out: int
    n_fitted: int

    @property
    def first_traded(self) -> int:
        """The first bar behind those of the fit; 0 where all bars are fitted, and traded too."""
        return self.n_fitted if self.n_fitted < len(self.prices) else 0


async def pair(gate: Gate, caller: Caller, asked: PairRequest) -> dict[str, Any]:
    """Return a pair as a page draws it.

    Raises:
        Refused: a method refused the request, or the columns are too long for a page.
    """
    with gate.visit(caller, _FIT) as visit:
        async with visit.columns(asked.matrix_id, (asked.y, asked.x)) as table:
            found = await visit.call.compute(_whole_bars, table, asked.fit_share)
        fit = await _fitted(visit, found, asked)
        spread = await visit.call.compute(_spread, found, fit, asked)
        process = await _process(visit, spread[: found.n_fitted])
        shown = {"pair": _figures(fit), "process": process, "in_sample": not found.first_traded}
        shown |= {"n_left_out": found.n_left_out, "n_fitted": found.n_fitted}
        deviation = fit.sigma / math.sqrt(2 * fit.theta) if fit.theta > 0 else math.nan
        series = {"y": found.prices[:, 0], "x": found.prices[:, 1], "z": (spread - fit.mu) / deviation}
        if fit.status != "traded":
            return {**shown, **await visit.call.compute(_untraded, found, series)}
        reply = await _traded(visit, found, spread, fit, deviation, asked)
        traded = (reply.result, found.timestamps_ms, series, found.first_traded)
        return {**shown, "account": await visit.call.compute(drawn_account, *traded)}


def _whole_bars(table: UploadedMatrix, fit_share: float) -> _Pair:
    known = np.asarray(np.isfinite(table.values).all(axis=1))
    prices = np.ascontiguousarray(table.values[known])
    stamps = None if table.timestamps_ms is None else table.timestamps_ms[known]
    return _Pair(prices, stamps, int(len(known) - len(prices)), math.ceil(fit_share * len(prices)))


async def _fitted(visit: Visit, found: _Pair, asked: PairRequest) -> wire.FitPairReply:
    options = json.dumps({"log": asked.log, "cost": asked.cost, "strict": True})
    prices = found.prices[: found.n_fitted]
    data = await visit.call.compute(codec.encode, wire.FitPairRequest, prices=prices, metadata=options)
    return codec.decode(wire.FitPairReply, await visit.answer(_FIT, data))


def _spread(found: _Pair, fit: wire.FitPairReply, asked: PairRequest) -> Floats:
    """Return the spread of all bars, by the hedge ratio and the intercept of those that were fitted, (T,)."""
    with np.errstate(invalid="ignore", divide="ignore"):  # a price behind the fit may have no logarithm
        levels = np.log(found.prices) if asked.log else found.prices
    return np.asarray(levels[:, 0] - fit.intercept - fit.hedge_ratio * levels[:, 1])


async def _process(visit: Visit, spread: Floats) -> dict[str, Any]:
    """Return the fitted process of the spread, with its intervals."""
    chunk = _chunk(spread, {"bias": "median_unbiased", "strict": True})
    reply = await visit.research(_PROCESS, chunk, wire.FitOuReply)
    names = ("half_life", "half_life_lower", "half_life_upper", "theta", "theta_std_error", "mu", "mu_std_error")
    values = {name: list(getattr(reply.result, name))[:1] for name in (*names, "sigma", "sigma_std_error")}
    shown: dict[str, Any] = {name: numbers(np.array(value or [math.nan]))[0] for name, value in values.items()}
    return {**shown, "status": reply.result.status[0], "reason": reply.result.reason[0]}


async def _traded(
    visit: Visit, found: _Pair, spread: Floats, fit: wire.FitPairReply, deviation: float, asked: PairRequest
) -> wire.BacktestReply:
    traded = spread.copy()
    traded[: found.first_traded] = np.nan
    # A fraction of each leg's notional, which is 1 and the hedge ratio's size where logarithms are traded.
    cost = asked.cost * (1 + abs(fit.hedge_ratio)) if asked.log else asked.cost
    options = {
        "score": "fixed",
        "mu": fit.mu,
        "sigma_eq": deviation,
        "mode": "unit",
        "cost": cost,
        "entry": fit.entry_zscore,
        "exit": fit.exit_zscore,
        "periods_per_year": asked.periods_per_year,
        "path": True,
        "strict": True,
    }
    return await visit.research(_BACKTEST, _chunk(traded, options), wire.BacktestReply)


def _untraded(found: _Pair, series: dict[str, Floats]) -> dict[str, Any]:
    """Return the prices and the spread of a pair that was not traded."""
    bars = drawn_bars(list(series.values()))
    stamps = found.timestamps_ms
    account = {
        "n_bars": len(found.prices),
        "bars": bars.tolist(),
        "times_ms": None if stamps is None else stamps[bars].tolist(),
        "series": {name: numbers(values[bars]) for name, values in series.items()},
        "figures": None,
    }
    return {"account": account}


def _figures(fit: wire.FitPairReply) -> dict[str, Any]:
    names = ("hedge_ratio", "hedge_ratio_lower", "hedge_ratio_upper", "intercept", "adf_statistic", "p_value")
    shown = {name: getattr(fit, name) for name in (*names, "entry_zscore", "exit_zscore", "half_life")}
    finite: dict[str, Any] = dict(zip(shown, numbers(np.array(list(shown.values()))), strict=True))
    return {**finite, "status": fit.status, "reason": fit.reason, "note": fit.note}


def _chunk(series: Floats, options: dict[str, Any]) -> bytes:
    fields = {"block": series[:, None], "columns": ["spread"], "total_rows": len(series)}
    return codec.encode(wire.MatrixChunk, **fields, metadata=json.dumps(options))
